#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>

namespace millrace::stream {

/// What flows. A record without a value is, in a table, a deletion (a tombstone); in a stream it says nothing. Units:
/// `time_ns` is event time in nanoseconds, or in any one unit that all of a pipeline's times have.
template <class Key, class Value>
struct record {
  static_assert(std::is_trivially_copyable_v<Key> && std::is_trivially_copyable_v<Value>,
                "operators keep records as bytes: keys and values must be trivially copyable");
  std::optional<Key> key;
  std::optional<Value> value;
  std::int64_t time_ns = 0;
};

/// Which records that find no partner a join hands on: none, those of the left side, those of both.
enum class join_kind { inner, left, outer };

/// What a join hands on. A side that is null is missing; where both are, the result that the key had is deleted. The
/// pointers hold during the call.
template <class Key, class Left, class Right>
struct joined {
  std::optional<Key> key;
  const Left* left;
  const Right* right;
  std::int64_t time_ns;
};

/// `time + length` of a length that is not negative, or the end of time.
[[nodiscard]] constexpr std::int64_t later_by(std::int64_t time_ns, std::int64_t length_ns) noexcept {
  constexpr std::int64_t end = std::numeric_limits<std::int64_t>::max();
  return time_ns > 0 && length_ns > end - time_ns ? end : time_ns + length_ns;
}

/// `time - length` of a length that is not negative, or the beginning of time.
[[nodiscard]] constexpr std::int64_t earlier_by(std::int64_t time_ns, std::int64_t length_ns) noexcept {
  constexpr std::int64_t begin = std::numeric_limits<std::int64_t>::min();
  return time_ns < 0 && length_ns > time_ns - begin ? begin : time_ns - length_ns;
}

/// The same for lengths of either sign.
[[nodiscard]] constexpr std::int64_t moved_by(std::int64_t time_ns, std::int64_t length_ns) noexcept {
  if (length_ns >= 0) return later_by(time_ns, length_ns);
  if (length_ns == std::numeric_limits<std::int64_t>::min()) return earlier_by(moved_by(time_ns, length_ns + 1), 1);
  return earlier_by(time_ns, -length_ns);
}

}  // namespace millrace::stream
