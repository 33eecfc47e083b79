#pragma once

#include <millrace/cep/chain.hpp>
#include <millrace/cep/chain_store.hpp>
#include <millrace/cep/held_events.hpp>
#include <millrace/cep/key_slots.hpp>
#include <millrace/cep/matcher_state.hpp>
#include <millrace/cep/release.hpp>
#include <millrace/cep/state_outline.hpp>
#include <millrace/cep/state_part.hpp>
#include <millrace/expr/program.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace millrace::cep {

/// The part of a `chain_matcher` that knows no conditions.
///
/// A key has one ring of elements a link: the events taken there that still matter, each once, however many
/// partial matches took it. Partial matches are never stored: they are the paths through the elements, from a
/// start on. What waits for the next link's event is always the newer end of a ring, for what moves on, or ends,
/// moves or ends together. So taking an event, ending by a negation and expiry each are a step of an index, and
/// the paths that end with an event are found by walking from their starts, with no step in vain: `bounds_of`
/// first finds, from the last link back, which stretch of each ring leads there.
///
/// Source of the idea: partial matches as a compact set, enumerated only when handed out: Bucchi, Grez, Quintana,
/// Riveros, Vansummeren, "CORE: a Complex Event Recognition Engine", PVLDB 15(9), 2022. For a straight line of
/// links the set needs no graph: an event's continuations are a stretch of the next ring.
///
/// Threads: one owner. Allocation: in the constructor.
class chain_state {
 public:
  chain_state(std::shared_ptr<const automaton> compiled, chain links, std::uint16_t rule, const matcher_limits& limits,
              held_events& events);

  void open(partition_id id) noexcept;
  [[nodiscard]] bool idle(partition_id id) noexcept;
  void close(partition_id id) noexcept { keys_.close(id); }
  /// Whether the key is idle but for partial matches that are over and whose timer is late; gives these back.
  [[nodiscard]] bool has_only_expired(partition_id id, std::int64_t now_ns) noexcept;

  /// Gives back elements of a key without handing anything out: about `count_max` at most. Returns how many; where it
  /// is fewer, the key has none left.
  std::uint32_t discard(partition_id id, std::uint32_t count_max) noexcept;

  /// A key that became idle since it was last named here; see `matcher_state::next_idle`.
  [[nodiscard]] partition_id next_idle() noexcept;
  /// Ends the partial matches of a key, counted by their starts as dropped.
  void drop_key(partition_id id, std::int64_t now_ns, releases& out) noexcept;
  /// Counts what a key that got no number for want of room would have begun.
  void refuse_key(releases& out) noexcept;

  /// Moves the time of every key to `now_ns`: hands out what an absence completes, gives back what has expired.
  void advance(std::int64_t now_ns, releases& out);
  void advance_partition(partition_id id, std::int64_t now_ns, releases& out) {
    settle();
    expire_due(levels_of(id), now_ns, out);
    list_if_idle(id);
  }
  [[nodiscard]] std::optional<std::int64_t> next_deadline() const noexcept { return keys_.timers().next_deadline(); }
  /// Before this time `advance` has nothing to do. Complexity: O(1).
  [[nodiscard]] std::int64_t next_move_ns() const noexcept { return keys_.timers().next_move_ns(); }

  /// Keys whose timers time will have reached by `until_ns`, as many as are found at once and fit; returns how many.
  [[nodiscard]] std::size_t due_by(std::int64_t until_ns, std::span<partition_id> into) const noexcept {
    return keys_.due_by(until_ns, into);
  }
  /// Starts to load the state of a key.
  void prefetch(partition_id id) const noexcept { keys_.prefetch(id); }

