#pragma once

#include <millrace/window/aggregator.hpp>
#include <millrace/window/deadline_heap.hpp>
#include <millrace/window/key_windows.hpp>
#include <millrace/window/saturating_time.hpp>
#include <millrace/window/sliding_options.hpp>
#include <millrace/window/window_result.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

namespace millrace::window {

/// Sliding windows, keyed, as Kafka Streams has them (KIP-450): [start, start + length], both ends included; one for
/// each distinct set of events that so long a window can hold. There is one that ends with each event, and one that
/// begins right behind an event where a later one falls into it. Events before `length` share the window [0, length].
///
/// An event is added to each window that holds it, and windows that it brings forth are copies of their neighbours.
/// What changes is told newest first, then the window behind the event before, the one that ends with the event, and
/// the one behind it: the order of Kafka Streams' backward scan. An event before `length` lets nothing go out.
///
/// `out`, `aside` and what is due when are as in `aligned_windows`; closed windows go out by start, then as the first
/// of their events came, or by `Order`.
/// Threads: one owner. Allocation: in the constructor only. Complexity: an event O(windows of its key that hold it);
/// there are at most twice as many as events in two lengths. Errors: the constructor throws `millrace::error` for what
/// cannot be, and when memory is refused. Bounds met are counted.
template <bytewise_key Key, aggregator A, class Order = arrival_order>
class sliding_windows {
  using store_type = detail::key_windows<Key, A>;
  using listed = typename store_type::listed_window;

 public:
  using input_type = typename A::input_type;
  using result = window_result<Key>;

  explicit sliding_windows(A of, const sliding_options& options, Order order = {})
      : options_(options),
        order_(std::move(order)),
        store_(std::move(of), options.limits.keys, options.limits.panes),
        deadlines_(options.limits.panes) {
    check(options);
  }

  template <class Out, class Aside>
  void add(const Key& key, const input_type& input, std::int64_t time, std::uint64_t sequence, Out&& out,
           Aside&& aside) {
    arrival event{key, input, time, sequence};
    if (time < 0 || time > last_time - 2 * options_.length - options_.tick) {
      ++counters_.out_of_range;
      return aside(left_out_event<Key, input_type>{key, input, time, sequence, left_out::out_of_range, 0, false});
    }
    if (options_.time == time_source::events) now_ = std::max(now_, time);
    if (later_by(later_by(time, options_.length), options_.grace) < now_) {
      ++event.late;
      return settle(event, aside);
    }
    if (time < options_.length) {
      add_early(event, out);
      return settle(event, aside);
    }
    add_in_between(event, out);
    settle(event, aside);
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
    std::uint64_t taken = 0;  // windows that took it, that closed before it came, that there was no room for
    std::uint64_t late = 0;
    std::uint64_t no_room = 0;
  };

  static constexpr std::int64_t last_time = std::numeric_limits<std::int64_t>::max() - 1;

  [[nodiscard]] std::uint32_t steps_each() const noexcept {
    return options_.limits.steps_each == 0 ? 0xFFFF'FFFF : options_.limits.steps_each;
  }
  [[nodiscard]] std::int64_t closes_at(std::int64_t start) const noexcept {
    return std::min(later_by(later_by(start + options_.length, 1), options_.grace), last_time);
  }
  /// From then on no event that is taken needs it, be it to copy it.
  [[nodiscard]] std::int64_t forgets_at(std::int64_t start) const noexcept {
    return std::min(later_by(closes_at(start), later_by(options_.length, options_.length)), last_time);
  }
  /// Whether Kafka Streams' store would have dropped it.
  [[nodiscard]] bool is_forgotten(std::int64_t start) const noexcept {
    return options_.keep != 0 && start <= earlier_by(newest_start_, options_.keep);
  }

