#include <millrace/event/layout.hpp>

#include <millrace/base/check.hpp>
#include <millrace/base/error.hpp>
#include <millrace/base/fixed_string.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace millrace {
namespace {

constexpr std::array<std::string_view, 14> type_names{"bool", "i8",  "i16", "i32", "i64",    "u8",        "u16",
                                                      "u32",  "u64", "f32", "f64", "string", "timestamp", "duration"};
constexpr std::array<std::uint32_t, 14> type_bytes{1, 1, 2, 4, 8, 1, 2, 4, 8, 4, 8, 0, 8, 8};

std::uint32_t bytes_of(const field& f) {
  if (f.type != field_type::string) return type_bytes[static_cast<std::size_t>(f.type)];
  if (f.capacity < 1 || f.capacity > string_capacity_max)
    throw error("field '" + f.name + "': found string(" + std::to_string(f.capacity) +
                "), expected a capacity of 1 to " + std::to_string(string_capacity_max) + " bytes");
  return static_cast<std::uint32_t>(fixed_string_bytes(f.capacity));
}

}  // namespace

std::string_view name_of(field_type type) noexcept { return type_names[static_cast<std::size_t>(type)]; }

event_layout::event_layout(std::string name, event_type type, std::uint16_t schema_version)
    : name_(std::move(name)), type_(type), schema_version_(schema_version) {}

void event_layout::add(field f) {
  if (find(f.name)) throw error("event '" + name_ + "': field '" + f.name + "' is declared twice");
  if (f.type == field_type::timestamp && time_field_)
    throw error("event '" + name_ + "': found a second timestamp field '" + f.name + "', expected exactly one");
  f.bytes = bytes_of(f);
  const std::size_t alignment = std::min<std::size_t>(f.bytes, 8);
  f.offset = static_cast<std::uint32_t>((end_ + alignment - 1) / alignment * alignment);
  if (f.type == field_type::timestamp) time_field_ = fields_.size();
  end_ = f.offset + f.bytes;
  if (f.nullable) f.presence = static_cast<std::uint32_t>(end_++);
  blank_.resize((end_ + 7) / 8 * 8);
  fields_.push_back(std::move(f));
}

void event_layout::set_default(std::size_t field_index, std::span<const std::byte> value) {
  field& f = fields_.at(field_index);
  MILLRACE_CHECK(value.size() == f.bytes, "a default has its field's size");
  std::memcpy(blank_.data() + f.offset, value.data(), value.size());
  f.has_default = true;
}

std::optional<std::size_t> event_layout::find(std::string_view field_name) const noexcept {
  const auto at = std::ranges::find(fields_, field_name, &field::name);
  if (at == fields_.end()) return std::nullopt;
  return static_cast<std::size_t>(at - fields_.begin());
}

}  // namespace millrace
