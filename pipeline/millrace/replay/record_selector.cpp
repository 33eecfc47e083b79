#include <millrace/replay/record_selector.hpp>

#include <millrace/base/fixed_string.hpp>
#include <millrace/event/event.hpp>

#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

namespace millrace::replay {
namespace {

using kind = feed::raw_value::kind;

template <class T>
bool put(std::byte* at, T value) noexcept {
  std::memcpy(at, &value, sizeof value);
  return true;
}

template <class T>
bool put_integer(std::byte* at, const feed::raw_value& raw) noexcept {
  if (raw.what == kind::unsigned_integer) {
    if constexpr (std::is_same_v<T, std::uint64_t>) return put(at, raw.unsigned_value);
    return false;
  }
  if (raw.what != kind::integer || !std::in_range<T>(raw.integer_value)) return false;
  return put(at, static_cast<T>(raw.integer_value));
}

/// Unlike `write_fixed_string` it leaves the rest of the room as it is: a probe has much of it, and is never
/// compared word by word.
bool put_text(const field& f, std::byte* at, std::string_view text) noexcept {
  if (text.size() > f.capacity) return false;
  const auto size = static_cast<std::uint16_t>(text.size());
  std::memcpy(at + sizeof size, text.data(), text.size());
  return put(at, size);
}

bool put_floating(const field& f, std::byte* at, const feed::raw_value& raw) noexcept {
  double number;
  switch (raw.what) {
    case kind::integer: number = static_cast<double>(raw.integer_value); break;
    case kind::unsigned_integer: number = static_cast<double>(raw.unsigned_value); break;
    case kind::floating: number = raw.floating_value; break;
    default: return false;
  }
  return f.type == field_type::f32 ? put(at, static_cast<float>(number)) : put(at, number);
}

/// Writes a raw value where it fits the field; else the record has no such member, as far as conditions go.
bool put_probe(const field& f, std::byte* at, const feed::raw_value& raw) noexcept {
  switch (f.type) {
    case field_type::boolean: return raw.what == kind::boolean && put(at, static_cast<std::uint8_t>(raw.boolean_value));
    case field_type::i8: return put_integer<std::int8_t>(at, raw);
    case field_type::i16: return put_integer<std::int16_t>(at, raw);
    case field_type::i32: return put_integer<std::int32_t>(at, raw);
    case field_type::u8: return put_integer<std::uint8_t>(at, raw);
    case field_type::u16: return put_integer<std::uint16_t>(at, raw);
    case field_type::u32: return put_integer<std::uint32_t>(at, raw);
    case field_type::u64: return put_integer<std::uint64_t>(at, raw);
    case field_type::f32:
    case field_type::f64: return put_floating(f, at, raw);
    case field_type::string:
      // In CSV every cell is text.
      return (raw.what == kind::string || !raw.text.empty()) && put_text(f, at, raw.text);
    default: return put_integer<std::int64_t>(at, raw);
  }
}

}  // namespace

record_selector::record_selector(std::shared_ptr<const rules::program> rules)
    : rules_(std::move(rules)),
      record_(1 + (rules_->selection.probe_layout->bytes() + sizeof(event_header) - 1) / sizeof(event_header)) {
  for (const auto& choice : rules_->selection.choices)
    room_.reserve(choice.when.text_slots(), choice.when.text_bytes());
}

std::vector<std::string> record_selector::probes(const rules::program& rules) {
  std::vector<std::string> names;
  for (const field& f : rules.selection.probe_layout->fields()) names.push_back(f.name);
  return names;
}

std::optional<std::size_t> record_selector::select(std::span<const feed::raw_value> probes) const {
  event_header& record = record_.front();
  std::byte* const data = data_of(record);
  const auto fields = rules_->selection.probe_layout->fields();
  for (std::size_t i = 0; i < fields.size(); ++i)
    data[fields[i].presence] = static_cast<std::byte>(put_probe(fields[i], data + fields[i].offset, probes[i]));
  for (const auto& choice : rules_->selection.choices)
    if (choice.when.empty() || choice.when.test(&record, {}, room_) == expr::outcome::yes) return choice.type;
  return std::nullopt;
}

}  // namespace millrace::replay