  [[nodiscard]] auto by_order() const noexcept {
    return [this](std::uint32_t a, std::uint32_t b) noexcept {
      if constexpr (!std::is_same_v<Order, arrival_order>) {
        if (order_(store_[a].key, store_[b].key)) return true;
        if (order_(store_[b].key, store_[a].key)) return false;
      }
      return store_[a].first_sequence < store_[b].first_sequence;
    };
  }

  template <class Aside>
  void settle(const arrival& event, Aside& aside) {
    counters_.late_windows += event.late;
    counters_.no_room_windows += event.no_room;
    if (event.taken != 0)
      ++counters_.taken;
    else if (event.no_room != 0)
      ++counters_.no_room;
    else
      ++counters_.late;
    const auto tell = [&](left_out reason, std::uint64_t missed) {
      if (missed == 0) return;
      aside(left_out_event<Key, input_type>{event.key, event.input, event.time, event.sequence, reason, missed,
                                            event.taken != 0});
    };
    tell(left_out::late, event.late);
    tell(left_out::no_room, event.no_room);
  }

  /// The newest window of the key that begins at or before a time.
  [[nodiscard]] std::uint32_t newest_until(const Key& key, std::int64_t start) noexcept {
    std::uint32_t at = store_.newest_of(key);
    while (at != null_handle && store_[at].first > start) at = store_[at].older;
    return at;
  }

  template <class Out>
  void add_in_between(arrival& event, Out& out) {
    const std::int64_t time = event.time;
    std::uint32_t at = newest_until(event.key, time + options_.tick);
    const bool has_right = at != null_handle && store_[at].first == time + options_.tick;
    while (at != null_handle && store_[at].first > time) at = store_[at].older;
    const std::uint32_t right = has_right || at == null_handle ? null_handle : copy_behind(event, at);
    std::optional<std::int64_t> previous;
    std::uint32_t left_of = null_handle;
    bool has_left = false;
    for (; at != null_handle; at = store_[at].older) {
      listed& each = store_[at];
      if (each.first < time - 2 * options_.length || is_forgotten(each.first)) break;
      const std::int64_t last = each.last;
      if (each.until < time) {
        left_of = at;
        previous = last;
        break;
      }
      fold(event, at, out);
      if (each.until > time) continue;
      has_left = true;
      if (last >= time) return discard(right);  // another event of this time has brought forth all windows
      previous = last;
    }
    if (previous && *previous + options_.tick + options_.length >= time) begin_behind(event, *previous, out);
    if (!has_left) begin_left(event, previous && *previous >= time - options_.length ? left_of : null_handle, out);
    put_right(right, out);
  }

  template <class Out>
  void add_early(arrival& event, Out& out) {
    const std::int64_t time = event.time;
    std::uint32_t at = newest_until(event.key, time + options_.tick);
    const bool has_right = at != null_handle && store_[at].first == time + options_.tick;
    while (at != null_handle && store_[at].first > time) at = store_[at].older;
    const std::uint32_t right = has_right || at == null_handle ? null_handle : copy_behind(event, at);
    std::uint32_t oldest = at;
    while (oldest != null_handle && store_[oldest].older != null_handle) oldest = store_[oldest].older;
    const bool has_first = oldest != null_handle && store_[oldest].first == 0;
    std::optional<std::int64_t> previous;
    if (has_first && store_[oldest].last < time) previous = store_[oldest].last;
    for (std::uint32_t each = has_first ? store_[oldest].newer : oldest;
         each != null_handle && store_[each].first <= time; each = store_[each].newer)
      fold(event, each, out);
    put_right(right, out);
    if (previous) begin_behind(event, *previous, out);
    if (has_first)
      fold(event, oldest, out);
    else
      begin(event, 0, null_handle, out);
  }

