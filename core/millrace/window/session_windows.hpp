#pragma once

#include <millrace/window/aggregator.hpp>
#include <millrace/window/deadline_heap.hpp>
#include <millrace/window/key_windows.hpp>
#include <millrace/window/saturating_time.hpp>
#include <millrace/window/session_options.hpp>
#include <millrace/window/window_result.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

namespace millrace::window {

/// Sessions, keyed: events of a key that follow one another at most a gap apart, the gap itself included. An event
/// between sessions makes one of them. Two sessions that touch are one, in whatever order their events came (Hazelcast
/// Jet keeps them apart there, and so depends on the order).
///
/// With `emission::updates` each event sends its session, after a `retracted` result for each one that it took up, as
/// in Kafka Streams. `out`, `aside` and what is due when are as in `aligned_windows`; within one end results go out in
/// the order of the sessions' first events, or by `Order`, then by start.
///
/// Threads: one owner. Allocation: in the constructor only. Complexity: an event O(sessions that it joins, and open
/// ones of its key that begin later); a session that closes, O(log sessions); at most `limits.steps_each` close in one
/// call. Errors: the constructor throws `millrace::error` for what cannot be, and when memory is refused. Bounds met
/// are counted.
template <bytewise_key Key, aggregator A, class Order = arrival_order>
class session_windows {
  using store_type = detail::key_windows<Key, A>;
  using session = typename store_type::listed_window;

 public:
  using input_type = typename A::input_type;
  using result = window_result<Key>;

  explicit session_windows(A of, const session_options& options, Order order = {})
      : options_(options),
        order_(std::move(order)),
        store_(std::move(of), options.limits.keys, options.limits.panes),
        deadlines_(options.limits.panes) {
    check(options);
  }

  template <class Out, class Aside>
  void add(const Key& key, const input_type& input, std::int64_t time, std::uint64_t sequence, Out&& out,
           Aside&& aside) {
    add(key, input, time, sequence, options_.gap, out, aside);
  }

  /// The event has a gap of its own. Requires: it is 0 or more.
  template <class Out, class Aside>
  void add(const Key& key, const input_type& input, std::int64_t time, std::uint64_t sequence, std::int64_t gap,
           Out&& out, Aside&& aside) {
    const arrival event{key, input, time, sequence, later_by(time, gap)};
    if (event.until >= last_time) {
      ++counters_.out_of_range;
      return leave_out(event, left_out::out_of_range, aside);
    }
    if (options_.time == time_source::events && time > now_) now_ = time;
    take(event, out, aside);
    if (next_due() <= now_) close_some(steps_each(), out);
  }

  /// As in `aligned_windows`.
  template <class Out>
  void advance_to(std::int64_t now, Out&& out) {
    if (now > now_) now_ = std::min(now, last_time);
    if (next_due() <= now_) close_some(steps_each(), out);
  }
  template <class Out>
  bool close_some(std::uint32_t steps, Out&& out) {
    for (; steps != 0 && next_due() <= now_; --steps) step(out);
    return is_behind();
  }

  [[nodiscard]] bool is_behind() const noexcept { return next_due() <= now_; }
  [[nodiscard]] std::int64_t next_due() const noexcept { return deadlines_.next_deadline_ns(); }
  [[nodiscard]] std::int64_t now() const noexcept { return now_; }
  [[nodiscard]] const window_counters& counters() const noexcept { return counters_; }
  [[nodiscard]] A& aggregate() noexcept { return store_.states().of(); }
  [[nodiscard]] const A& aggregate() const noexcept { return store_.states().of(); }
  [[nodiscard]] std::size_t keys() const noexcept { return store_.keys(); }
  void prefetch(const Key& key) const noexcept { store_.prefetch(key); }

 private:
  struct arrival {
    const Key& key;
    const input_type& input;
    std::int64_t time;
    std::uint64_t sequence;
    std::int64_t until;
  };
  /// The sessions that an event joins, oldest and newest of a run in the list; those forgotten among them do not count.
  struct run {
    std::uint32_t oldest = null_handle;
    std::uint32_t newest = null_handle;
    std::uint32_t count = 0;
    std::int64_t first;
    std::int64_t last;
    std::int64_t until;
  };

  static constexpr std::int64_t last_time = std::numeric_limits<std::int64_t>::max() - 1;

