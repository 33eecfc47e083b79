#pragma once

#include <millrace/cep/held_events.hpp>
#include <millrace/cep/key_directory.hpp>
#include <millrace/cep/number_for.hpp>
#include <millrace/cep/release.hpp>
#include <millrace/cep/state_outline.hpp>
#include <millrace/rules/program.hpp>
#include <millrace/rules/revision.hpp>
#include <millrace/rules/router.hpp>
#include <millrace/rules/rule_board.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace millrace::rules {

/// A match, or a partial match that timed out, while it is handed on.
struct released_match {
  const pattern_rule* rule;
  std::uint32_t rule_index;  ///< number of its name; see `revision`
  const key_group* by;
  std::int64_t at_ns;       ///< when it was released, or timed out
  std::int64_t release_ns;  ///< event time that released it
  std::uint32_t phase;      ///< 0: released by the passing of time; 1: by the event itself
  bool timeout;
  expr::history taken;      ///< its events, in the order of taking; valid during the call
  std::uint64_t count = 1;  ///< for how many it stands, itself among them; see `engine_limits::counts_only`
};

/// What an engine counts. All only grow.
struct engine_counters : cep::matcher_counters {  // over all patterns that ever were in force
  std::uint64_t processed = 0;                    ///< events, each counted in one shard
};

/// An event that changed nothing in one pattern, because a bound on state was met and the policy is `dead_letter`.
struct dead_event {
  const pattern_rule* rule;
  std::uint32_t rule_index;
  cep::bound met;
  const event_header* event;
};

/// Stands where nobody wants dead letters; they are counted all the same.
inline constexpr auto no_dead_letters = [](const dead_event&) {};

/// Another revision's patterns for one engine: everything that they need, allocated off the event path.
/// Threads: `settled` is for any; the rest is the engine's.
class engine_change {
 public:
  engine_change(std::shared_ptr<const revision> to, const engine_limits& limits, cep::held_events& events)
      : board_(std::move(to), limits, events), gone_(board_.of().names.size()) {}

  /// The engine has taken what it needs and given back what has gone: the change may be destroyed.
  [[nodiscard]] bool settled() const noexcept {
    return settled_.load(std::memory_order_acquire);  // S2, pairs with S1
  }

 private:
  friend class engine;

  rule_board board_;                         // before `apply`: what comes; behind it: what goes
  std::vector<cep::matcher_counters> gone_;  // room for the engine's
  engine_change* next_ = nullptr;
  std::size_t given_back_ = 0;  // rules that have nothing left
  std::atomic<bool> settled_{false};
};

/// The patterns of a rules program over the keys of one shard. They may change between two events: patterns that stay
/// keep all their state, others begin without any or go; see `revision`.
///
/// Threads: one owner; `prepare` is for any. Allocation: in the constructor, in `prepare` and in `change`; none an
/// event once warmed up. An engine must stay where it is.
class engine {
 public:
  engine(std::shared_ptr<const program> rules, const engine_limits& limits)
      : engine(first_revision(std::move(rules)), limits) {}
  engine(std::shared_ptr<const revision> rules, const engine_limits& limits);
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

  /// Of how many events `look_ahead` takes note.
  static constexpr std::size_t look_ahead_max = 64;

  /// Starts to load what the events that come next will need: where their keys are looked up, the state of the keys,
  /// the partial matches; each for all events, before the next. So memory is slow once for all of them and not for
  /// each (group prefetching: Chen, Ailamaki, Gibbons, Mowry, "Improving Hash Join Performance through Prefetching",
  /// ICDE 2004). Never needed. Requires: the events have their places in the sequence, and come as they are.
  void look_ahead(std::span<const event_header* const> next) noexcept;

  /// Takes one event of those that the router sends here, or a `time_mark`, in order of time, and hands on what
  /// it releases, in order: what is due by its time, then its own matches, then `dead_event`s.
  template <class HandOn, class OnDead = decltype(no_dead_letters)>
  void process(const event_header& event, HandOn&& hand_on, OnDead&& on_dead = OnDead()) {
    if (going_ != nullptr) [[unlikely]]
      give_back(give_back_steps);
    if (event.type == time_mark) {
      advance_to(event.time_ns);
      return drain(event.time_ns, 0, hand_on);
    }
    if ((event.route & counts_here) != 0) ++processed_;
    if (time_ == time_mode::arrival) advance_to(event.time_ns);
    if (board_.only().rule != nullptr) {
      const cep::partition_id partition = find_partition_of_only(event);
      drain(event.time_ns, 0, hand_on);
      if (partition != null_handle) match_only(partition, event);
    } else {
      find_partitions(event);
      if (time_ != time_mode::arrival) advance_partitions(event);
      drain(event.time_ns, 0, hand_on);
      match(event);
    }
    drain(event.time_ns, 1, hand_on);
    if (releases_.has_dead()) [[unlikely]]
      drain_dead(event, on_dead);
  }

