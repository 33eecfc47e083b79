#pragma once

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

/// Integers of every width and sign compute in one type, so that they compare by value.
__extension__ using wide = __int128;

/// The integers that expressions may hold: everything that an i64 or a u64 holds. Beyond is overflow.
inline constexpr wide integer_min = -(static_cast<wide>(1) << 63);
inline constexpr wide integer_max = (static_cast<wide>(1) << 64) - 1;

/// A value, or none (`present` false). Which member holds it is known from the kind of its expression;
/// timestamps and durations are integers, in nanoseconds.
struct value {
  union {
    wide integer;
    double floating;
    bool boolean;
    struct {
      const char* data;
      std::uint64_t size;
    } chars;
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
