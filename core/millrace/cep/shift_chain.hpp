#pragma once

#include <millrace/cep/chain.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace millrace::cep {

/// A chain whose partial matches stand side by side: of those of one key, the one that has taken `n` events has taken
/// the last `n`. Such are strict chains, where each event must be the key's next; and counts, where all links have one
/// condition and wait for it, over the events that meet it. Then at most one partial match of a key has any length, all
/// of them are the bits of one word, and an event shifts it (see `shift_matcher`).
struct shift_chain {
  static constexpr std::size_t links_max = 32;

  std::vector<guard> takes;
  std::vector<stage_id> stages;
  bool counts = false;             ///< all links have one condition, and events that do not meet it change nothing
  std::uint32_t kept_behind = 0;   ///< partial matches that a match leaves by the skip strategy: bit n - 1 for n events
  bool reads_history = false;      ///< a condition does
  bool misses_skip_stage = false;  ///< the skip strategy names a stage that takes no event
};

/// The chain as such a one; nothing where it is none.
[[nodiscard]] std::optional<shift_chain> shift_chain_of(const automaton& of, const chain& links);

/// How an automaton begins that is no such chain as a whole.
struct shift_prefix {
  shift_chain links;
  node_id behind = 0;  ///< where partial matches wait that have taken all of it
};

/// The longest beginning of two events or more that is such a chain; nothing where there is none, or partial matches
/// are told of one by one.
[[nodiscard]] std::optional<shift_prefix> shift_prefix_of(const automaton& of, const reads_history& reads);

}  // namespace millrace::cep
