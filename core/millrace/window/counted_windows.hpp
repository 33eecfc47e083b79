#pragma once

#include <millrace/pool/slab_pool.hpp>
#include <millrace/table/growing_table.hpp>
#include <millrace/window/aggregator.hpp>
#include <millrace/window/counted_options.hpp>
#include <millrace/window/state_places.hpp>
#include <millrace/window/window_result.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>

namespace millrace::window {

/// Windows of the last `events` events of a key, one with each `every`-th of them (Flink's `countWindow(size, slide)`:
/// the first ones of a key hold fewer). Events count as they come, whatever their times; `start_ns` and `end_ns` are
/// the lowest and the highest of these.
///
/// An event writes one slice of gcd(events, every) events, and a window is put together from its slices. With
/// `emission::updates` each event sends the window that it is in as it stands.
///
/// `out` and `aside` are as in `aligned_windows`. Threads: one owner. Allocation: in the constructor only. Complexity:
/// an event O(1); a result, and with updates an event, O(events / gcd(events, every)). Errors: the constructor throws
/// `millrace::error` for what cannot be, and when memory is refused. Bounds met are counted.
template <bytewise_key Key, aggregator A>
class counted_windows {
  using places = detail::state_places<A>;

 public:
  using input_type = typename A::input_type;
  using result = window_result<Key>;

  explicit counted_windows(A of, const counted_options& options)
      : options_(options),
        slice_events_(std::gcd(options.events, options.every)),
        keys_(options.limits.keys),
        slices_(options.limits.panes),
        states_(std::move(of), options.limits.panes) {
    check(options);
  }

  template <class Out, class Aside>
  void add(const Key& key, const input_type& input, std::int64_t time, std::uint64_t sequence, Out&& out,
           Aside&& aside) {
    const auto found = keys_.find_or_insert(key);
    slice* const into = found.value == nullptr ? nullptr : slice_for(*found.value, found.inserted);
    if (into == nullptr) {
      if (found.inserted) keys_.erase(key);
      ++counters_.no_room;
      aside(left_out_event<Key, input_type>{key, input, time, sequence, left_out::no_room, 0, false});
      return;
    }
    fold(*into, input, time, sequence);
    ++counters_.taken;
    record& of = *found.value;
    const bool ends = ++of.unreported == options_.every;
    if (ends || options_.emit == emission::updates) send(key, of, ends ? result_kind::final : result_kind::update, out);
    if (!ends) return;
    of.unreported = 0;
    if (options_.every == options_.events) forget(key, of);
  }

  /// Hands out what each key has taken since its last result, as there is no event to come; keys go in no order.
  template <class Out>
  void finish(Out&& out) {
    keys_.for_each([&](const Key& key, record& of) {
      if (std::exchange(of.unreported, 0) != 0) send(key, of, result_kind::final, out);
    });
  }

  /// Time closes nothing here.
  template <class Out>
  void advance_to(std::int64_t, Out&&) noexcept {}
  [[nodiscard]] std::int64_t next_due() const noexcept { return std::numeric_limits<std::int64_t>::max(); }

  [[nodiscard]] const window_counters& counters() const noexcept { return counters_; }
  [[nodiscard]] A& aggregate() noexcept { return states_.of(); }
  [[nodiscard]] const A& aggregate() const noexcept { return states_.of(); }
  /// Keys that have events in a window to come.
  [[nodiscard]] std::size_t keys() const noexcept { return keys_.size(); }
  void prefetch(const Key& key) const noexcept { keys_.prefetch(key); }

 private:
  struct slice {
    std::int64_t first;  // times
    std::int64_t last;
    std::uint64_t first_sequence;
    std::uint32_t events;
    std::uint32_t newer;
    typename places::place state;
  };
  struct record {
    std::uint32_t oldest;
    std::uint32_t newest;
    std::uint32_t slices;
    std::uint32_t unreported;  // events since the last window ended
  };

  /// The slice that takes the next event; null when there is no room.
  slice* slice_for(record& of, bool is_new) noexcept {
    if (is_new) of = {null_handle, null_handle, 0, 0};
    if (of.slices != 0 && slices_[of.newest].events != slice_events_) return &slices_[of.newest];
    if (of.slices == options_.events / slice_events_) drop_oldest(of);
    const std::uint32_t made = slices_.try_allocate();
    if (made == null_handle) return nullptr;
    slice& fresh = slices_[made];
    if (!states_.try_begin(fresh.state)) {
      slices_.release(made);
      return nullptr;
    }
    fresh.first = std::numeric_limits<std::int64_t>::max();
    fresh.last = std::numeric_limits<std::int64_t>::min();
    fresh.first_sequence = std::numeric_limits<std::uint64_t>::max();
    fresh.events = 0;
    fresh.newer = null_handle;
    (of.slices++ == 0 ? of.oldest : slices_[of.newest].newer) = made;
    of.newest = made;
    return &fresh;
  }

  void drop_oldest(record& of) noexcept {
    const std::uint32_t gone = of.oldest;
    of.oldest = slices_[gone].newer;
    --of.slices;
    states_.end(slices_[gone].state);
    slices_.release(gone);
  }

  void forget(const Key& key, record& of) noexcept {
    while (of.slices != 0) drop_oldest(of);
    keys_.erase(key);
  }

  void fold(slice& into, const input_type& input, std::int64_t time, std::uint64_t sequence) noexcept {
    into.first = std::min(into.first, time);
    into.last = std::max(into.last, time);
    into.first_sequence = std::min(into.first_sequence, sequence);
    ++into.events;
    states_.of().add(states_.bytes(into.state), input, time, sequence);
  }

  template <class Out>
  void send(const Key& key, record& of, result_kind kind, Out& out) {
    slice& oldest = slices_[of.oldest];
    result made{key, oldest.first, oldest.last, oldest.last, oldest.first_sequence, states_.bytes(oldest.state), kind};
    if (of.slices > 1) {
      copy_state(states_.of(), states_.scratch(), states_.bytes(oldest.state));
      for (std::uint32_t at = oldest.newer; at != null_handle; at = slices_[at].newer) {
        slice& each = slices_[at];
        made.start_ns = std::min(made.start_ns, each.first);
        made.end_ns = made.time_ns = std::max(made.end_ns, each.last);
        made.first_sequence = std::min(made.first_sequence, each.first_sequence);
        states_.of().merge(states_.scratch(), states_.bytes(each.state));
      }
      made.state = states_.scratch();
    }
    ++counters_.results;
    out(made);
    if (of.slices > 1) states_.of().end(states_.scratch());
  }

  counted_options options_;
  std::uint32_t slice_events_;
  window_counters counters_;
  growing_table<Key, record> keys_;
  slab_pool<slice> slices_;
  places states_;
};

}  // namespace millrace::window
