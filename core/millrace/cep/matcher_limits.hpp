#pragma once

#include <cstdint>
#include <string_view>

namespace millrace::cep {

/// What happens when a bound on state is met. Each outcome has its counter in `matcher_counters`; none is silent.
enum class full_policy : std::uint8_t {
  /// The partial match that would exceed the bound is not begun or not continued; those that exist stay.
  refuse,
  /// The oldest partial match gives way: of the key where its bound is met, by start; else of the shard,
  /// where a hand that walks round the keys finds an old one in a bounded number of looks. What cannot be made room
  /// for so (a match that is too long, a key that holds nothing else) is refused.
  drop_oldest,
  /// An event whose effect on a pattern and key might not fit has none: the partial matches of that pattern and key
  /// stay as if it had not come, and it is handed out as a dead letter with the bound that it met.
  dead_letter,
};

/// The bounds on state, each with the policy above.
enum class bound : std::uint8_t {
  none,
  runs_per_key,     ///< partial matches of one key, and matches that it holds back
  runs,             ///< the same of a shard, of one pattern
  steps_per_key,    ///< events in the partial matches of one key, shared beginnings counted once
  steps,            ///< the same of a shard, of one pattern
  events,           ///< copies of events in a shard, over all patterns
  match_events,     ///< events in one match
  matches_at_once,  ///< matches that one event completes
  keys,             ///< keys with state in a shard
};

/// Bounds on the state of one matcher. Memory is reserved for all of it, and becomes resident with use. Where partial
/// matches are kept as a set (`matcher_class::chain`), those with the same first event count as one of `runs`, and an
/// event counts once a stage among `steps`; where they are bits of a word (`matcher_class::shift`), once a key.
struct matcher_limits {
  std::uint32_t runs = 1U << 22;          ///< partial matches and complete ones held back
  std::uint32_t steps = 1U << 23;         ///< events in partial matches, shared prefixes counted once
  std::uint32_t partitions = 1U << 20;    ///< keys with state
  std::uint32_t match_events = 1U << 16;  ///< events in one match
  std::uint32_t runs_per_key = 0;         ///< of one key; 0: as many as the shard may have
  std::uint32_t steps_per_key = 0;        ///< of one key; 0: as many as the shard may have
  std::uint32_t matches_at_once = 0;      ///< that one event completes; what is beyond is cut; 0: 2^20, 2^28 of a set
  full_policy when_full = full_policy::refuse;
  /// From so many partial matches on that an event would walk along, those of a key get an index by what they wait for,
  /// where the policy is `refuse`; 0: never. Answers do not depend on it.
  std::uint32_t indexed_runs = 32;

  /// Where each match is stored until it is handed out, and where a set of events stands for all of them.
  [[nodiscard]] constexpr std::uint32_t stored_matches_at_once() const noexcept {
    return matches_at_once != 0 ? matches_at_once : 1U << 20;
  }
  [[nodiscard]] constexpr std::uint32_t listed_matches_at_once() const noexcept {
    return matches_at_once != 0 ? matches_at_once : 1U << 28;
  }

  /// The state of single keys has to be counted.
  [[nodiscard]] constexpr bool counts_keys() const noexcept {
    return runs_per_key != 0 || steps_per_key != 0 || when_full == full_policy::dead_letter;
  }
};

/// As the command line writes it.
[[nodiscard]] constexpr std::string_view name_of(full_policy policy) noexcept {
  switch (policy) {
    case full_policy::refuse: return "refuse";
    case full_policy::drop_oldest: return "drop-oldest";
    case full_policy::dead_letter: return "dead-letter";
  }
  return "";
}

/// What is bounded, as a noun for messages.
[[nodiscard]] constexpr std::string_view name_of(bound which) noexcept {
  switch (which) {
    case bound::none: return "";
    case bound::runs_per_key: return "partial matches of a key";
    case bound::runs: return "partial matches of a pattern in a shard";
    case bound::steps_per_key: return "events in the partial matches of a key";
    case bound::steps: return "events in the partial matches of a pattern in a shard";
    case bound::events: return "events held in a shard";
    case bound::match_events: return "events in one match";
    case bound::matches_at_once: return "matches that one event completes";
    case bound::keys: return "keys with state in a shard";
  }
  return "";
}

}  // namespace millrace::cep