  /// Starts to load the partial matches of a key, then what their oldest `events` are held by. Each is best called when
  /// what the one before asked for has come.
  void prefetch_matches(partition_id id, bool events) noexcept {
    const chain_level* const levels = levels_of(id);
    const bool may_match = level_count_ != 0 && levels[level_count_ - 1].wait != levels[level_count_ - 1].tail;
    for (std::size_t i = 0; i < level_count_; ++i) {
      if (levels[i].empty()) continue;
      if (!events) {
        store_.prefetch(levels[i], i == 0 ? sizeof(chain_start) : sizeof(chain_element));
        continue;
      }
      const std::uint32_t end = levels[i].head + std::min(levels[i].size(), prefetch_events_each);
      for (std::uint32_t at = levels[i].head; at != end; ++at) {
        const std::uint32_t event = element_at(levels[i], i, at).event;
        events_.prefetch(event);
        if (may_match) events_.prefetch_header(event);
      }
    }
  }

  /// The same, for those who have many matchers.
  [[nodiscard]] state_outline outline() noexcept {
    return {keys_.state(0), static_cast<std::uint32_t>(keys_.state(1) - keys_.state(0)),
            static_cast<std::uint32_t>(level_count_), store_.places(), &events_};
  }

  /// What it has reserved, part by part. An element of a ring may take twice its bytes, for rings grow by doubling.
  [[nodiscard]] std::array<state_part, 2> state_parts() const noexcept;

  [[nodiscard]] const cep::automaton& compiled() const noexcept { return *automaton_; }
  [[nodiscard]] const matcher_counters& counters() const noexcept { return counters_; }

  /// Sequence of the first event of a release.
  [[nodiscard]] std::uint64_t start_sequence(const release& r) noexcept {
    if (!r.is_set) return level_count_ == 0 ? completion_.last->sequence : events_[made_[r.path]].sequence;
    return events_[start_at(levels_of(completion_.partition)[0], r.path).element.event].sequence;
  }

  /// Calls `f(expr::history)` for every match of a release, in order. Requires: nothing was asked of the matcher
  /// since it was released, but other releases, and the event that released it is still there.
  template <class F>
  void hand_out(const release& r, F&& f) {
    if (!r.is_set) return hand_out_made(r, f);
    const chain_level* const levels = levels_of(completion_.partition);
    set_last();
    const std::uint64_t most = completion_.left;
    const std::uint64_t found =
        each_path(levels, completion_.bounds.data(), r.path, most, [&] { f(expr::history(taken_)); });
    counters_.matches += found;
    completion_.left -= found;
    if (found == most && !completion_.cut && count_from(levels, r.path) > found) note_cut();
  }

  /// Calls `f(expr::history, count)` once for a release: its first match, and how many it stands for, found without a
  /// walk over them; and gives back what they held. Only a bound on matches at once that was given holds here.
  /// Complexity: linear in the elements that lead to the event, once for all its releases.
  template <class F>
  void hand_out_counted(const release& r, F&& f) {
    if (!r.is_set) return hand_out_made(r, [&](expr::history taken) { f(taken, std::uint64_t{1}); });
    const chain_level* const levels = levels_of(completion_.partition);
    std::uint64_t count = count_from(levels, r.path);
    if (bounds_matches_) {
      const std::uint64_t found = std::min(count, completion_.left);
      if (found < count && !completion_.cut) note_cut();
      completion_.left -= found;
      count = found;
    }
    if (count == 0) return;
    set_last();
    counters_.matches += count;
    each_path(levels, completion_.bounds.data(), r.path, 1, [&] { f(expr::history(taken_), count); });
  }

 protected:
  /// A stretch of a ring: what of it leads to the match in hand.
  struct stretch {
    std::uint32_t begin;
    std::uint32_t end;
  };

  [[nodiscard]] chain_level* levels_of(partition_id id) noexcept {
    return reinterpret_cast<chain_level*>(keys_.state(id));
  }

  /// What waits at the level joins the next one's event, or ends: it waits no more.
  void stop_waiting(chain_level* levels, std::size_t level) noexcept {
    chain_level& from = levels[level];
    const std::uint32_t end = level + 1 < level_count_ ? levels[level + 1].tail : 0;
    for (std::uint32_t i = from.wait; i != from.tail; ++i) element_at(from, level, i).end = end;
    from.wait = from.tail;
    trim_ = true;
  }