  /// The final watermark: passes every deadline that is still pending, one after another. `before(ns)` hears of each
  /// time that comes, before what it releases is handed on.
  template <class HandOn>
  void finish(HandOn&& hand_on) {
    finish(hand_on, [](std::int64_t) {});
  }
  template <class HandOn, class Before>
  void finish(HandOn&& hand_on, Before&& before) {
    while (going_ != nullptr) give_back(std::numeric_limits<std::uint32_t>::max());
    while (const auto deadline = next_deadline()) {
      // A run may have come to where it is already overdue; time does not go back for it.
      const std::int64_t now_ns = std::max(*deadline, time_ns_);
      before(now_ns);
      move_time(now_ns);
      drain(time_ns_, 0, hand_on);
    }
  }

  /// Makes a change to another revision ready. Each revision of a run is prepared and applied once, in order.
  /// Threads: any. Errors: `error` when memory is refused; the engine is as it was.
  [[nodiscard]] std::unique_ptr<engine_change> prepare(std::shared_ptr<const revision> to) {
    return std::make_unique<engine_change>(std::move(to), limits_, events_);
  }

  /// From the next event on the change's revision is in force. Patterns that go hand nothing on any more; what they
  /// hold is given back bit by bit, with the events to come. Requires: the change stays until it has settled, or the
  /// engine is gone. Allocation: none. Complexity: linear in the patterns, not in keys or partial matches.
  void apply(engine_change& change) noexcept;

  /// `prepare` and `apply` in one, for an engine that has one thread.
  void change(std::shared_ptr<const revision> to);

  /// From now on `watcher` hears of the partial matches of one key, packed as `key_packer` does; of all, where the
  /// group has no key. Requires: the limits ask for single runs and show all events, there is room for the key, and no
  /// event has come.
  void watch(std::size_t group, std::span<const std::byte> key, cep::run_watcher& watcher);

  /// What is in force.
  [[nodiscard]] const revision& in_force() const noexcept { return board_.of(); }

  [[nodiscard]] engine_counters counters() const noexcept;
  /// By rule number, also of patterns that are gone.
  [[nodiscard]] std::vector<cep::matcher_counters> counters_by_rule() const;
  /// Matches and timeouts of one pattern, since it began. Requires: a rule of that number is in force.
  [[nodiscard]] const cep::matcher_counters& counters_of(std::size_t rule_number) const noexcept {
    return board_.rule(rule_number).matcher.counters();
  }

  /// Events of which partial matches hold copies.
  [[nodiscard]] std::uint32_t held_event_count() const noexcept { return events_.size(); }

 private:
  // Partial matches or keys of patterns that go, an event: some cache misses each.
  static constexpr std::uint32_t give_back_steps = 8;

  /// Time moves once for all events of one time: a run that comes to where it is already overdue is over when time
  /// grows, in whichever shard it is.
  void advance_to(std::int64_t now_ns) {
    if (now_ns == time_ns_) return;
    if (now_ns >= next_move_ns_)
      move_time(now_ns);
    else
      time_ns_ = now_ns;
  }
  void move_time(std::int64_t now_ns);
  void find_partitions(const event_header& event);
  /// The same where one rule is in force; none where the event does not concern it.
  [[nodiscard]] cep::partition_id find_partition_of_only(const event_header& event) {
    const auto [rule, index] = board_.only();
    if ((event.route >> index & 1) == 0) return null_handle;
    const glance& seen = glance_of(index, event);
    const std::uint64_t open = seen.sequence == event.sequence ? seen.open : board_.word_of(event);
    const bool awake = board_.wakes_only(open, event.type);
    // Where keys have a time of their own, the event moves it, whatever the pattern thinks of the event.
    if (!awake && time_ == time_mode::arrival) return null_handle;
    rule->matcher.begin_event(rule->kinds.bits_of(open));
    const cep::partition_id found = find_partition(index, board_.groups()[index], event);
    if (time_ != time_mode::arrival && found != null_handle)
      rule->matcher.advance_partition(found, event.time_ns, releases_);
    return awake ? found : null_handle;
  }
  void match_only(cep::partition_id partition, const event_header& event) {
    running_rule& rule = *board_.only().rule;
    events_.pick_up(event);
    rule.matcher.process(partition, event, releases_);
    events_.put_down();
    if (rule.has_deadlines) note_next_move(rule);
  }
  void note_next_move(const running_rule& rule) {
    const std::int64_t next_move_ns = rule.matcher.next_move_ns();
    board_.next_moves_ns()[rule.place] = next_move_ns;
    next_move_ns_ = std::min(next_move_ns_, next_move_ns);
  }
  [[nodiscard]] cep::partition_id find_partition(std::size_t index, running_group& group, const event_header& event) {
    if (!group.directory) return 0;
    const glance& seen = glance_of(index, event);
    const bool was_seen = seen.sequence == event.sequence;
    if (was_seen && seen.partition != null_handle && seen.erasures == group.directory->erasures())
      return seen.partition;
    const auto key = board_.packer().pack(index, event);
    const std::uint64_t hash = was_seen ? seen.hash : cep::key_directory::hash(key);
    const cep::partition_id known = group.directory->find(key, hash);
    return known != null_handle ? known : open_partition(group, {key, hash}, event);
  }
  /// Tells those that are woken of the event in hand.
  void begin_event(running_group& group) noexcept;
  /// Requires: no rule has been asked about the event.
  [[nodiscard]] cep::partition_id open_partition(running_group& group, const cep::new_key& key,
                                                 const event_header& event);
  void advance_partitions(const event_header& event);
  void match(const event_header& event);
  [[nodiscard]] std::optional<std::int64_t> next_deadline() const noexcept;
  void give_back(std::uint32_t steps) noexcept;
  void count_gone(const rule_board& board) noexcept;

