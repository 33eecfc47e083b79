#pragma once

#include <millrace/window/aggregator.hpp>
#include <millrace/window/count_options.hpp>
#include <millrace/window/pane_store.hpp>
#include <millrace/window/since_first.hpp>
#include <millrace/window/window_result.hpp>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>

namespace millrace::window {

/// The last `size` events of a key, every `every` events of it, in the order in which they come; the first ones have
/// fewer events (Flink's count windows). An event writes one slice of gcd(size, every) events, and a window is put
/// together from its slices. A result begins and ends with the lowest and the highest time of its events.
///
/// A key keeps its place until its window is full and no later one has events of it; where keys come and go without
/// end, `limits.keys` is met. `out` and `aside` are as in `aligned_windows`.
/// Threads: one owner. Allocation: in the constructor only. Complexity: O(1) an event, and O(size / every) for a
/// result. Errors: the constructor throws `millrace::error` for what cannot be, and when memory is refused.
template <bytewise_key Key, aggregator A>
class count_windows {
  using timed = detail::since_first<A>;
  using store_type = detail::pane_store<Key, timed>;
  using record = typename store_type::record;
  using pane_type = typename store_type::pane_type;

 public:
  using input_type = typename A::input_type;
  using result = window_result<Key>;

  explicit count_windows(A of, const count_options& options)
      : options_(checked(options)),
        slice_(std::gcd(options.size, options.every)),
        store_(timed(std::move(of)), options.limits.keys, options.limits.panes, options.size / slice_) {}

  template <class Out, class Aside>
  void add(const Key& key, const input_type& input, std::int64_t time, std::uint64_t sequence, Out&& out,
           Aside&& aside) {
    record* const known = store_.find(key);
    const std::int64_t before = known == nullptr ? 0 : known->due_start;
    const auto found = store_.find_or_begin(key, before / slice_);
    if (found.pane == nullptr) {
      ++counters_.no_room;
      ++counters_.no_room_windows;
      return aside(left_out_event<Key, input_type>{key, input, time, sequence, left_out::no_room, 1, false});
    }
    ++counters_.taken;
    store_.fold(*found.pane, input, time, sequence);
    found.of->due_start = before + 1;
    const bool ends = (before + 1) % options_.every == 0;
    if (ends || options_.emit == emission::updates)
      send(key, *found.of, ends ? result_kind::final : result_kind::update, out);
    if (ends) drop_before(key, *found.of, before + 1 + options_.every - options_.size);
  }

  /// Hands out the window of each key that has events since its last result, as there are none to come; keys go in no
  /// order. None where each event has sent one already.
  template <class Out>
  void finish(Out&& out) {
    if (options_.emit == emission::updates) return;
    store_.for_each_key([&](const Key& key, record& of) {
      if (of.due_start % options_.every == 0) return;
      send(key, of, result_kind::final, out);
      of.due_start = 0;
    });
  }

  [[nodiscard]] const window_counters& counters() const noexcept { return counters_; }
  [[nodiscard]] A& aggregate() noexcept { return store_.states().of().of(); }
  [[nodiscard]] const A& aggregate() const noexcept { return store_.states().of().of(); }
  [[nodiscard]] std::size_t keys() const noexcept { return store_.keys(); }

 private:
  template <class Out>
  void send(const Key& key, record& of, result_kind kind, Out& out) {
    timed& states = store_.states().of();
    std::byte* const all = store_.states().scratch();
    std::int64_t time = std::numeric_limits<std::int64_t>::min();
    std::uint64_t first_sequence = std::numeric_limits<std::uint64_t>::max();
    bool is_first = true;
    store_.for_each(of, [&](pane_type& each) {
      const std::byte* const state = store_.states().bytes(each.state);
      if (std::exchange(is_first, false))
        copy_state(states, all, state);
      else
        states.merge(all, state);
      time = std::max(time, each.time);
      first_sequence = std::min(first_sequence, each.first_sequence);
    });
    ++counters_.results;
    out(result{key, timed::first_time(all), time, time, first_sequence, timed::inner(all), kind});
    states.end(all);
  }

  /// Drops the slices of events that no later window has.
  void drop_before(const Key& key, record& of, std::int64_t count) noexcept {
    while ((store_.oldest(of).start + 1) * slice_ <= count) {
      if (!store_.drop(key, of, store_.oldest(of))) return;
    }
  }

  count_options options_;
  std::int64_t slice_;
  window_counters counters_;
  store_type store_;
};

}  // namespace millrace::window
