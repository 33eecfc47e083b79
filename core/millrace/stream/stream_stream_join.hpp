#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <millrace/base/error.hpp>
#include <millrace/stream/ordered_records.hpp>
#include <millrace/stream/record.hpp>
#include <millrace/stream/timed_records.hpp>

namespace millrace::stream {

/// A record on the left at `t` meets those of its key on the right in [t - before, t + after]. Either length may be
/// negative, their sum may not.
struct join_window {
  std::int64_t before_ns = 0;
  std::int64_t after_ns = 0;
  std::int64_t grace_ns = 0;  ///< how far out of order records may come
};

/// Records that a join of streams dropped or could not keep, by reason.
struct stream_join_counters {
  std::uint64_t null_key = 0;
  std::uint64_t null_value = 0;
  std::uint64_t late = 0;         ///< joined with what was there, but too old to be kept for others
  std::uint64_t full = 0;         ///< joined with what was there, but not kept: the side held as many as it may
  std::uint64_t given_early = 0;  ///< handed on without a partner before their time, for as many waited as may

  friend bool operator==(const stream_join_counters&, const stream_join_counters&) = default;
};

/// Joins two streams by key within a window of time, as Kafka Streams does: inner, left or outer.
///
/// Time is the latest that was seen on either side, of records that are dropped, too. A side keeps what is younger than
/// its own latest record less before, after and grace. Matches come out in the order of the other side's times, then as
/// they came, at the later time of both. A record of an outer side that met no partner is handed on alone: at once,
/// where its window lies below the time; else before the matches of the record that moves time beyond its window and
/// grace, in the order of time, right side first, then key. It is not handed on when a partner came meanwhile; one that
/// comes later still, out of order, joins it all the same, as in Kafka Streams. `advance` frees no kept record: only a
/// record on its own side does.
///
/// Threads: one owner. Allocation: in the constructor. Complexity: O(1) expected to keep a record in time order, else
/// linear in the later ones of its key; a look-up walks from the key's newest record on the other side, so it is linear
/// in how far that side is ahead, and in the matches. O(log n) for each record of an outer side that waits. To forget
/// and to hand on alone are amortised: one record may hand on all that wait.
/// Memory: both sides hold `records_a_side`, outer sides as many waiting; see `reserved_bytes`. Errors: the constructor
/// throws `millrace::error` for a window that is none.
template <class Key, class Left, class Right, class KeyLess = std::less<Key>>
class stream_stream_join {
 public:
  stream_stream_join(join_kind kind, join_window window, std::uint32_t records_a_side, KeyLess less = {})
      : grace_ns_(window.grace_ns),
        keep_ns_(checked_length(window)),
        left_(records_a_side, kind != join_kind::inner, window.before_ns, window.after_ns, less),
        right_(records_a_side, kind == join_kind::outer, window.after_ns, window.before_ns, less) {}

  /// Hands each result, a `joined`, to `out`, which must not call the join.
  template <class Out>
  void left(const record<Key, Left>& from, Out&& out) {
    take<true>(left_, right_, from, out);
  }
  template <class Out>
  void right(const record<Key, Right>& from, Out&& out) {
    take<false>(right_, left_, from, out);
  }

  /// Time is `time_ns`, as a clock or a watermark says while both streams are quiet: hands on what waited long enough.
  template <class Out>
  void advance(std::int64_t time_ns, Out&& out) {
    now_ns_ = std::max(now_ns_, time_ns);
    give_up_all_due(out);
  }

  [[nodiscard]] const stream_join_counters& counters() const noexcept { return counters_; }
  /// Records that may still meet others, on both sides, and those that wait to be handed on alone.
  [[nodiscard]] std::size_t kept() const noexcept { return left_.records.size() + right_.records.size(); }
  [[nodiscard]] std::size_t waiting() const noexcept { return left_.waiting.size() + right_.waiting.size(); }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept { return left_.reserved_bytes() + right_.reserved_bytes(); }

 private:
  template <class Value>
  struct side {
    struct kept_record {
      Value value;
      std::uint32_t waiting;  // its handle among those that wait, or null
    };
    struct waiting_record {
      Value value;
      std::uint32_t kept;  // its handle among those that are kept, or null
    };