  [[nodiscard]] std::uint32_t steps_each() const noexcept {
    return options_.limits.steps_each == 0 ? 0xFFFF'FFFF : options_.limits.steps_each;
  }

  [[nodiscard]] std::int64_t fires_at(std::int64_t until) const noexcept {
    return std::min(later_by(until, options_.gap_is_part ? 1 : 0), last_time);
  }
  [[nodiscard]] std::int64_t closes_at(std::int64_t until) const noexcept {
    return std::min(later_by(fires_at(until), options_.grace), last_time);
  }
  [[nodiscard]] std::int64_t forgets_at(const session& of) const noexcept {
    return options_.keep == 0 ? closes_at(of.until) : std::min(later_by(of.last, options_.keep), last_time);
  }
  /// Whether it can no longer become part of another. What time the last event brought with it does not count yet.
  [[nodiscard]] bool is_forgotten(const session& of) const noexcept {
    return options_.keep == 0 ? closes_at(of.until) <= now_ : of.last <= earlier_by(newest_last_, options_.keep);
  }
  /// When something is to be done for it next.
  [[nodiscard]] std::int64_t deadline_of(const session& of) const noexcept {
    if (options_.emit == emission::updates) return forgets_at(of);
    if (!of.is_sent) return options_.emit == emission::final ? closes_at(of.until) : fires_at(of.until);
    return std::max(closes_at(of.until), forgets_at(of));
  }

  [[nodiscard]] auto by_order() const noexcept {
    return [this](std::uint32_t a, std::uint32_t b) noexcept {
      const session& first = store_[a];
      const session& second = store_[b];
      if constexpr (!std::is_same_v<Order, arrival_order>) {
        if (order_(first.key, second.key)) return true;
        if (order_(second.key, first.key)) return false;
        return first.first < second.first;
      } else {
        return first.first_sequence < second.first_sequence;
      }
    };
  }

  template <class Out, class Aside>
  void take(const arrival& event, Out& out, Aside& aside) {
    const run joined = find_joined(event);
    if (closes_at(joined.until) <= now_) {
      ++counters_.late;
      ++counters_.late_windows;
      return leave_out(event, left_out::late, aside);
    }
    const std::uint32_t into = join(event, joined, out);
    if (into == null_handle) {
      ++counters_.no_room;
      ++counters_.no_room_windows;
      return leave_out(event, left_out::no_room, aside);
    }
    ++counters_.taken;
    session& of = store_[into];
    newest_last_ = std::max(newest_last_, of.last);
    of.first_sequence = std::min(of.first_sequence, event.sequence);
    ++of.unreported;
    store_.states().of().add(store_.states().bytes(of.state), event.input, event.time, event.sequence);
    if (options_.emit == emission::updates)
      send(of, result_kind::update, out);
    else if (options_.emit == emission::on_time && of.is_sent)
      send_on_time(of, out);
    if (is_nothing(aggregate(), store_.states().bytes(of.state))) store_.unlink(into);
  }

  template <class Aside>
  void leave_out(const arrival& event, left_out reason, Aside& aside) {
    aside(left_out_event<Key, input_type>{event.key, event.input, event.time, event.sequence, reason, 1, false});
  }

  [[nodiscard]] run find_joined(const arrival& event) noexcept {
    run found{.first = event.time, .last = event.time, .until = event.until};
    std::uint32_t at = store_.newest_of(event.key);
    while (at != null_handle && store_[at].first > event.until) at = store_[at].older;
    for (; at != null_handle; at = store_[at].older) {
      const session& each = store_[at];
      if (is_forgotten(each)) continue;
      if (each.until < event.time) break;
      if (found.newest == null_handle) found.newest = at;
      found.oldest = at;
      ++found.count;
      found.first = std::min(found.first, each.first);
      found.last = std::max(found.last, each.last);
      found.until = std::max(found.until, each.until);
    }
    return found;
  }

  /// The session that takes the event, in its list; `null_handle` when there is no room.
  template <class Out>
  std::uint32_t join(const arrival& event, const run& joined, Out& out) {
    if (joined.count == 1 && can_go_on(store_[joined.newest], joined)) {
      retract(joined, event, out);
      return extend(joined.newest, joined);
    }
    const std::uint32_t made = store_.try_make(event.key);
    if (made == null_handle) return made;
    store_[made].first = joined.first;
    if (!store_.try_link(made)) {
      store_.discard(made);
      return null_handle;
    }
    retract(joined, event, out);
    take_up(made, joined);
    extend(made, joined);
    session& of = store_[made];
    of.first_sequence = std::min(of.first_sequence, event.sequence);
    of.is_sent = options_.emit == emission::on_time && fires_at(of.until) <= now_;
    deadlines_.push({deadline_of(of), made}, by_order());
    return made;
  }

