#pragma once

#include <millrace/event/layout.hpp>

#include <cstdint>
#include <string_view>

namespace millrace::expr {

/// The kinds of value that an expression can have.
enum class value_kind : std::uint8_t { boolean, integer, floating, text, timestamp, duration };

/// "bool", "integer", "f64", "string", "timestamp", "duration".
constexpr std::string_view name_of(value_kind kind) noexcept {
  constexpr std::string_view names[]{"bool", "integer", "f64", "string", "timestamp", "duration"};
  return names[static_cast<std::uint8_t>(kind)];
}

/// The kind of the values of a field.
constexpr value_kind kind_of(field_type type) noexcept {
  switch (type) {
    case field_type::boolean: return value_kind::boolean;
    case field_type::string: return value_kind::text;
    case field_type::timestamp: return value_kind::timestamp;
    case field_type::duration: return value_kind::duration;
    case field_type::f32:
    case field_type::f64: return value_kind::floating;
    default: return value_kind::integer;
  }
}

constexpr bool is_number(value_kind kind) noexcept {
  return kind == value_kind::integer || kind == value_kind::floating;
}

/// Integers of every width and sign compute in one type, so that they compare by value.
__extension__ using wide = __int128;

/// The integers that expressions may hold: everything that an i64 or a u64 holds. Beyond is overflow.
inline constexpr wide integer_min = -(static_cast<wide>(1) << 63);
inline constexpr wide integer_max = (static_cast<wide>(1) << 64) - 1;

/// A value, or none (`present` false). Which member holds it is known from the kind of its expression;
/// timestamps and durations are integers, in nanoseconds.
struct value {
  struct characters {
    const char* data;
    std::uint64_t size;
  };

  union {
    wide integer;
    double floating;
    bool boolean;
    characters chars;
  };
  bool present;

  value() noexcept = default;  // indeterminate: registers are written before they are read

  static constexpr value none() noexcept {
    value made = of_integer(0);
    made.present = false;
    return made;
  }
  static constexpr value of_integer(wide v) noexcept {
    value made{};
    made.integer = v;
    made.present = true;
    return made;
  }
  static constexpr value of_floating(double v) noexcept {
    value made{};
    made.floating = v;
    made.present = true;
    return made;
  }
  static constexpr value of_boolean(bool v) noexcept {
    value made{};
    made.boolean = v;
    made.present = true;
    return made;
  }
  static constexpr value of_text(std::string_view v) noexcept {
    value made{};
    made.chars = {v.data(), v.size()};
    made.present = true;
    return made;
  }
  [[nodiscard]] constexpr std::string_view text() const noexcept { return {chars.data, chars.size}; }
};

}  // namespace millrace::expr
