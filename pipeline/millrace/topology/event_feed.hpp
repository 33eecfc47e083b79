#pragma once

#include <millrace/event/event.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace {

/// What a look into a source of typed events found.
enum class poll_result : std::uint8_t {
  ready,  ///< an event; there may be more
  idle,   ///< nothing just now
  ended,  ///< nothing any more
};

/// Gives the events of a topology, one a call. On `ready` the source has filled the event's data and
/// `header.time_ns`, and may have filled `header.id`: an event whose id is left zero gets its 0-based position. The
/// rest of the header is the topology's. A poll should not block: a stop waits for it to return.
template <class Feed, class T>
concept event_feed = requires(Feed& feed, event<T>& into) {
  { feed.poll(into) } -> std::same_as<poll_result>;
};

/// Events from memory, in the order in which they stand there.
/// Threads: polled by one. Allocation: none a poll.
template <event_data T>
class range_feed {
 public:
  explicit range_feed(std::vector<event<T>> events) noexcept : events_(std::move(events)) {}

  [[nodiscard]] poll_result poll(event<T>& into) noexcept {
    if (next_ == events_.size()) return poll_result::ended;
    into = events_[next_++];
    return poll_result::ready;
  }

 private:
  std::vector<event<T>> events_;
  std::size_t next_ = 0;
};

/// A source of events that are there already.
template <event_data T>
[[nodiscard]] range_feed<T> from_range(std::vector<event<T>> events) {
  return range_feed<T>(std::move(events));
}

/// A source of data that is there already; `time_of` (a member or a callable) gives the event time in nanoseconds.
template <event_data T, class TimeOf>
[[nodiscard]] range_feed<T> from_range(const std::vector<T>& data, TimeOf time_of) {
  static_assert(std::is_invocable_r_v<std::int64_t, TimeOf&, const T&>,
                "from_range: the time is read as (const T&) -> std::int64_t, in nanoseconds");
  std::vector<event<T>> events(data.size());
  for (std::size_t i = 0; i < data.size(); ++i) {
    events[i].header.time_ns = std::invoke(time_of, data[i]);
    events[i].data = data[i];
  }
  return range_feed<T>(std::move(events));
}

}  // namespace millrace