  /// A window right behind the event, in no list yet, as a copy of one that holds all later events and none before;
  /// `null_handle` where there are no later ones.
  std::uint32_t copy_behind(arrival& event, std::uint32_t from) noexcept {
    const listed& model = store_[from];
    if (model.last <= event.time || model.until <= event.time || is_forgotten(model.first)) return null_handle;
    const std::uint32_t made = store_.try_copy(from);
    if (made == null_handle) {
      ++event.no_room;
      return made;
    }
    set_start(made, event.time + options_.tick);
    return made;
  }
  void discard(std::uint32_t right) noexcept {
    if (right != null_handle) store_.discard(right);
  }
  template <class Out>
  void put_right(std::uint32_t right, Out& out) {
    if (right == null_handle) return;
    static_cast<void>(store_.try_link(right));  // its key is there
    note(right);
    if (options_.emit == emission::updates) send(store_[right], result_kind::update, out);
  }

  /// The window right behind the event before, if it is not there.
  template <class Out>
  void begin_behind(arrival& event, std::int64_t previous, Out& out) {
    const std::int64_t start = previous + options_.tick;
    const std::uint32_t there = newest_until(event.key, start);
    if (there == null_handle || store_[there].first != start) begin(event, start, null_handle, out);
  }
  /// The window that ends with the event. It may be the one behind the event before, and then begins anew.
  template <class Out>
  void begin_left(arrival& event, std::uint32_t model, Out& out) {
    const std::int64_t start = event.time - options_.length;
    const std::uint32_t there = newest_until(event.key, start);
    if (there == null_handle || store_[there].first != start) return begin(event, start, model, out);
    store_.begin_anew(there);
    fold(event, there, out);
  }

  /// A new window with the event, and with the events of a model where there is one.
  template <class Out>
  void begin(arrival& event, std::int64_t start, std::uint32_t model, Out& out) {
    if (closes_at(start) <= now_) {
      ++event.late;
      return;
    }
    const std::uint32_t made = model == null_handle ? store_.try_make(event.key) : store_.try_copy(model);
    if (made == null_handle) {
      ++event.no_room;
      return;
    }
    set_start(made, start);
    store_[made].last = event.time;
    store_[made].first_sequence = std::min(store_[made].first_sequence, event.sequence);
    if (!store_.try_link(made)) {
      ++event.no_room;
      return store_.discard(made);
    }
    note(made);
    fold(event, made, out);
  }

  void set_start(std::uint32_t of, std::int64_t start) noexcept {
    store_[of].first = start;
    store_[of].until = start + options_.length;
  }
  void note(std::uint32_t made) noexcept {
    newest_start_ = std::max(newest_start_, store_[made].first);
    const std::int64_t start = store_[made].first;
    deadlines_.push({options_.emit == emission::final ? closes_at(start) : forgets_at(start), made}, by_order());
  }

  template <class Out>
  void fold(arrival& event, std::uint32_t handle, Out& out) {
    listed& into = store_[handle];
    if (closes_at(into.first) <= now_) {
      ++event.late;
      return;
    }
    ++event.taken;
    into.last = std::max(into.last, event.time);
    into.first_sequence = std::min(into.first_sequence, event.sequence);
    store_.states().of().add(store_.states().bytes(into.state), event.input, event.time, event.sequence);
    if (options_.emit == emission::updates) send(into, result_kind::update, out);
  }

  template <class Out>
  void send(listed& of, result_kind kind, Out& out) {
    ++counters_.results;
    out(result{of.key, of.first, of.until, of.last, of.first_sequence, store_.states().bytes(of.state), kind});
  }

  template <class Out>
  void step(Out& out) {
    const std::uint32_t handle = deadlines_.top().handle;
    listed& of = store_[handle];
    if (options_.emit == emission::final && !of.is_sent) {
      of.is_sent = true;
      send(of, result_kind::final, out);
      return deadlines_.postpone_top(forgets_at(of.first), by_order());
    }
    deadlines_.pop(by_order());
    store_.unlink(handle);
    store_.release(handle);
  }

  sliding_options options_;
  std::int64_t now_ = std::numeric_limits<std::int64_t>::min();
  std::int64_t newest_start_ = 0;
  window_counters counters_;
  [[no_unique_address]] Order order_;
  store_type store_;
  detail::deadline_heap deadlines_;
};

}  // namespace millrace::window