    side(std::uint32_t capacity, bool outer, std::int64_t back, std::int64_t ahead, KeyLess less)
        : records(capacity), waiting(outer ? capacity : 0, less), is_outer(outer), back_ns(back), ahead_ns(ahead) {}

    [[nodiscard]] std::size_t reserved_bytes() const noexcept {
      return records.reserved_bytes() + waiting.reserved_bytes();
    }

    detail::timed_records<Key, kept_record> records;
    detail::ordered_records<Key, waiting_record, KeyLess> waiting;
    bool is_outer;
    std::int64_t back_ns;  // a record at t meets others in [t - back, t + ahead]
    std::int64_t ahead_ns;
    std::int64_t newest_ns = std::numeric_limits<std::int64_t>::min();
  };

  static std::int64_t checked_length(const join_window& window) {
    std::int64_t length = 0;
    if (window.grace_ns < 0) throw error("a join's grace is negative");
    if (__builtin_add_overflow(window.before_ns, window.after_ns, &length) || length < 0)
      throw error("a join's window ends before it begins, or is longer than time");
    if (__builtin_add_overflow(length, window.grace_ns, &length))
      throw error("a join's window and grace are longer than time");
    return length;
  }

  template <bool is_left, class Own, class Other, class Value, class Out>
  void take(Own& own, Other& other, const record<Key, Value>& from, Out& out) {
    now_ns_ = std::max(now_ns_, from.time_ns);
    if (from.key) forget_old(own, from.time_ns);
    if (!from.value) {
      ++counters_.null_value;
      return;
    }
    if (!from.key) {
      if (own.is_outer)
        give_alone<is_left>(from.key, *from.value, from.time_ns, out);
      else
        ++counters_.null_key;
      return;
    }
    const std::uint32_t kept = keep(own, from);
    if (from.time_ns == now_ns_) give_up_due(own.ahead_ns, out);
    if (match<is_left>(own, other, from, out) || !own.is_outer) return;
    if (moved_by(from.time_ns, own.ahead_ns) < now_ns_ || !wait(own, from, kept))
      give_alone<is_left>(from.key, *from.value, from.time_ns, out);
  }

  /// A record without a value moves time as well.
  template <class Own>
  void forget_old(Own& own, std::int64_t time_ns) {
    own.newest_ns = std::max(own.newest_ns, time_ns);
    own.records.advance(earlier_by(own.newest_ns, keep_ns_), [&](auto& gone) {
      if (gone.value.waiting != null_handle) own.waiting[gone.value.waiting].value.kept = null_handle;
    });
  }

  template <class Own, class Value>
  std::uint32_t keep(Own& own, const record<Key, Value>& from) {
    if (from.time_ns <= earlier_by(own.newest_ns, keep_ns_)) {
      ++counters_.late;
      return null_handle;
    }
    const std::uint32_t kept = own.records.try_add(*from.key, {*from.value, null_handle}, from.time_ns, from.time_ns);
    counters_.full += kept == null_handle;
    return kept;
  }

  /// Whether there was a partner.
  template <bool is_left, class Own, class Other, class Value, class Out>
  bool match(const Own& own, Other& other, const record<Key, Value>& from, Out& out) {
    bool is_matched = false;
    const std::int64_t first_ns = moved_by(from.time_ns, -own.back_ns);
    const std::int64_t last_ns = moved_by(from.time_ns, own.ahead_ns);
    other.records.for_each_between(*from.key, first_ns, last_ns, [&](auto& partner) {
      is_matched = true;
      if (partner.value.waiting != null_handle) {
        other.waiting.remove(partner.value.waiting);
        partner.value.waiting = null_handle;
      }
      const std::int64_t time_ns = std::max(from.time_ns, partner.time_ns);
      if constexpr (is_left)
        out(joined<Key, Left, Right>{from.key, &*from.value, &partner.value.value, time_ns});
      else
        out(joined<Key, Left, Right>{from.key, &partner.value.value, &*from.value, time_ns});
    });
    return is_matched;
  }

