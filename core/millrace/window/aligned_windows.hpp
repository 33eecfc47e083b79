#pragma once

#include <millrace/window/aggregator.hpp>
#include <millrace/window/close_calendar.hpp>
#include <millrace/window/pane_store.hpp>
#include <millrace/window/window_grid.hpp>
#include <millrace/window/window_options.hpp>
#include <millrace/window/window_result.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>

namespace millrace::window {

/// Tumbling and hopping windows, keyed: [start, start + size) every advance, with the meaning of Kafka Streams.
///
/// Where only final results are asked for, an event writes one slice of gcd(size, advance), and a window is put
/// together from its slices when it goes out. Otherwise, or where `each_window` says so (for aggregates whose merge is
/// not what adding the events would give), an event is added to each of its windows.
///
/// `out(const window_result<Key>&)` takes results, `aside(const left_out_event<Key, Input>&)` what was left out;
/// neither may call the operator. An event is taken first; then what its time closes goes out, by start of the windows,
/// and within one by `Order`.
///
/// Threads: one owner. Allocation: in the constructor only. Complexity: an event O(1) with slices, else O(size /
/// advance); a window that closes, O(size / advance); at most `limits.steps_each` close in one call. Units: any, the
/// same for all times. Errors: the constructor throws `millrace::error` for windows that cannot be, see `window_grid`,
/// and when memory is refused. Bounds met are counted.
template <bytewise_key Key, aggregator A, class Order = arrival_order>
class aligned_windows {
  using store_type = detail::pane_store<Key, A>;
  using record = typename store_type::record;
  using pane_type = typename store_type::pane_type;

 public:
  using input_type = typename A::input_type;
  using result = window_result<Key>;

  explicit aligned_windows(A of, const aligned_options& options, Order order = {})
      : options_(options),
        grid_(options.times),
        shares_panes_(options.emit == emission::final && !options.each_window && !options.early.is_on() &&
                      !vanishing_aggregator<A>),
        order_(std::move(order)),
        store_(std::move(of), options.limits.keys, options.limits.panes, usual_panes()),
        closings_(items_for(options.limits)),
        fires_(options.emit == emission::on_time ? items_for(options.limits) : 1),
        earlies_(options.early.every > 0 ? items_for(options.limits) : 1) {
    check(options);
    enter_pane(0);
  }

  template <class Out, class Aside>
  void add(const Key& key, const input_type& input, std::int64_t time, std::uint64_t sequence, Out&& out,
           Aside&& aside) {
    const arrival event{key, input, time, sequence};
    if (!grid_.holds(time)) return leave_out(event, left_out::out_of_range, 0, aside);
    if (options_.time == time_source::events && time > now_) now_ = time;
    if (time < pane_ || time - pane_ >= grid_.pane_size()) enter_pane(time);
    if (!shares_panes_)
      add_to_windows(event, out, aside);
    else if (now_ < pane_first_closes_at_) [[likely]]
      add_to_pane(event, pane_first_start_, 0, aside);
    else
      add_to_open_windows(event, out, aside);
    if (next_due_ <= now_) close_some(steps_each(), out);
  }

  /// Says that all events before `now` have come: with a watermark w, now is w + 1. An earlier time than the last one
  /// does nothing.
  template <class Out>
  void advance_to(std::int64_t now, Out&& out) {
    if (now > now_) now_ = std::min(now, last_time);
    if (next_due_ <= now_) close_some(steps_each(), out);
  }

  /// Closes up to `steps` windows that are due; returns whether some are left.
  template <class Out>
  bool close_some(std::uint32_t steps, Out&& out) {
    while (steps != 0 && next_due_ <= now_) {
      steps -= std::min(steps, step(steps, out));
      find_next_due();
    }
    return is_behind();
  }

  /// Whether windows are due that did not go out yet.
  [[nodiscard]] bool is_behind() const noexcept { return next_due_ <= now_; }
  /// Before this time `advance_to` has nothing to do.
  [[nodiscard]] std::int64_t next_due() const noexcept { return next_due_; }
  [[nodiscard]] std::int64_t now() const noexcept { return now_; }

  [[nodiscard]] const window_counters& counters() const noexcept { return counters_; }
  [[nodiscard]] A& aggregate() noexcept { return store_.states().of(); }
  [[nodiscard]] const A& aggregate() const noexcept { return store_.states().of(); }
  /// Keys that have open windows.
  [[nodiscard]] std::size_t keys() const noexcept { return store_.keys(); }
  /// Starts to load what an event of this key needs.
  void prefetch(const Key& key) const noexcept { store_.prefetch(key); }

