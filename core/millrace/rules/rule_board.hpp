#pragma once

#include <millrace/cep/held_events.hpp>
#include <millrace/cep/key_directory.hpp>
#include <millrace/cep/pattern_matcher.hpp>
#include <millrace/cep/running_matcher.hpp>
#include <millrace/pool/spread_objects.hpp>
#include <millrace/rules/conditions.hpp>
#include <millrace/rules/foreseen_events.hpp>
#include <millrace/rules/revision.hpp>
#include <millrace/rules/router.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace millrace::rules {

/// Bounds on the state of one shard.
struct engine_limits {
  cep::matcher_limits matcher;  ///< of each pattern
  cep::class_choice classes = cep::class_choice::fastest;
  std::uint32_t events = 1U << 20;  ///< copies of events that partial matches hold, over all patterns
  bool counts_only = false;         ///< one match is handed on for all that an event completes with one beginning
  bool shows_all = false;           ///< patterns see events that they have no use for too: for watchers
};

/// A pattern in a shard, with all its state.
struct running_rule {
  running_rule(const rule_in_force& from, bool keyed, bool joins, const engine_limits& limits,
               cep::held_events& events);

  rule_in_force what;
  std::uint32_t place = 0;  ///< in the board
  open_conditions open;     ///< what the board's index says of its conditions
  condition_kinds kinds;    ///< of its conditions
  bool has_deadlines;       ///< time may have something to do in it
  cep::running_matcher<cep::pattern_matcher<condition_programs>> matcher;
};

using running_rule_ptr = spread_objects<running_rule>::pointer;

/// A key group in a shard: its keys, and the rules over them.
struct running_group {
  struct member {
    std::uint64_t types;  // that the rule sees
    running_rule* rule;
    std::uint32_t place;  // in the board
  };
  std::unique_ptr<cep::key_directory> directory;  // none: one partition in all
  std::vector<member> members;
  std::vector<std::vector<member>> always_awake;  // by event type
  std::vector<member> room;                       // for those that are woken
  std::span<const member> woken;                  // those that the event in hand may concern
  bool begun = false;                             // they have been told of it
  cep::partition_id partition = null_handle;      // of the event in hand
  cep::partition_id watched = null_handle;        // never given to another key
};

/// What one revision runs in one shard. Every container has its size or its room when it is made, so that taking over
/// from the board before allocates nothing.
///
/// Threads: made by any, used by the shard's.
class rule_board {
 public:
  /// With what `of` begins; what it shares with the revision before is missing until `take_over`.
  /// Errors: `error` when memory is refused.
  rule_board(std::shared_ptr<const revision> of, const engine_limits& limits, cep::held_events& events);

  /// Takes rules and groups that stay from the board before, which keeps those that go. Complexity: linear in the
  /// rules, whatever state they have.
  void take_over(rule_board& before) noexcept;

  /// Fills `running_group::woken` for an event, and makes what the index says of it known to conditions. Complexity: a
  /// look-up a field that conditions compare, and the rules that are woken: a pattern that passes over events that it
  /// has no use for sleeps until one of its conditions may hold. Nearly all of that was done where it was foreseen.
  void wake(const event_header& event) noexcept {
    if (foreseen_.has(event)) return wake_foreseen(event);
    index_.select(event, open_.data());
    wake_open(event.type);
  }

  /// Finds out beforehand what `wake` does. Requires: the event comes as it is.
  void foresee(const event_header& event) noexcept;
  /// Whether `woken_by` names all that `wake` will wake.
  [[nodiscard]] bool knows_woken(const event_header& event, std::size_t group) const noexcept {
    return foreseen_.has(event) && foreseen_.names_all(foreseen_.slot_of(event), group);
  }
  /// The rules of a group that an event will wake; none where that is not known.
  [[nodiscard]] std::span<const running_group::member> woken_by(const event_header& event,
                                                                std::size_t group) const noexcept {
    if (!knows_woken(event, group)) return {};
    return foreseen_.members(foreseen_.slot_of(event), group);
  }
  /// Whether it is known that an event wakes no rule of a group.
  [[nodiscard]] bool wakes_none(const event_header& event, std::size_t group) const noexcept {
    return knows_woken(event, group) && foreseen_.members(foreseen_.slot_of(event), group).empty();
  }