  void push(chain_level* levels, std::size_t level) noexcept;
  void push_start(chain_level* levels, const event_header& event) noexcept;
  void complete(partition_id id, chain_level* levels, const event_header& event, releases& out);
  /// False: no partial match of the key has expired.
  [[nodiscard]] bool may_be_due(const chain_level* levels, std::int64_t now_ns) noexcept {
    return automaton_->within_ns != 0 && level_count_ != 0 && !levels[0].empty() &&
           passed(start_at(levels[0], levels[0].head).time_ns, now_ns) >=
               static_cast<std::uint64_t>(automaton_->within_ns);
  }
  void expire_due(chain_level* levels, std::int64_t now_ns, releases& out);
  /// An event may meet a bound.
  [[nodiscard]] bool is_tight() const noexcept {
    return start_count_ >= starts_max_ || element_count_ + level_count_ > elements_max_ || !events_.has_room();
  }
  /// Ends what is over of some keys whose timers are late.
  void make_room(std::int64_t now_ns, releases& out);
  void finish_event(partition_id id, chain_level* levels) noexcept {
    if (prune_before_ != 0 || (trim_ && !completion_.active)) prune_and_trim(levels);
    if (has_timers_ && !levels[0].empty() && !keys_.has_timer(id)) arm(id, levels);
    if (level_count_ != 0 && levels[0].empty()) list_if_idle(id);
  }

  /// Gives back what the last event's matches kept.
  void settle() noexcept {
    if (!completion_.active && made_.empty()) return;
    settle_completion();
  }

  std::shared_ptr<const cep::automaton> automaton_;
  chain chain_;
  std::size_t level_count_;
  matcher_counters counters_;

 private:
  struct completion {
    bool active = false;
    partition_id partition = 0;
    const event_header* last = nullptr;  ///< the event in hand
    std::uint64_t left = 0;              ///< matches that may still be handed out
    bool counted = false;                ///< `counts` is there
    bool cut = false;                    ///< that is counted
    std::vector<stretch> bounds;
    /// By level, for each element of its stretch, the number of paths from those before it; and from all of them.
    std::vector<std::vector<std::uint64_t>> counts;
  };

  static constexpr std::uint32_t prefetch_events_each = 3;  // level; what ends one may end all

  static std::uint64_t passed(std::int64_t from, std::int64_t to) noexcept {
    return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
  }

  [[nodiscard]] chain_start& start_at(const chain_level& level, std::uint32_t i) noexcept {
    return store_.at<chain_start>(level, i);
  }
  [[nodiscard]] chain_element& element_at(const chain_level& level, std::size_t number, std::uint32_t i) noexcept {
    return number == 0 ? start_at(level, i).element : store_.at<chain_element>(level, i);
  }
  /// The event that completes a match is the one in hand: it needs no copy.
  void set_last() noexcept { taken_[level_count_] = {completion_.last, chain_.links[level_count_].stage}; }
  void set_taken(std::size_t link, std::uint32_t event) noexcept {
    taken_[link] = {&events_[event], chain_.links[link].stage};
    handles_[link] = event;
  }

  [[nodiscard]] std::uint32_t end_of(const chain_level* levels, std::size_t level, std::uint32_t i) noexcept {
    if (!is_before(i, levels[level].wait)) return levels[level + 1].tail;
    return element_at(levels[level], level, i).end;
  }