  template <class HandOn>
  void drain(std::int64_t release_ns, std::uint32_t phase, HandOn& hand_on) {
    if (releases_.empty()) return;
    releases_.drain([&](const cep::release& r) {
      running_rule& rule = board_.rule(r.rule);
      const auto hand_on_one = [&](expr::history taken, std::uint64_t count) {
        hand_on(released_match{rule.what.rule.get(), r.rule, &board_.key_of(rule), r.at_ns, release_ns, phase,
                               r.timeout, taken, count});
      };
      if (limits_.counts_only)
        rule.matcher.hand_out_counted(r, hand_on_one);
      else
        rule.matcher.hand_out(r, [&](expr::history taken) { hand_on_one(taken, 1); });
    });
  }

  template <class OnDead>
  void drain_dead(const event_header& event, OnDead& on_dead) {
    releases_.drain_dead([&](const cep::dead_letter& d) {
      on_dead(dead_event{board_.rule(d.rule).what.rule.get(), d.rule, d.met, &event});
    });
  }

  /// What `look_ahead` has found out about an event, for one group.
  struct glance {
    static constexpr std::uint64_t no_event = ~std::uint64_t{0};
    std::uint64_t sequence = no_event;
    std::uint64_t hash = 0;
    std::uint64_t open = 0;      // see `rule_board::open_word`
    std::uint64_t erasures = 0;  // of the directory, when the partition was found
    cep::partition_id partition = null_handle;
  };
  static constexpr std::size_t glances_each = 64;  // events, a power of two
  static_assert(look_ahead_max <= glances_each);
  static_assert(look_ahead_max <= foreseen_events<running_group::member>::events_max);
  static constexpr std::uint32_t prefetch_keys_min = 4'096;  // the state of fewer stays in the cache
  static constexpr std::size_t due_rules_max = 8;            // of a group, for keys whose timers fire soon
  /// The state of a key in a rule, that an event to come will need, or time.
  struct needed {
    running_rule* rule;
    cep::partition_id partition;
    std::uint32_t place;
    std::uint64_t possible;  // conditions that may hold for the event; known where there is one rule
  };
  struct first_of_ring {
    const cep::chain_element* element;
    const cep::held_events* events;
  };
  void look_ahead(std::size_t group, std::span<const event_header* const> next) noexcept;
  [[nodiscard]] std::int64_t time_reached_by(std::span<const event_header* const> next) const noexcept;
  void find_due(const running_group& group, std::span<const event_header* const> next) noexcept;
  void prefetch_of_only() noexcept;
  void prefetch_needed() noexcept;
  [[nodiscard]] glance& glance_of(std::size_t group, const event_header& event) noexcept {
    return glances_[group * glances_each + event.sequence % glances_each];
  }

  engine_limits limits_;
  time_mode time_;
  cep::held_events events_;
  rule_board board_;
  cep::releases releases_;
  std::int64_t time_ns_ = std::numeric_limits<std::int64_t>::min();       // that all keys have come to
  std::int64_t next_move_ns_ = std::numeric_limits<std::int64_t>::min();  // no matcher is to do anything before it
  std::uint64_t processed_ = 0;
  std::vector<glance> glances_;  // by group
  std::vector<needed> needed_;   // while `look_ahead` runs, and the following
  std::vector<needed> due_;
  std::vector<first_of_ring> oldest_;
  std::vector<cep::matcher_counters> gone_;  // by number, of patterns that are not in force any more
  engine_change* going_ = nullptr;           // changes whose patterns still hold something, oldest first
  engine_change* going_last_ = nullptr;
  std::vector<std::unique_ptr<engine_change>> own_changes_;
};

}  // namespace millrace::rules
