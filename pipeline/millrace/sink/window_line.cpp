#include <millrace/sink/window_line.hpp>

#include <millrace/event/event.hpp>
#include <millrace/sink/json_text.hpp>

#include <algorithm>
#include <utility>

namespace millrace::sink {
namespace {

const std::vector<const field*>& key_fields(const rules::released_window& result) {
  return result.by->fields_of[result.rule->on];
}

void write_reason(json_text out, const rules::missed_window& missed) {
  switch (missed.reason) {
    case window::left_out::late:
      out.raw("late for ").integer(static_cast<expr::wide>(missed.windows));
      out.raw(missed.windows == 1 ? " window" : " windows");
      return;
    case window::left_out::no_room: out.raw("the bound on open windows is met"); return;
    case window::left_out::out_of_range: out.raw("too near to the ends of time for a window"); return;
  }
}

}  // namespace

window_line::window_line(std::shared_ptr<const rules::program> rules) : rules_(std::move(rules)) {
  std::size_t most = 0;
  for (const rules::window_rule& each : rules_->windows) {
    for (const rules::window_column& column : each.select)
      room_.reserve(column.value.text_slots(), column.value.text_bytes());
    most = std::max(most, each.aggregates.size() + rules_->groups[each.group].fields.size());
  }
  values_.resize(most, expr::value::none());
  text_.reserve(1'024);
}

std::string_view window_line::write(const rules::released_window& result) {
  text_.clear();
  json_text out(text_);
  const time_unit unit = result.rule->unit;
  out.raw("{\"window\":").quoted(result.rule->name);
  write_key(result);
  out.raw(",\"window_start\":").time(result.start_ns, unit);
  out.raw(",\"window_end\":").time(result.end_ns, unit);
  write_select(result);
  out.raw("}\n");
  return text_;
}

void window_line::write_key(const rules::released_window& result) {
  json_text out(text_);
  out.raw(",\"key\":{");
  const auto& fields = key_fields(result);
  const auto values = std::span(values_).subspan(result.rule->aggregates.size());
  rules::unpack_key(fields, result.key, values);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i != 0) out.raw(",");
    out.quoted(fields[i]->name).raw(":").value(values[i], expr::kind_of(fields[i]->type), result.rule->unit);
  }
  out.raw("}");
}

void window_line::write_select(const rules::released_window& result) {
  json_text out(text_);
  if (result.state == nullptr) {
    out.raw(",\"select\":null");
    return;
  }
  result.aggregates->values(result.state, std::span(values_).first(result.rule->aggregates.size()));
  room_.give(values_);
  out.raw(",\"select\":{");
  bool comma = false;
  for (const rules::window_column& column : result.rule->select) {
    if (std::exchange(comma, true)) out.raw(",");
    out.quoted(column.name).raw(":");
    if (column.list_of) {
      write_list(result, *column.list_of);
      continue;
    }
    bool faulted = false;
    const expr::value value = column.value.evaluate(nullptr, {}, room_, faulted);
    faults_ += faulted ? 1 : 0;
    out.value(value, column.value.kind(), result.rule->unit);
  }
  out.raw("}");
}

void window_line::write_list(const rules::released_window& result, std::size_t aggregate) {
  json_text out(text_);
  const expr::value_kind kind = result.rule->aggregates[aggregate].result();
  out.raw("[");
  bool comma = false;
  result.aggregates->each_of_list(result.state, aggregate, [&](const expr::value& v) {
    if (std::exchange(comma, true)) out.raw(",");
    out.value(v, kind, result.rule->unit);
  });
  out.raw("]");
}

std::string_view window_line::write(const rules::missed_window& missed) {
  text_.clear();
  json_text out(text_);
  const event_layout& layout = *rules_->layouts[missed.event->type];
  out.raw("{\"record\":").integer(static_cast<expr::wide>(missed.event->id.low));
  out.raw(",\"window\":").quoted(missed.rule->name);
  out.raw(",\"reason\":\"");
  write_reason(out, missed);
  out.raw("\",\"event\":{");
  bool comma = false;
  for (const field& f : layout.fields()) {
    if (std::exchange(comma, true)) out.raw(",");
    out.quoted(f.name).raw(":").field(f, data_of(*missed.event), missed.rule->unit);
  }
  out.raw("}}\n");
  return text_;
}

}  // namespace millrace::sink