  [[nodiscard]] bool is_empty(partition_id id) noexcept;
  void list_if_idle(partition_id id) noexcept;
  /// Paths from an element on. Requires: `count_paths` since the event, where the element is not on the last level.
  [[nodiscard]] std::uint64_t count_of(const chain_level* levels, std::size_t level, std::uint32_t i) noexcept;
  void count_paths();
  /// All paths from a start that lead to the event in hand.
  [[nodiscard]] std::uint64_t count_from(const chain_level* levels, std::uint32_t start) {
    if (!completion_.counted) count_paths();
    return count_of(levels, 0, start);
  }
  void refuse(bound met) noexcept;
  void note_cut() noexcept;
  void bounds_of(const chain_level* levels, stretch* into) noexcept;
  void settle_completion() noexcept;
  void trim(chain_level* levels) noexcept;
  void drop_starts(chain_level* levels, std::uint32_t up_to) noexcept;
  void drop_head(chain_level& level, std::size_t number) noexcept;
  void choose(chain_level* levels, const event_header& event, releases& out);
  [[nodiscard]] std::uint64_t pruning_bound() noexcept;
  void make_match(std::uint64_t first, std::int64_t at_ns, releases& out);
  void arm(partition_id id, chain_level* levels) noexcept;
  [[nodiscard]] bool has_much_room() const noexcept;
  void prune_and_trim(chain_level* levels) noexcept;

  template <class F>
  void hand_out_made(const release& r, F&& f) {
    ++counters_.matches;
    for (std::size_t i = 0; i < level_count_; ++i) set_taken(i, made_[r.path + i]);
    if (level_count_ < taken_.size()) set_last();
    f(expr::history(taken_));
    for (std::size_t i = 0; i < level_count_; ++i) events_.release(handles_[i]);
  }

  /// Walks the paths from a start through the bounds, at most `most` of them, oldest continuation first, and calls
  /// `f()` with `taken_` set at the end of each; returns their number.
  template <class F>
  std::uint64_t each_path(const chain_level* levels, const stretch* bounds, std::uint32_t start, std::uint64_t most,
                          F&& f) {
    if (most == 0) return 0;
    set_taken(0, start_at(levels[0], start).element.event);
    if (level_count_ == 1) {
      f();
      return 1;
    }
    std::uint64_t found = 0;
    const std::size_t last = level_count_ - 1;
    std::size_t level = 0;
    std::uint32_t at = start;
    for (;;) {
      // Down: the continuations of `at` on the next level.
      std::uint32_t begin = element_at(levels[level], level, at).begin;
      std::uint32_t end = end_of(levels, level, at);
      ++level;
      if (is_before(begin, bounds[level].begin)) begin = bounds[level].begin;
      if (is_before(bounds[level].end, end)) end = bounds[level].end;
      if (level == last) {
        for (; is_before(begin, end); ++begin) {
          set_taken(level, store_.at<chain_element>(levels[level], begin).event);
          f();
          if (++found == most) return found;
        }
      }
      walk_[level] = {begin, end};
      // Up, while nothing is left; then sideways.
      while (!is_before(walk_[level].begin, walk_[level].end))
        if (--level == 0) return found;
      at = walk_[level].begin++;
      set_taken(level, store_.at<chain_element>(levels[level], at).event);
    }
  }

  held_events& events_;
  chain_store store_;
  key_slots keys_;
  std::uint16_t rule_;
  std::uint32_t matches_at_once_;
  std::uint32_t stored_at_once_;
  bool bounds_matches_;  // by a number that was given
  std::uint32_t starts_max_;
  std::uint32_t elements_max_;
  std::uint32_t start_count_ = 0;    // over all keys
  std::uint32_t element_count_ = 0;  // starts too
  bool has_timers_;
  bool trim_ = false;
  std::uint64_t prune_before_ = 0;  // sequence; by the skip strategy, when the event is done
  completion completion_;
  std::vector<stretch> walk_;  // by level: what is left of the walk in hand
  std::vector<stretch> pending_bounds_;
  std::vector<expr::taken_event> taken_;  // of the path in hand
  std::vector<std::uint32_t> handles_;    // its held events, by level
  std::vector<std::uint32_t> made_;       // those of matches kept apart from the rings, one behind the other
};

}  // namespace millrace::cep
