#include <millrace/feed/ndjson_decoder.hpp>

#include <millrace/feed/field_text.hpp>
#include <millrace/feed/swar.hpp>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace millrace::feed {

ndjson_decoder::ndjson_decoder(line_reader lines, layout_set layouts)
    : decoder(std::move(lines), std::move(layouts)), record_(layouts_.table(), layouts_.names().size()) {
  const event_layout& first = layouts_.layout(0);
  watermark_field_ = first.fields()[*first.time_field()];
  watermark_field_.name = "watermark";
  watermark_plan_ = {layouts_.watermark_slot(), 0, 0, field_type::timestamp, watermark_field_.unit, false,
                     &watermark_field_};
  for (std::uint32_t slot = 0; slot < layouts_.names().size(); ++slot) all_slots_.push_back(slot);
  for (std::size_t i = 0; i < layouts_.size(); ++i) {
    auto& foreign = foreign_slots_.emplace_back();
    for (const std::uint32_t slot : all_slots_)
      if (std::ranges::find(layouts_.plan(i), slot, &field_plan::slot) == layouts_.plan(i).end())
        foreign.push_back(slot);
  }
}

outcome ndjson_decoder::next(event_header& into) {
  switch (lines_.next()) {
    case line_reader::status::end: return outcome::end;
    case line_reader::status::too_long: count_record(); return dead_line_too_long();
    case line_reader::status::line: break;
  }
  count_record();
  return decode(into);
}

outcome ndjson_decoder::decode(event_header& into) {
  if (const char* wrong = record_.read(lines_)) return dead_json(wrong);
  if (record_.member_count() == 1 && record_.value(layouts_.watermark_slot()) != nullptr) return decode_watermark(into);
  std::size_t layout = 0;
  if (!layouts_.is_single()) {
    bool malformed = false;
    const auto chosen = choose_layout(malformed);
    if (malformed || (!chosen && !are_scalars(all_slots_))) return dead_json("a value is none");
    if (!chosen) return outcome::skipped;
    layout = *chosen;
  }
  return decode_fields(into, layout);
}

inline fit ndjson_decoder::store_value(const field_plan& f, const char* value, std::byte* at) {
  if (*value == '"') {
    const std::string_view text = record_.string_text(value, record_.scratch());
    if (text.data() == nullptr) return fit::malformed;
    if (f.type == field_type::string) [[likely]]
      return store_string(f.capacity, text, at);
    return store_text(f.type, f.capacity, text, at);
  }
  if (*value == 'n' && json_record::is_literal(value, "null")) return fit::missing;
  if (f.type == field_type::boolean) {
    const bool truth = json_record::is_literal(value, "true");
    if (!truth && !json_record::is_literal(value, "false")) return fit::wrong_type;
    *at = std::byte{truth};
    return fit::good;
  }
  decimal number;
  if (f.type == field_type::string || !scan_number(value, number_grammar::json, number)) return fit::wrong_type;
  if (!json_record::ends_scalar(*number.end)) return fit::wrong_type;
  return store_number(f.type, f.unit, number, at);
}

outcome ndjson_decoder::decode_watermark(event_header& into) {
  const char* const value = record_.value(layouts_.watermark_slot());
  std::int64_t ns = 0;
  const fit how = store_value(watermark_plan_, value, reinterpret_cast<std::byte*>(&ns));
  if (how != fit::good) return dead_field(watermark_field_, how, value);
  uncount_record();
  into.time_ns = ns;
  return outcome::watermark;
}

outcome ndjson_decoder::decode_fields(event_header& into, std::size_t layout) {
  const std::span<const std::byte> blank = layouts_.layout(layout).blank();
  std::byte* const data = data_of(into);
  std::memcpy(data, blank.data(), blank.size());
  for (const field_plan& f : layouts_.plan(layout)) {
    const char* const value = record_.value(f.slot);
    const fit how = value == nullptr ? fit::missing : store_value(f, value, data + f.offset);
    if (how == fit::good || (how == fit::missing && f.has_default)) [[likely]]
      continue;
    return dead_field(*f.declared, how, value);
  }
  if (!are_scalars(foreign_slots_[layout])) return dead_json("a value is none");
  write_header(into, layout);
  return outcome::event;
}

std::optional<std::size_t> ndjson_decoder::choose_layout(bool& malformed) {
  char* scratch = record_.scratch();
  const auto slots = layouts_.probes();
  for (std::size_t i = 0; i < slots.size(); ++i)
    if (!read_probe(record_.value(slots[i]), scratch, probes_[i])) malformed = true;
  if (malformed) return std::nullopt;
  const auto chosen = layouts_.choice().select(probes_);
  return chosen && *chosen < layouts_.size() ? chosen : std::nullopt;
}

/// False: no JSON value.
bool ndjson_decoder::read_probe(const char* value, char*& scratch, raw_value& into) const {
  into = raw_value{};
  if (value == nullptr) return true;
  switch (*value) {
    case '"':
      into.what = raw_value::kind::string;
      into.text = record_.string_text(value, scratch);
      if (into.text.data() == scratch) scratch += into.text.size();
      return into.text.data() != nullptr;
    case 't':
    case 'f':
      into.what = raw_value::kind::boolean;
      into.boolean_value = *value == 't';
      return record_.is_scalar(value);
    case 'n': into.what = raw_value::kind::null; return record_.is_scalar(value);
    case '{':
    case '[': into.what = raw_value::kind::other; return true;
    default: break;
  }
  decimal number;
  if (!scan_number(value, number_grammar::json, number) || !json_record::ends_scalar(*number.end)) return false;
  read_number(number, into);
  return true;
}

bool ndjson_decoder::are_scalars(const std::vector<std::uint32_t>& slots) const noexcept {
  return std::ranges::all_of(slots, [this](std::uint32_t slot) {
    const char* const value = record_.value(slot);
    return value == nullptr || record_.is_scalar(value);
  });
}

outcome ndjson_decoder::dead_json(const char* what) {
  reason_.assign("not JSON: ").append(what);
  return outcome::dead;
}

outcome ndjson_decoder::dead_field(const field& f, fit how, const char* value) {
  if (how == fit::malformed) return dead_json("a string has a wrong escape");
  const std::size_t text_bytes = how == fit::too_long ? record_.string_text(value, record_.scratch()).size() : 0;
  describe(reason_, f, how, value == nullptr ? "nothing" : token_text(value), text_bytes);
  return outcome::dead;
}

/// The value that starts at `value`, as it shall be shown.
std::string_view ndjson_decoder::token_text(const char* value) const noexcept {
  if (*value == '{') return "an object";
  if (*value == '[') return "an array";
  const char* const line_end = lines_.line().data() + lines_.line().size();
  const char* end = value;
  if (*value == '"') {
    for (++end; (end = find_quote_or_backslash(end)), *end == '\\'; end += 2) {
    }
    ++end;
  } else {
    while (end < line_end && !json_record::ends_scalar(*end)) ++end;
  }
  return {value, static_cast<std::size_t>(std::max(std::min(end, line_end), value) - value)};
}

}  // namespace millrace::feed
