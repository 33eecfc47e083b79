#pragma once

#include <millrace/event/event_header.hpp>

#include <cstddef>
#include <type_traits>

namespace millrace {

/// What an event's data may be: a plain struct that is copied as bytes.
template <class T>
concept event_data = std::is_trivially_copyable_v<T> && std::is_standard_layout_v<T> && alignof(T) <= cache_line_bytes;

/// A typed event: header and data in one piece, as it lies in a ring slot.
template <event_data T>
struct event {
  event_header header;
  T data;
};

/// Start of the data behind a header. Requires: the header is the first part of an event in memory.
inline const std::byte* data_of(const event_header& header) noexcept {
  return reinterpret_cast<const std::byte*>(&header + 1);
}
inline std::byte* data_of(event_header& header) noexcept { return reinterpret_cast<std::byte*>(&header + 1); }

}  // namespace millrace