  /// Where what the index says of an event fits one word: that word, to be given to `wakes_only`.
  [[nodiscard]] std::uint64_t word_of(const event_header& event) const noexcept { return index_.select_word(event); }
  [[nodiscard]] bool wakes_none(std::uint64_t open) const noexcept {
    return (open & wakes_.front()) == 0 && always_awake_.empty();
  }

  /// Where one rule is in force and no more: the rule and its group. Then `running_group::woken` is always that rule,
  /// and `wakes_only` tells whether an event concerns it.
  struct only_rule {
    running_rule* rule = nullptr;  ///< none: there are more, or none
    std::size_t group = 0;
  };
  [[nodiscard]] const only_rule& only() const noexcept { return only_; }
  /// Makes known what the index says. Requires: one rule.
  [[nodiscard]] bool wakes_only(std::uint64_t open, event_type type) noexcept {
    open_.front() = open;
    return (open & wakes_.front()) != 0 || (only_awake_types_ >> type & 1) != 0;
  }

  [[nodiscard]] const revision& of() const noexcept { return *of_; }
  [[nodiscard]] key_packer& packer() noexcept { return packer_; }
  [[nodiscard]] std::vector<running_rule_ptr>& rules() noexcept { return rules_; }
  [[nodiscard]] const std::vector<running_rule_ptr>& rules() const noexcept { return rules_; }
  [[nodiscard]] std::vector<running_group>& groups() noexcept { return groups_; }
  /// By place, before which time a rule's matcher has nothing to do; it may have less than that.
  [[nodiscard]] std::vector<std::int64_t>& next_moves_ns() noexcept { return next_moves_ns_; }
  /// By place: where a rule's matcher keeps what it knows of keys.
  [[nodiscard]] const cep::state_outline& outline(std::uint32_t place) const noexcept { return outlines_[place]; }
  /// Requires: a rule of that number is in force.
  [[nodiscard]] running_rule& rule(std::size_t number) const noexcept { return *rules_[place_of_[number]]; }
  [[nodiscard]] const key_group& key_of(const running_rule& rule) const noexcept {
    return of_->groups[rule.what.group].key;
  }

 private:
  /// What waking a rule takes, side by side.
  struct sleeper {
    running_group::member member;
    std::uint32_t group;
    std::uint32_t bits_end;  // of its conditions
  };

  [[nodiscard]] bool fits_word() const noexcept { return open_.size() == 1; }
  void join_groups() noexcept;
  void build_index(bool shows_all);
  void wake_foreseen(const event_header& event) noexcept;
  void wake_open(event_type type) noexcept;
  /// Calls `f(group, member)` for each rule that sleeps until some of these bits are set.
  template <class F>
  void each_sleeper(const std::uint64_t* open, event_type type, F&& f) const noexcept;

  std::shared_ptr<const revision> of_;
  key_packer packer_;
  std::vector<running_rule_ptr> rules_;  // as in the revision
  std::vector<std::uint32_t> place_of_;  // in `rules_`, by rule number
  std::vector<std::int64_t> next_moves_ns_;
  std::vector<running_group> groups_;
  // Over the conditions of all rules, by place; a rule's stand side by side.
  expr::condition_index index_;
  std::vector<std::uint64_t> open_;          // of the event in hand
  std::vector<std::uint64_t> wakes_;         // bits that wake their rule
  std::vector<std::uint32_t> place_of_bit_;  // in `rules_`
  std::vector<sleeper> sleepers_;            // by place
  std::vector<cep::state_outline> outlines_;
  foreseen_events<running_group::member> foreseen_;
  std::vector<std::size_t> first_bit_;       // by place, and one behind the last
  std::vector<std::uint32_t> always_awake_;  // places
  only_rule only_;
  std::uint64_t only_awake_types_ = 0;  // types for which it is always awake
};

}  // namespace millrace::rules
