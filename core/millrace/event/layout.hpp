#pragma once

#include <millrace/event/event_header.hpp>
#include <millrace/time/timestamp.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// The types that a field of an event may have.
enum class field_type : std::uint8_t {
  boolean,
  i8,
  i16,
  i32,
  i64,
  u8,
  u16,
  u32,
  u64,
  f32,
  f64,
  string,
  timestamp,
  duration
};

/// The name of a field type as the rules language writes it, without a string's capacity: "bool", "u32", ….
std::string_view name_of(field_type type) noexcept;
[[nodiscard]] constexpr bool is_integer(field_type type) noexcept {
  return type >= field_type::i8 && type <= field_type::u64;
}
[[nodiscard]] constexpr bool is_floating(field_type type) noexcept {
  return type == field_type::f32 || type == field_type::f64;
}

/// One field of an event's data: where it lies and what it holds.
struct field {
  std::string name;
  field_type type = field_type::boolean;
  std::uint32_t capacity = 0;      ///< of a string: bytes of text that fit
  std::uint32_t offset = 0;        ///< from the start of the data
  std::uint32_t bytes = 0;         ///< size in the data
  time_unit unit = time_unit::ns;  ///< of a timestamp: what an integer in the input counts
  bool unit_given = false;         ///< the declaration named the unit
  bool nullable = false;           ///< may be without a value: a byte behind the field tells
  std::uint32_t presence = 0;      ///< of a nullable field: offset of that byte, 1 where there is a value
  bool has_default = false;        ///< the value in the layout's `blank` stands in where the input has none
};

/// The fixed layout of one event type: fields in order of declaration, each naturally aligned (strings to
/// 8 bytes, see `fixed_string_bytes`), zero padding, trivially copyable as a whole.
///
/// Threads: immutable once built; any thread may read.
class event_layout {
 public:
  explicit event_layout(std::string name, event_type type = 0, std::uint16_t schema_version = 1);

  /// Appends a field. Throws `error` for a name used twice, a capacity outside 1 … 65,000, or a second time
  /// field. The field's offset and size are computed here; what the caller set there is ignored.
  void add(field f);

  /// Sets a field's default from bytes of exactly the field's size.
  void set_default(std::size_t field_index, std::span<const std::byte> value);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] event_type type() const noexcept { return type_; }
  [[nodiscard]] std::uint16_t schema_version() const noexcept { return schema_version_; }
  [[nodiscard]] std::span<const field> fields() const noexcept { return fields_; }
  [[nodiscard]] std::optional<std::size_t> find(std::string_view field_name) const noexcept;
  /// Index of the field that holds event time, if the layout has one.
  [[nodiscard]] std::optional<std::size_t> time_field() const noexcept { return time_field_; }
  /// Size of the data, a multiple of 8.
  [[nodiscard]] std::size_t bytes() const noexcept { return blank_.size(); }
  /// Data with every default in its place and zeroes elsewhere.
  [[nodiscard]] std::span<const std::byte> blank() const noexcept { return blank_; }

 private:
  std::string name_;
  event_type type_;
  std::uint16_t schema_version_;
  std::vector<field> fields_;
  std::optional<std::size_t> time_field_;
  std::size_t end_ = 0;  // first byte behind the last field
  std::vector<std::byte> blank_;
};

}  // namespace millrace
