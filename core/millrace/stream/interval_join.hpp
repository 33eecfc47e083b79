#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <millrace/base/error.hpp>
#include <millrace/stream/record.hpp>
#include <millrace/stream/timed_records.hpp>

namespace millrace::stream {

/// A record on the left at `t` meets those of its key on the right from `t + lower` to `t + upper`.
struct join_interval {
  std::int64_t lower_ns = 0;
  std::int64_t upper_ns = 0;
  bool lower_inclusive = true;
  bool upper_inclusive = true;
};

/// Records that an interval join dropped or could not keep, by reason.
struct interval_join_counters {
  std::uint64_t null_key = 0;
  std::uint64_t null_value = 0;
  std::uint64_t late = 0;  ///< below the watermark
  std::uint64_t full = 0;  ///< joined with what was there, but not kept: the side held as many as it may

  friend bool operator==(const interval_join_counters&, const interval_join_counters&) = default;
};

/// Joins two streams by key within an interval of time, as Flink's interval join does: inner, and by watermark. Matches
/// come out as soon as both are there, in the order of the other side's times, at the later time of both. A record goes
/// when the watermark comes to the last time at which a partner could stand, or to its own time where that is later.
///
/// Threads: one owner. Allocation: in the constructor. Complexity: O(1) expected to keep a record in time order, else
/// linear in the later ones of its key; a look-up walks from the key's newest record on the other side, so it is linear
/// in how far that side is ahead, and in the matches; amortised, as one watermark may free all that is kept. Memory:
/// both sides hold `records_a_side`; see `reserved_bytes`. Errors: the constructor throws `millrace::error` for an
/// interval that holds nothing.
template <class Key, class Left, class Right>
class interval_join {
 public:
  interval_join(join_interval interval, std::uint32_t records_a_side)
      : lower_ns_(moved_by(interval.lower_ns, interval.lower_inclusive ? 0 : 1)),
        upper_ns_(moved_by(interval.upper_ns, interval.upper_inclusive ? 0 : -1)),
        left_(records_a_side),
        right_(records_a_side) {
    if (lower_ns_ > upper_ns_) throw error("a join's interval ends before it begins");
  }

  /// Hands each result, a `joined` with both sides, to `out`, which must not call the join.
  template <class Out>
  void left(const record<Key, Left>& from, Out&& out) {
    if (!is_good(from)) return;
    keep(left_, from, upper_ns_);
    const std::int64_t first_ns = moved_by(from.time_ns, lower_ns_);
    const std::int64_t last_ns = moved_by(from.time_ns, upper_ns_);
    right_.for_each_between(*from.key, first_ns, last_ns, [&](const auto& partner) {
      out(joined<Key, Left, Right>{from.key, &*from.value, &partner.value, std::max(from.time_ns, partner.time_ns)});
    });
  }
  template <class Out>
  void right(const record<Key, Right>& from, Out&& out) {
    if (!is_good(from)) return;
    keep(right_, from, negative(lower_ns_));
    const std::int64_t first_ns = moved_by(from.time_ns, negative(upper_ns_));
    const std::int64_t last_ns = moved_by(from.time_ns, negative(lower_ns_));
    left_.for_each_between(*from.key, first_ns, last_ns, [&](const auto& partner) {
      out(joined<Key, Left, Right>{from.key, &partner.value, &*from.value, std::max(from.time_ns, partner.time_ns)});
    });
  }

  /// Both streams are there up to `time_ns`. One that goes back changes nothing.
  void watermark(std::int64_t time_ns) {
    watermark_ns_ = std::max(watermark_ns_, time_ns);
    left_.advance(watermark_ns_, [](const auto&) {});
    right_.advance(watermark_ns_, [](const auto&) {});
  }

  [[nodiscard]] const interval_join_counters& counters() const noexcept { return counters_; }
  /// Records that may still meet others, on both sides.
  [[nodiscard]] std::size_t kept() const noexcept { return left_.size() + right_.size(); }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept { return left_.reserved_bytes() + right_.reserved_bytes(); }

 private:
  static std::int64_t negative(std::int64_t ns) noexcept {
    return ns == std::numeric_limits<std::int64_t>::min() ? std::numeric_limits<std::int64_t>::max() : -ns;
  }

  template <class Value>
  [[nodiscard]] bool is_good(const record<Key, Value>& from) noexcept {
    if (!from.key)
      ++counters_.null_key;
    else if (!from.value)
      ++counters_.null_value;
    else if (from.time_ns < watermark_ns_)
      ++counters_.late;
    else
      return true;
    return false;
  }

  template <class Side, class Value>
  void keep(Side& side, const record<Key, Value>& from, std::int64_t ahead_ns) {
    const std::int64_t deadline_ns = later_by(from.time_ns, std::max<std::int64_t>(ahead_ns, 0));
    counters_.full += side.try_add(*from.key, *from.value, from.time_ns, deadline_ns) == null_handle;
  }

  std::int64_t lower_ns_;
  std::int64_t upper_ns_;
  detail::timed_records<Key, Left> left_;
  detail::timed_records<Key, Right> right_;
  std::int64_t watermark_ns_ = std::numeric_limits<std::int64_t>::min();
  interval_join_counters counters_;
};

}  // namespace millrace::stream
