#pragma once

#include <millrace/rules/program.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::rules {

/// Bound on the names that patterns have in one run.
inline constexpr std::size_t rule_name_count_max = 65'535;

/// A pattern among those in force.
struct rule_in_force {
  std::shared_ptr<const pattern_rule> rule;  ///< keeps the program that it is from
  std::uint16_t number = 0;                  ///< of its name, in the whole run: what output and counters go by
  std::uint16_t group = 0;                   ///< place in `revision::groups`, and bit of `event_header::route`
  std::uint32_t since = 0;                   ///< revision with which it began, without state
};

/// A key that patterns in force partition by.
struct group_in_force {
  key_group key;  ///< sees no type: no pattern has it any more, and another group may get its place
  std::uint32_t since = 0;
  std::uint64_t window_types =
      0;  ///< event types that windows of this key see; as long as there are, it keeps its place

  [[nodiscard]] std::uint64_t types() const noexcept { return key.types | window_types; }
};

/// Which patterns run, from one position of the event sequence to the next change. A rule that two revisions share is
/// the same pattern with the same state; a pattern that was replaced has the number of the one before and a higher
/// `since`.
///
/// Threads: immutable; any may read.
struct revision {
  std::uint32_t number = 0;                     ///< 0 is what the run began with
  std::shared_ptr<const program> declarations;  ///< events, time and windows: the same in all revisions of a run
  std::vector<rule_in_force> rules;             ///< by number
  std::vector<group_in_force> groups;
  std::vector<std::uint16_t> window_groups;  ///< by place of the window in the declarations: its group
  std::vector<std::string> names;            ///< by rule number, also of patterns that are gone

  /// Time alone can release something: shards must hear of time that passes in others.
  [[nodiscard]] bool released_by_time() const noexcept;
  /// Event types that windows see, and patterns.
  [[nodiscard]] std::uint64_t types_of_windows() const noexcept;
  [[nodiscard]] std::uint64_t types_of_patterns() const noexcept;
  /// The rule of a name; nothing where none is in force.
  [[nodiscard]] const rule_in_force* find(std::string_view name) const noexcept;
};

/// What one revision changes in the one before.
struct rules_change {
  std::shared_ptr<const program> from;  ///< where the patterns of `put` are; may be nothing where there are none
  std::vector<std::string> put;         ///< each is added, or replaces the one of its name and begins without state
  std::vector<std::string> remove;
};

/// Adds or replaces every pattern of a program.
[[nodiscard]] rules_change put_all(std::shared_ptr<const program> from);

/// What a program begins with.
[[nodiscard]] std::shared_ptr<const revision> first_revision(std::shared_ptr<const program> rules);

/// The revision behind `before`. Errors: `error` for a name that is unknown or is said twice, for other event
/// declarations or another `time` than those that run, for too many keys or names.
[[nodiscard]] std::shared_ptr<const revision> next_revision(const revision& before, const rules_change& change);

}  // namespace millrace::rules
