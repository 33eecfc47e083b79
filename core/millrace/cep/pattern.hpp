#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace millrace::cep {

/// Names a condition in the set that a matcher is given. The pattern knows conditions by number only, so that
/// the same automaton comes out of typed C++ and of text.
using condition_id = std::uint16_t;

/// Every event fits.
inline constexpr condition_id no_condition = 0xFFFF;

/// How a stage follows the one before it.
enum class link : std::uint8_t {
  next,      ///< strict: the very next event of the partition
  then,      ///< relaxed: events that do not fit are skipped
  then_any,  ///< non-deterministic: also branches past events that fit
  not_next,  ///< the very next event must not fit
  not_then,  ///< no event that fits before the next stage, or before `within` ends when it is the last
};

/// How the events inside a loop follow each other.
enum class contiguity : std::uint8_t { strict, relaxed, any };

/// How often a stage or group is met.
struct quantifier {
  std::uint32_t least = 1;
  std::uint32_t most = 1;  ///< ignored where `unbounded`
  bool counted = false;    ///< written with {n}, {n,m}, {n,}, + or *
  bool unbounded = false;
  bool optional = false;
  bool from_zero = false;  ///< optional because it was written {0,n}
  bool greedy = false;
  contiguity inner = contiguity::relaxed;
  bool inner_given = false;

  friend bool operator==(const quantifier&, const quantifier&) = default;
};

/// Bounds on what a pattern may say, so that its automaton stays small.
inline constexpr std::uint32_t repetition_max = 1'000;
inline constexpr std::size_t state_count_max = 4'096;
inline constexpr std::size_t condition_count_max = 1'024;

/// One stage, or several when `members` is not empty: a group of stages in a row, or stages in any order.
struct stage {
  std::string name;  ///< empty where there are members
  cep::link link = cep::link::next;
  cep::quantifier quantifier;
  condition_id condition = no_condition;
  condition_id until = no_condition;
  std::optional<std::int64_t> gap_ns;  ///< bound on the time since the event taken before
  bool any_order = false;              ///< each member is met once or a counted number of times, in any order
  std::vector<stage> members;

  [[nodiscard]] bool is_group() const noexcept { return !any_order && !members.empty(); }
  [[nodiscard]] bool is_negated() const noexcept { return link == cep::link::not_next || link == cep::link::not_then; }
};

/// What happens to other partial matches when a match is handed out (Flink's after-match skip strategies).
enum class skip_strategy : std::uint8_t { none, next, past_last, to_first, to_last };

/// What to look for: the description that the automaton is compiled from.
struct pattern {
  std::string name;
  std::vector<stage> stages;
  std::int64_t within_ns = 0;   ///< bound from first to last event, exclusive; 0: none
  std::int64_t between_ns = 0;  ///< bound between each event and the one taken before it, exclusive; 0: none
  skip_strategy skip = skip_strategy::none;
  std::string skip_to;  ///< stage of to_first and to_last
  bool reports_timeouts = false;
};

}  // namespace millrace::cep