 private:
  static constexpr bool is_ordered = !std::is_same_v<Order, arrival_order>;
  struct arrival {
    const Key& key;
    const input_type& input;
    std::int64_t time;
    std::uint64_t sequence;
  };
  struct early_item {
    Key key;
    std::int64_t start;
  };

  /// A key is noted once for the window that it is due for; once more for each time that a late event made it due
  /// earlier.
  static std::uint32_t items_for(const window_limits& limits) noexcept {
    const std::uint64_t items = 3 * std::uint64_t{limits.keys} + limits.panes + 1;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(items, 0xFFFF'FFF0));
  }
  [[nodiscard]] bool has_room_for_earlier() const noexcept {
    return closings_.size() < items_for(options_.limits) - options_.limits.keys;
  }
  [[nodiscard]] std::uint32_t steps_each() const noexcept {
    return options_.limits.steps_each == 0 ? 0xFFFF'FFFF : options_.limits.steps_each;
  }

  /// Panes of a key that are open at once, as a rule.
  [[nodiscard]] std::int64_t usual_panes() const noexcept {
    const std::int64_t step = shares_panes_ ? grid_.pane_size() : grid_.advance();
    return grid_.size() / step + std::min<std::int64_t>(grid_.grace() / step, 16);
  }

  void enter_pane(std::int64_t time) noexcept {
    pane_ = grid_.pane_of(time);
    pane_first_start_ = grid_.first_start(pane_);
    pane_first_closes_at_ = grid_.closes_at(pane_first_start_);
  }

  /// Tells of windows that do not take the event; what is not counted yet, as taken or else, is counted by the reason.
  template <class Aside>
  void leave_out(const arrival& event, left_out reason, std::uint64_t windows, Aside&& aside, bool is_taken = false,
                 bool is_counted = false) {
    const bool is_late = reason == left_out::late;
    const bool is_refused = reason == left_out::no_room;
    if (!is_taken && !is_counted)
      ++(is_late ? counters_.late : is_refused ? counters_.no_room : counters_.out_of_range);
    if (is_late) counters_.late_windows += windows;
    if (is_refused) counters_.no_room_windows += windows;
    aside(
        left_out_event<Key, input_type>{event.key, event.input, event.time, event.sequence, reason, windows, is_taken});
  }

  // --- windows put together from panes

  template <class Aside>
  [[gnu::always_inline]] void add_to_pane(const arrival& event, std::int64_t first_open, std::uint64_t missed,
                                          Aside& aside) {
    const auto found = store_.find_or_begin(event.key, pane_);
    if (found.pane == nullptr || (found.is_new && !schedule(event.key, found, first_open)))
      return leave_out_for_room(event, first_open, missed, aside);
    store_.fold(*found.pane, event.input, event.time, event.sequence);
    ++counters_.taken;
    if (missed != 0) leave_out(event, left_out::late, missed, aside, true);
  }

  template <class Aside>
  [[gnu::noinline]] void leave_out_for_room(const arrival& event, std::int64_t first_open, std::uint64_t missed,
                                            Aside& aside) {
    leave_out(event, left_out::no_room, count_of(first_open, grid_.last_start(event.time)), aside);
    if (missed != 0) leave_out(event, left_out::late, missed, aside, false, true);
  }

  /// Notes for which window the key is due; drops the new pane and returns false where there is no room for that.
  bool schedule(const Key& key, const typename store_type::found_pane& made, std::int64_t first_open) noexcept {
    record& of = *made.of;
    if (!made.is_new_key && of.due_start <= first_open) return true;
    if (!made.is_new_key && !has_room_for_earlier()) {
      static_cast<void>(store_.drop(key, of, *made.pane));
      return false;
    }
    note_due(key, of, first_open);
    return true;
  }

  void note_due(const Key& key, record& of, std::int64_t start) noexcept {
    of.due_start = start;
    closings_.append(start, key);
    next_due_ = std::min(next_due_, grid_.closes_at(start));
  }

  /// Some of the event's windows are closed. Those that wait to go out must not see it.
  template <class Out, class Aside>
  void add_to_open_windows(const arrival& event, Out& out, Aside& aside) {
    const std::int64_t first = pane_first_start_;
    const std::uint64_t windows = count_of(first, grid_.last_start(event.time));
    const std::uint64_t missed = std::min(windows, count_closed_from(first));
    if (missed == windows) return leave_out(event, left_out::late, missed, aside);
    record* const of = store_.find(event.key);
    const std::int64_t first_open = first + static_cast<std::int64_t>(missed) * grid_.advance();
    if (of != nullptr && !catch_up(event.key, *of, out)) return leave_out_for_room(event, first_open, missed, aside);
    add_to_pane(event, first_open, missed, aside);
  }

  [[nodiscard]] std::uint64_t count_of(std::int64_t first, std::int64_t last) const noexcept {
    return last < first ? 0 : static_cast<std::uint64_t>((last - first) / grid_.advance()) + 1;
  }
  /// How many windows from this one on are closed.
  [[nodiscard]] std::uint64_t count_closed_from(std::int64_t first) const noexcept {
    if (now_ == last_time) return std::numeric_limits<std::uint64_t>::max();
    return count_of(first, earlier_by(earlier_by(now_, grid_.grace()), grid_.size()));
  }

  /// False where there is no room to note the key again.
  template <class Out>
  [[nodiscard]] bool catch_up(const Key& key, record& of, Out& out) {
    while (grid_.closes_at(of.due_start) <= now_) {
      if (!has_room_for_earlier()) return false;
      if (!send_due(key, of, out)) return true;
    }
    return true;
  }

  /// Hands out the window that the key is due for; returns false when the key went with it.
  template <class Out>
  bool send_due(const Key& key, record& of, Out& out) {
    const std::int64_t start = of.due_start;
    send_combined(key, of, start, out);
    while (store_.oldest(of).start - start < grid_.advance()) {
      if (!store_.drop(key, of, store_.oldest(of))) return false;
    }
    const std::int64_t oldest = store_.oldest(of).start;
    const std::int64_t next = start + grid_.advance();
    note_due(key, of, oldest - next < grid_.size() ? next : grid_.first_start(oldest));
    return true;
  }

  template <class Out>
  void send_combined(const Key& key, record& of, std::int64_t start, Out& out) {
    store_.combine(of, start, grid_.size(),
                   [&](std::int64_t time, std::uint64_t first_sequence, const std::byte* state) {
                     send(key, start, time, first_sequence, state, result_kind::final, out);
                   });
  }

  template <class Out>
  void send(const Key& key, std::int64_t start, std::int64_t time, std::uint64_t first_sequence, const std::byte* state,
            result_kind kind, Out& out) {
    ++counters_.results;
    out(result{key, start, grid_.end_of(start), time, first_sequence, state, kind});
  }
  template <class Out>
  void send_pane(const Key& key, pane_type& of, result_kind kind, Out& out) {
    of.unreported = 0;
    send(key, of.start, of.time, of.first_sequence, store_.states().bytes(of.state), kind, out);
  }

  // --- windows each of which is a pane

  template <class Out, class Aside>
  void add_to_windows(const arrival& event, Out& out, Aside& aside) {
    const std::int64_t last = grid_.last_start(event.time);
    const std::uint64_t windows = count_of(pane_first_start_, last);
    const std::uint64_t missed = std::min(windows, count_closed_from(pane_first_start_));
    if (missed == windows) return leave_out(event, left_out::late, missed, aside);
    std::uint64_t taken = 0;
    for (std::uint64_t i = missed; i < windows; ++i)
      taken +=
          std::uint64_t{add_to_window(event, pane_first_start_ + static_cast<std::int64_t>(i) * grid_.advance(), out)};
    counters_.taken += taken != 0 ? 1 : 0;
    if (const std::uint64_t refused = windows - missed - taken; refused != 0)
      leave_out(event, left_out::no_room, refused, aside, taken != 0);
    if (missed != 0) leave_out(event, left_out::late, missed, aside, taken != 0, true);
  }

  template <class Out>
  bool add_to_window(const arrival& event, std::int64_t start, Out& out) {
    const auto found = store_.find_or_begin(event.key, start);
    if (found.pane == nullptr) return false;
    pane_type& into = *found.pane;
    if (found.is_new && (closings_.is_full() || fires_.is_full())) {
      static_cast<void>(store_.drop(event.key, *found.of, *found.pane));
      return false;
    }
    const bool is_past_end = options_.emit == emission::on_time && grid_.fires_at(start) <= now_;
    if (found.is_new && !(is_past_end && options_.purge)) note_window(event.key, start, is_past_end);
    store_.fold(into, event.input, event.time, event.sequence);
    if (options_.emit == emission::updates) {
      send_pane(event.key, into, result_kind::update, out);
    } else if (is_past_end) {
      send_pane(event.key, into, result_kind::on_time, out);
      if (options_.purge) return static_cast<void>(store_.drop(event.key, *found.of, into)), true;
    } else if (options_.early.is_on()) {
      send_early(event.key, into, out);
    }
    if (is_nothing(aggregate(), store_.states().bytes(into.state)))
      static_cast<void>(store_.drop(event.key, *found.of, into));
    return true;
  }

  void note_window(const Key& key, std::int64_t start, bool is_past_end) noexcept {
    const bool fires = options_.emit == emission::on_time && !is_past_end;
    (fires ? fires_ : closings_).append(start, key);
    next_due_ = std::min(next_due_, fires ? grid_.fires_at(start) : grid_.closes_at(start));
  }

  template <class Out>
  void send_early(const Key& key, pane_type& of, Out& out) {
    if (of.unreported++ == 0 && options_.early.every > 0 && !earlies_.is_full()) {
      const std::int64_t since = std::max<std::int64_t>(now_ - of.start, 0);
      const std::int64_t due = later_by(of.start, (since / options_.early.every + 1) * options_.early.every);
      if (due < grid_.closes_at(of.start)) {
        earlies_.append(due, early_item{key, of.start});
        next_due_ = std::min(next_due_, due);
      }
    }
    if (options_.early.events != 0 && of.unreported >= options_.early.events)
      send_pane(key, of, result_kind::early, out);
  }

  // --- what is due

  void find_next_due() noexcept {
    next_due_ = closings_.is_empty() ? never : grid_.closes_at(closings_.first_time_ns());
    if (!fires_.is_empty()) next_due_ = std::min(next_due_, grid_.fires_at(fires_.first_time_ns()));
    if (!earlies_.is_empty()) next_due_ = std::min(next_due_, earlies_.first_time_ns());
  }

  /// Does what is due first; returns how many items that were.
  template <class Out>
  std::uint32_t step(std::uint32_t steps, Out& out) {
    if (!earlies_.is_empty() && earlies_.first_time_ns() <= now_) return step_early(out);
    if (!fires_.is_empty() && grid_.fires_at(fires_.first_time_ns()) <= now_)
      return work_off(fires_, steps, [&](const Key& key, std::int64_t start) { fire(key, start, out); });
    return work_off(closings_, steps, [&](const Key& key, std::int64_t start) { close(key, start, out); });
  }

  template <class F>
  std::uint32_t work_off(detail::close_calendar<Key>& from, std::uint32_t steps, F&& f) {
    const auto look_ahead = [this](std::span<const Key> keys) { store_.prefetch_all(keys); };
    if constexpr (is_ordered)
      return from.take_all_of_first(order_, look_ahead, f);
    else
      return from.take_of_first(steps, look_ahead, f);
  }

  template <class Out>
  void close(const Key& key, std::int64_t start, Out& out) {
    record* const of = store_.find(key);
    if (of == nullptr) return;
    if (shares_panes_) {
      if (of->due_start == start) static_cast<void>(send_due(key, *of, out));
      return;
    }
    pane_type* const gone = store_.find_pane(*of, start);
    if (gone == nullptr) return;
    if (options_.emit == emission::final) send_pane(key, *gone, result_kind::final, out);
    static_cast<void>(store_.drop(key, *of, *gone));
  }

  template <class Out>
  void fire(const Key& key, std::int64_t start, Out& out) {
    record* const of = store_.find(key);
    pane_type* const found = of == nullptr ? nullptr : store_.find_pane(*of, start);
    if (found == nullptr) return;
    send_pane(key, *found, result_kind::on_time, out);
    if (options_.purge || options_.times.grace == 0)
      static_cast<void>(store_.drop(key, *of, *found));
    else
      closings_.append(start, key);
  }

  template <class Out>
  std::uint32_t step_early(Out& out) {
    const early_item item = earlies_.take_first([](std::span<const early_item>) {});
    if (grid_.closes_at(item.start) <= now_) return 1;
    record* const of = store_.find(item.key);
    pane_type* const found = of == nullptr ? nullptr : store_.find_pane(*of, item.start);
    if (found != nullptr && found->unreported != 0) send_pane(item.key, *found, result_kind::early, out);
    return 1;
  }

  /// `now_` stops before it, and all that is due at all is so by then.
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
  static constexpr std::int64_t last_time = never - 1;

  aligned_options options_;
  window_grid grid_;
  bool shares_panes_;
  std::int64_t now_ = std::numeric_limits<std::int64_t>::min();
  std::int64_t next_due_ = never;
  std::int64_t pane_ = 0;  // that of the last event, and the first window that holds it
  std::int64_t pane_first_start_ = 0;
  std::int64_t pane_first_closes_at_ = 0;
  window_counters counters_;
  [[no_unique_address]] Order order_;
  store_type store_;
  detail::close_calendar<Key> closings_;
  detail::close_calendar<Key> fires_;
  detail::close_calendar<early_item> earlies_;
};

}  // namespace millrace::window
