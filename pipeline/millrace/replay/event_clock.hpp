#pragma once

#include <millrace/rules/program.hpp>
#include <millrace/time/reorder_buffer.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>

namespace millrace::replay {

/// Event time of one feed, by the three modes of the rules language: decides whether an event is late, puts
/// events in order where they are not, and says how far time has come.
///
/// Threads: one owner.
class event_clock {
 public:
  enum class verdict : std::uint8_t { in_order, held, late, full };

  event_clock(rules::time_mode mode, std::int64_t disorder_ns, std::uint32_t capacity, std::size_t data_bytes_max)
      : mode_(mode), disorder_ns_(disorder_ns) {
    if (mode != rules::time_mode::arrival) held_ = std::make_unique<reorder_buffer>(capacity, data_bytes_max);
  }

  /// What becomes of an event: goes on at once, waits for the watermark, or is late. In the mode "arrival" an
  /// event is late when an earlier one had a later time; in the others, at or below the watermark.
  [[nodiscard]] verdict accept(const event_header& event, std::size_t data_bytes) {
    if (mode_ == rules::time_mode::arrival) {
      if (event.time_ns < newest_ns_) return verdict::late;
      newest_ns_ = event.time_ns;
      return verdict::in_order;
    }
    if (watermark_ns_ && event.time_ns <= *watermark_ns_) return verdict::late;
    newest_ns_ = std::max(newest_ns_, event.time_ns);
    if (mode_ == rules::time_mode::out_of_order) move_to(behind_newest());
    return try_hold(event, data_bytes) ? verdict::held : verdict::full;
  }

  /// Holds an event for which there was no room, after `release` may have made some.
  [[nodiscard]] bool try_hold(const event_header& event, std::size_t data_bytes) {
    return held_->try_push(event, data_bytes);
  }

  /// A watermark of the feed itself. One that goes back says nothing. Other modes do not heed it.
  void watermark(std::int64_t ns) noexcept {
    if (mode_ == rules::time_mode::watermarks) move_to(ns);
  }

  /// Gives what the watermark has passed to `take(event)`.
  template <class Take>
  void release(Take&& take) {
    if (held_ && watermark_ns_) held_->release(*watermark_ns_, take);
  }

  /// Gives everything that is held, in order, as the final watermark does, while `more()` says so.
  template <class Take, class More>
  void release_all(Take&& take, More&& more) {
    while (held_ && !held_->empty() && more()) held_->release_first(take);
  }

  /// Where the watermark stands, when it has moved since the last call.
  [[nodiscard]] std::optional<std::int64_t> moved() noexcept {
    if (!watermark_ns_ || told_ns_ == watermark_ns_) return std::nullopt;
    return told_ns_ = watermark_ns_;
  }

  [[nodiscard]] std::size_t held() const noexcept { return held_ ? held_->size() : 0; }

 private:
  /// Highest time less the disorder less 1 ns; the least time where that would be before all time.
  [[nodiscard]] std::int64_t behind_newest() const noexcept {
    constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
    std::int64_t to;
    return __builtin_sub_overflow(newest_ns_, disorder_ns_, &to) || to == least ? least : to - 1;
  }

  /// The watermark never goes back.
  void move_to(std::int64_t to) noexcept {
    if (!watermark_ns_ || to > *watermark_ns_) watermark_ns_ = to;
  }

  rules::time_mode mode_;
  std::int64_t disorder_ns_;
  std::unique_ptr<reorder_buffer> held_;
  std::int64_t newest_ns_ = std::numeric_limits<std::int64_t>::min();
  std::optional<std::int64_t> watermark_ns_;
  std::optional<std::int64_t> told_ns_;
};

}  // namespace millrace::replay