  template <class Own, class Value>
  bool wait(Own& own, const record<Key, Value>& from, std::uint32_t kept) {
    const std::uint32_t waiting = own.waiting.try_add(*from.key, {*from.value, kept}, from.time_ns);
    if (waiting != null_handle) look_again_ns_ = std::min(look_again_ns_, from.time_ns);
    if (kept != null_handle) own.records[kept].value.waiting = waiting;
    counters_.given_early += waiting == null_handle;
    return waiting != null_handle;
  }

  /// Hands on what waited long enough. Kafka Streams looks at those that wait in order, until it has seen one of each
  /// side whose time has not come, and keeps the time of the last one that it saw as the earliest at which another look
  /// may find something. That is later than the earliest time that waits, so that some leave later than they could. The
  /// times at which records leave are its meaning, so they are found here too, but without looking at all.
  template <class Out>
  void give_up_due(std::int64_t ahead_ns, Out& out) {
    if (is_past(look_again_ns_, ahead_ns)) give_up_all_due(out);
  }

  template <class Out>
  void give_up_all_due(Out& out) {
    look_again_ns_ = std::numeric_limits<std::int64_t>::max();
    for (;;) {
      const bool left = is_due(left_);
      const bool right = is_due(right_);
      if (!left && !right) break;
      if (left && (!right || left_.waiting.first().time_ns < right_.waiting.first().time_ns))
        look_again_ns_ = give_up_first<true>(left_, out);
      else
        look_again_ns_ = give_up_first<false>(right_, out);
    }
    look_again_ns_ = last_looked_at(look_again_ns_);
  }

  /// The time of the record behind the first one of each side, where there is one; of the last one at all, where one
  /// side has none. `given_up_ns` is the time of the last record that was handed on.
  [[nodiscard]] std::int64_t last_looked_at(std::int64_t given_up_ns) noexcept {
    if (left_.waiting.empty() && right_.waiting.empty()) return given_up_ns;
    if (left_.waiting.empty() || right_.waiting.empty()) {
      const std::int64_t last_ns = left_.waiting.empty() ? right_.waiting.last().time_ns : left_.waiting.last().time_ns;
      return given_up_ns == std::numeric_limits<std::int64_t>::max() ? last_ns : std::max(last_ns, given_up_ns);
    }
    const std::int64_t left_ns = left_.waiting.first().time_ns;
    const std::int64_t right_ns = right_.waiting.first().time_ns;
    const bool left_is_later = left_ns >= right_ns;
    const auto own = left_is_later ? left_.waiting.second_time() : right_.waiting.second_time();
    const auto other =
        left_is_later ? right_.waiting.first_time_from(later_by(left_ns, 1)) : left_.waiting.first_time_from(right_ns);
    if (own && other) return std::min(*own, *other);
    return own ? *own : other.value_or(std::max(left_ns, right_ns));
  }

  [[nodiscard]] bool is_past(std::int64_t time_ns, std::int64_t ahead_ns) const noexcept {
    return later_by(moved_by(time_ns, ahead_ns), grace_ns_) < now_ns_;
  }

  template <class Own>
  [[nodiscard]] bool is_due(const Own& own) const noexcept {
    return !own.waiting.empty() && is_past(own.waiting.first().time_ns, own.ahead_ns);
  }

  template <bool is_left, class Own, class Out>
  std::int64_t give_up_first(Own& own, Out& out) {
    const auto gone = own.waiting.take_first();
    if (gone.value.kept != null_handle) own.records[gone.value.kept].value.waiting = null_handle;
    give_alone<is_left>(gone.key, gone.value.value, gone.time_ns, out);
    return gone.time_ns;
  }

  template <bool is_left, class Value, class Out>
  static void give_alone(const std::optional<Key>& key, const Value& value, std::int64_t time_ns, Out& out) {
    if constexpr (is_left)
      out(joined<Key, Left, Right>{key, &value, nullptr, time_ns});
    else
      out(joined<Key, Left, Right>{key, nullptr, &value, time_ns});
  }

  std::int64_t grace_ns_;
  std::int64_t keep_ns_;
  side<Left> left_;
  side<Right> right_;
  std::int64_t now_ns_ = std::numeric_limits<std::int64_t>::min();
  std::int64_t look_again_ns_ = std::numeric_limits<std::int64_t>::max();
  stream_join_counters counters_;
};

}  // namespace millrace::stream
