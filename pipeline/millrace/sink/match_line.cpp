#include <millrace/sink/match_line.hpp>

#include <millrace/event/event.hpp>
#include <millrace/sink/json_text.hpp>

#include <algorithm>
#include <utility>

namespace millrace::sink {

match_line::match_line(std::shared_ptr<const rules::revision> rules)
    : rules_(std::move(rules)), titles_(rules_->names.size()) {
  for (const rules::rule_in_force& each : rules_->rules) {
    for (const auto* columns : {&each.rule->select, &each.rule->timeout_select})
      for (const auto& column : *columns) room_.reserve(column.value.text_slots(), column.value.text_bytes());
    titles_[each.number] = titles_of(*each.rule->automaton);
  }
  text_.reserve(1'024);
}

void match_line::continue_from(match_line& before) noexcept {
  text_.swap(before.text_);
  faults_ += before.faults_;
}

match_line::titles match_line::titles_of(const cep::automaton& automaton) {
  titles made;
  for (const std::string& stage : automaton.stages) {
    const std::string title = stage.substr(0, stage.find(':'));
    const auto known = std::ranges::find(made.names, title);
    made.of_stage.push_back(static_cast<std::size_t>(known - made.names.begin()));
    if (known == made.names.end()) made.names.push_back(title);
  }
  return made;
}

std::string_view match_line::write(const rules::released_match& match) {
  text_.clear();
  json_text out(text_);
  const time_unit unit = match.rule->unit;
  out.raw("{\"pattern\":").quoted(match.rule->name);
  write_key(match);
  write_stages(match);
  out.raw(",\"first_ts\":").time(match.taken.front().event->time_ns, unit);
  out.raw(",\"last_ts\":").time(match.taken.back().event->time_ns, unit);
  out.raw(",\"at\":").time(match.at_ns, unit);
  if (match.timeout) out.raw(",\"timeout\":true");
  write_select(match);
  out.raw("}\n");
  return text_;
}

std::string_view match_line::write(const rules::dead_event& dead) {
  text_.clear();
  json_text out(text_);
  const event_layout& layout = *rules_->declarations->layouts[dead.event->type];
  out.raw("{\"record\":").integer(static_cast<expr::wide>(dead.event->id.low));
  out.raw(",\"pattern\":").quoted(dead.rule->name);
  out.raw(",\"reason\":").quoted("the bound on " + std::string(cep::name_of(dead.met)) + " is met");
  out.raw(",\"event\":{");
  bool comma = false;
  for (const field& f : layout.fields()) {
    if (std::exchange(comma, true)) out.raw(",");
    out.quoted(f.name).raw(":").field(f, data_of(*dead.event), dead.rule->unit);
  }
  out.raw("}}\n");
  return text_;
}

void match_line::write_key(const rules::released_match& match) {
  json_text out(text_);
  out.raw(",\"key\":{");
  const event_header& first = *match.taken.front().event;
  bool comma = false;
  for (const field* f : match.by->fields_of[first.type]) {
    if (std::exchange(comma, true)) out.raw(",");
    out.quoted(f->name).raw(":").field(*f, data_of(first), match.rule->unit);
  }
  out.raw("}");
}

void match_line::write_stages(const rules::released_match& match) {
  json_text out(text_);
  out.raw(",\"stages\":{");
  bool comma = false;
  const titles& shown = titles_[match.rule_index];
  for (std::size_t title = 0; title < shown.names.size(); ++title) {
    bool any = false;
    for (const expr::taken_event& taken : match.taken) {
      if (shown.of_stage[taken.stage] != title) continue;
      if (!any) {
        if (std::exchange(comma, true)) out.raw(",");
        out.quoted(shown.names[title]).raw(":[");
      } else {
        out.raw(",");
      }
      any = true;
      out.integer(static_cast<expr::wide>(taken.event->id.low));
    }
    if (any) out.raw("]");
  }
  out.raw("}");
}

void match_line::write_select(const rules::released_match& match) {
  const bool selects = match.timeout ? match.rule->has_timeout_select : match.rule->has_select;
  if (!selects) return;
  json_text out(text_);
  out.raw(",\"select\":{");
  bool comma = false;
  for (const rules::column& column : match.timeout ? match.rule->timeout_select : match.rule->select) {
    if (std::exchange(comma, true)) out.raw(",");
    bool faulted = false;
    const expr::value value = column.value.evaluate(nullptr, match.taken, room_, faulted);
    faults_ += faulted ? 1 : 0;
    out.quoted(column.name).raw(":").value(value, column.value.kind(), match.rule->unit);
  }
  out.raw("}");
}

}  // namespace millrace::sink