  /// Whether a session is extended in place: its place among the deadlines, which only moves back, stays right.
  [[nodiscard]] bool can_go_on(const session& of, const run& joined) const noexcept {
    if (options_.merges_from_empty) return false;
    return !of.is_sent || (options_.emit == emission::on_time && fires_at(joined.until) <= now_);
  }

  std::uint32_t extend(std::uint32_t handle, const run& joined) noexcept {
    session& of = store_[handle];
    of.first = joined.first;
    of.last = joined.last;
    of.until = joined.until;
    return handle;
  }

  /// Merges the sessions of the run, oldest first, into `made`, and takes them out.
  void take_up(std::uint32_t made, const run& joined) noexcept {
    auto& states = store_.states();
    session& into = store_[made];
    std::uint32_t at = joined.oldest;
    for (std::uint32_t left = joined.count; left != 0;) {
      session& each = store_[at];
      const std::uint32_t next = each.newer;
      if (at != made && !is_forgotten(each)) {
        states.of().merge(states.bytes(into.state), states.bytes(each.state));
        into.first_sequence = std::min(into.first_sequence, each.first_sequence);
        into.unreported += each.unreported;
        store_.unlink(at);
        --left;
      }
      at = next;
    }
  }

  /// Kafka Streams says nothing of a session that is what the event alone would be.
  template <class Out>
  void retract(const run& joined, const arrival& event, Out& out) {
    if (options_.emit != emission::updates) return;
    if (joined.first == event.time && joined.last == event.time) return;
    std::uint32_t at = joined.oldest;
    for (std::uint32_t left = joined.count; left != 0; at = store_[at].newer) {
      session& each = store_[at];
      if (is_new(each) || is_forgotten(each)) continue;
      ++counters_.results;
      out(result{each.key, each.first, each.last, each.last, each.first_sequence, nullptr, result_kind::retracted});
      --left;
    }
  }

  /// Just made, and without an event.
  static bool is_new(const session& of) noexcept {
    return of.first_sequence == std::numeric_limits<std::uint64_t>::max();
  }

  template <class Out>
  void send(session& of, result_kind kind, Out& out) {
    ++counters_.results;
    of.unreported = 0;
    out(result{of.key, of.first, options_.gap_is_part ? of.last : of.until, of.last, of.first_sequence,
               store_.states().bytes(of.state), kind});
  }

  template <class Out>
  void send_on_time(session& of, Out& out) {
    if (of.unreported == 0) return;
    send(of, result_kind::on_time, out);
    if (!options_.purge) return;
    store_.states().of().end(store_.states().bytes(of.state));
    store_.states().of().begin(store_.states().bytes(of.state));
  }

  template <class Out>
  void step(Out& out) {
    const std::uint32_t handle = deadlines_.top().handle;
    session& of = store_[handle];
    if (of.is_gone) return drop_first(handle);
    if (const std::int64_t deadline = deadline_of(of); deadline > deadlines_.top().deadline_ns)
      return deadlines_.postpone_top(deadline, by_order());
    if (!of.is_sent && options_.emit != emission::updates) {
      of.is_sent = true;
      if (options_.emit == emission::final)
        send(of, result_kind::final, out);
      else
        send_on_time(of, out);
      if (const std::int64_t deadline = deadline_of(of); deadline > now_)
        return deadlines_.postpone_top(deadline, by_order());
    }
    store_.unlink(handle);
    drop_first(handle);
  }

  void drop_first(std::uint32_t handle) noexcept {
    deadlines_.pop(by_order());
    store_.release(handle);
  }

  session_options options_;
  std::int64_t now_ = std::numeric_limits<std::int64_t>::min();
  std::int64_t newest_last_ = std::numeric_limits<std::int64_t>::min();
  window_counters counters_;
  [[no_unique_address]] Order order_;
  store_type store_;
  detail::deadline_heap deadlines_;
};

}  // namespace millrace::window
