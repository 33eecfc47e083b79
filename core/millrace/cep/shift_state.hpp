#pragma once

#include <millrace/cep/held_events.hpp>
#include <millrace/cep/key_slots.hpp>
#include <millrace/cep/release.hpp>
#include <millrace/cep/shift_chain.hpp>
#include <millrace/cep/state_part.hpp>
#include <millrace/expr/program.hpp>

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace millrace::cep {

/// The part of a `shift_matcher` that knows no conditions.
///
/// A key's partial matches are the bits of one word: bit n - 1 stands for the one that has taken the last n events.
/// They share these events, which the key holds once. An event shifts the word by one and keeps the bits whose links
/// take it, which is the algorithm Shift-And for strings (Baeza-Yates, Gonnet, "A new approach to text searching",
/// CACM 35(10), 1992), here with the events that it stands for.
///
/// Threads: one owner. Allocation: in the constructor.
class shift_state {
 public:
  shift_state(std::shared_ptr<const automaton> compiled, shift_chain links, std::uint16_t rule,
              const matcher_limits& limits, held_events& events);

  void open(partition_id id) noexcept {
    keys_.open(id);
    key_of(id).alive = 0;
  }
  [[nodiscard]] bool idle(partition_id id) noexcept { return key_of(id).alive == 0; }
  void close(partition_id id) noexcept { keys_.close(id); }
  /// Whether the key is idle but for partial matches that are over and whose timer is late; gives these back.
  [[nodiscard]] bool has_only_expired(partition_id id, std::int64_t now_ns) noexcept;
  /// Gives back what a key holds, without handing anything out: all of it, a bounded number of events. Returns how
  /// many.
  std::uint32_t discard(partition_id id, std::uint32_t count_max) noexcept;
  /// A key that became idle since it was last named here; see `matcher_state::next_idle`.
  [[nodiscard]] partition_id next_idle() noexcept { return keys_.take_listed(); }
  /// Ends the partial matches of a key, counted as dropped.
  void drop_key(partition_id id, std::int64_t now_ns, releases& out) noexcept;
  /// Counts what a key that got no number for want of room would have begun.
  void refuse_key(releases&) noexcept { refuse(bound::keys, 1); }

  /// Ends the partial matches of a key that began with an event of that sequence or one before it.
  void prune(partition_id id, std::uint64_t start_max) noexcept;

  /// The held events of a release, but for the last event, which is the one in hand. The caller takes over a share of
  /// each. Valid until the next event.
  [[nodiscard]] std::span<const std::uint32_t> held_by(const release& r) const noexcept {
    return std::span(made_).subspan(r.path, links_.takes.size() - 1);
  }
  [[nodiscard]] const shift_chain& links() const noexcept { return links_; }
  [[nodiscard]] std::uint32_t run_count() const noexcept { return runs_; }
  [[nodiscard]] std::uint32_t step_count() const noexcept { return steps_; }
  /// Sets bounds on partial matches and on events that keys hold; what there is stays.
  void set_bounds(std::uint32_t runs, std::uint32_t steps) noexcept {
    runs_max_ = runs;
    steps_max_ = steps;
  }

  /// Moves the time of every key to `now_ns`: gives back what has expired.
  void advance(std::int64_t now_ns, releases& out);
  void advance_partition(partition_id id, std::int64_t now_ns, releases&) noexcept { expire(id, now_ns); }
  [[nodiscard]] std::optional<std::int64_t> next_deadline() const noexcept { return keys_.timers().next_deadline(); }
  /// Before this time `advance` has nothing to do. Complexity: O(1).
  [[nodiscard]] std::int64_t next_move_ns() const noexcept { return keys_.timers().next_move_ns(); }

  /// Keys whose timers time will have reached by `until_ns`, as many as are found at once and fit; returns how many.
  [[nodiscard]] std::size_t due_by(std::int64_t until_ns, std::span<partition_id> into) const noexcept {
    return keys_.due_by(until_ns, into);
  }
  /// Starts to load the state of a key.
  void prefetch(partition_id id) const noexcept { keys_.prefetch(id); }
  /// Starts to load what the oldest events of a key are held by. Best called when the key's state has come.
  void prefetch_matches(partition_id id, bool events) noexcept { prefetch_held(id, events, false); }
  /// The events of a key whose timer fires.
  void prefetch_due(partition_id id) noexcept { prefetch_held(id, true, true); }

  [[nodiscard]] std::array<state_part, 1> state_parts() const noexcept {
    return {{{"keys", keys_.reserved_bytes() / keys_.count(), keys_.count(), keys_.reserved_bytes()}}};
  }
  [[nodiscard]] const cep::automaton& compiled() const noexcept { return *automaton_; }
  [[nodiscard]] const matcher_counters& counters() const noexcept { return counters_; }

  /// Sequence of the first event of a release.
  [[nodiscard]] std::uint64_t start_sequence(const release& r) noexcept { return events_[made_[r.path]].sequence; }

  /// Calls `f(expr::history)` for the match of a release. Requires: nothing was asked of the matcher since it was
  /// released, but other releases, and the event that released it is still there.
  template <class F>
  void hand_out(const release& r, F&& f) {
    ++counters_.matches;
    const std::size_t held = taken_.size() - 1;
    for (std::size_t i = 0; i < held; ++i) taken_[i] = {&events_[made_[r.path + i]], links_.stages[i]};
    taken_[held] = {last_, links_.stages[held]};
    f(expr::history(taken_));
    for (std::size_t i = 0; i < held; ++i) events_.release(made_[r.path + i]);
  }
  template <class F>
  void hand_out_counted(const release& r, F&& f) {
    hand_out(r, [&](expr::history taken) { f(taken, std::uint64_t{1}); });
  }

 protected:
  /// Of one key; behind it the handles of its last events, in a ring.
  struct key {
    std::uint32_t alive;   ///< partial matches; zero bytes: none
    std::uint32_t newest;  ///< place of the newest event
  };

  [[nodiscard]] key& key_of(partition_id id) noexcept { return *reinterpret_cast<key*>(keys_.state(id)); }

  /// Takes the event in hand at the links in `fits`, where a partial match waits or it may be the first.
  void take(partition_id id, std::uint32_t fits, const event_header& event, releases& out);

  /// What the partial match of so many events has taken. Valid until the next call.
  [[nodiscard]] expr::history history_of(key& of, std::uint32_t count) noexcept {
    for (std::uint32_t i = 0; i < count; ++i) asked_[i] = {&events_[held(of, count - 1 - i)], links_.stages[i]};
    return {asked_.data(), count};
  }

  /// Ends what is over by now, of one key.
  void expire(partition_id id, std::int64_t now_ns) noexcept {
    expire_due(key_of(id), now_ns);
    list_if_idle(id);
  }

  /// What the last event released has been handed out.
  void settle() noexcept {
    if (!made_.empty()) made_.clear();
  }

  std::shared_ptr<const cep::automaton> automaton_;
  shift_chain links_;
  matcher_counters counters_;

 private:
  /// How many events a key holds.
  static std::uint32_t length(std::uint32_t alive) noexcept {
    return static_cast<std::uint32_t>(std::bit_width(alive));
  }
  static constexpr std::array<std::uint8_t, 256> counts_of_byte = [] {
    std::array<std::uint8_t, 256> made{};
    for (std::size_t i = 0; i < made.size(); ++i) made[i] = static_cast<std::uint8_t>(std::popcount(i));
    return made;
  }();
  /// How many partial matches there are. (The processor's instruction is not on every x86-64.)
  static std::uint32_t count(std::uint32_t alive) noexcept {
    if (alive < counts_of_byte.size()) [[likely]]
      return counts_of_byte[alive];
    alive -= alive >> 1 & 0x55555555;
    alive = (alive & 0x33333333) + (alive >> 2 & 0x33333333);
    alive = (alive + (alive >> 4)) & 0x0f0f0f0f;
    return alive * 0x01010101 >> 24;
  }
  static std::uint32_t oldest(const key& of) noexcept { return length(of.alive) - 1; }

  /// The event `back` before the newest.
  [[nodiscard]] std::uint32_t& held(key& of, std::uint32_t back) noexcept {
    auto* const ring = reinterpret_cast<std::uint32_t*>(&of + 1);
    return ring[(of.newest - back) & ring_mask_];
  }
  void prefetch_held(partition_id id, bool events, bool time_too) noexcept {
    key& of = key_of(id);
    if (!events || of.alive == 0) return;
    events_.prefetch(held(of, oldest(of)));
    // Its time says whether it is over.
    if (automaton_->within_ns != 0) events_.prefetch_header(held(of, oldest(of)));
    // Where time ends the oldest partial match, a timer goes by the next one.
    const std::uint32_t others = of.alive & ~std::bit_floor(of.alive);
    if (time_too && others != 0) events_.prefetch_header(held(of, length(others) - 1));
    // An event that is not the next ends them all.
    if (!links_.counts && oldest(of) != 0) events_.prefetch(held(of, 0));
  }
  /// Gives back the oldest of so many events, but for the newest `kept`.
  void release_old(key& of, std::uint32_t count, std::uint32_t kept) noexcept {
    while (count > kept) events_.release(held(of, --count));
  }
  void drop_oldest(key& of) noexcept;
  void expire_due(key& of, std::int64_t now_ns) noexcept;
  /// What a key's partial matches take of the bounds.
  struct size {
    std::uint32_t runs;
    std::uint32_t steps;
  };
  static size size_of(std::uint32_t alive) noexcept { return {count(alive), length(alive)}; }
  /// For a key to have other partial matches than before.
  [[nodiscard]] bool has_room(size before, size after) const noexcept {
    return runs_ - before.runs + after.runs <= runs_max_ && steps_ - before.steps + after.steps <= steps_max_;
  }
  [[nodiscard]] std::uint32_t within_bounds(std::uint32_t alive, std::uint32_t after) noexcept;
  void hold_in_hand(key& of) noexcept;
  void make_match(key& of, const event_header& event, releases& out);
  void refuse(bound met, std::uint32_t count) noexcept;
  void arm(partition_id id) noexcept;
  [[nodiscard]] bool has_much_room() const noexcept;
  void make_room(std::int64_t now_ns) noexcept;
  void list_if_idle(partition_id id) noexcept {
    if (key_of(id).alive == 0 && !keys_.is_listed(id)) keys_.list(id);
  }

  held_events& events_;
  std::uint32_t ring_mask_;
  std::uint32_t whole_;  // bit of a partial match that is complete
  key_slots keys_;
  std::uint16_t rule_;
  bool has_timers_;
  std::uint32_t runs_max_;
  std::uint32_t steps_max_;
  std::uint32_t runs_ = 0;                // partial matches, over all keys
  std::uint32_t steps_ = 0;               // events that keys hold
  std::vector<expr::taken_event> taken_;  // of the match in hand
  std::vector<expr::taken_event> asked_;  // by a partial match in hand
  std::vector<std::uint32_t> made_;       // held events of matches, one behind the other
  const event_header* last_ = nullptr;    // the event that completes them: it needs no copy
};

}  // namespace millrace::cep
