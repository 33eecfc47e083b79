#pragma once

#include <millrace/cep/automaton.hpp>
#include <millrace/cep/condition_memo.hpp>
#include <millrace/cep/matcher_limits.hpp>
#include <millrace/cep/wait_bound.hpp>
#include <millrace/cep/waiting_index.hpp>

#include <cstdint>
#include <vector>

namespace millrace::cep {

/// Finds out, by what an event alone tells of a pattern's conditions, which partial matches it may change: of most
/// events, few. A run waits on as it is where one edge leads back to its node and is open, and all others are closed;
/// that may hold whatever the run has taken (its node is asleep), or as long as one comparison with what it has taken
/// fails (its node compares). A node with a condition whose evaluation is counted when it fails is never one of these.
///
/// What follows from the conditions' bits is worked out once for each set of bits that comes, and kept.
/// Threads: one owner. Allocation: in the constructor. Complexity: O(1) an event, linear in the edges for new bits.
class wake_table {
 public:
  /// A node that compares, by a condition.
  struct comparing {
    node_id node;
    condition_id by;
    condition_id probes_like;
    const edge* then;  ///< what a run takes that meets the condition, see `outlook::sure`
  };
  /// What bits mean.
  struct outlook {
    condition_bits bits;
    bool is_known = false;
    bool may_start = true;
    bool has_equality = false;
    const edge* start = nullptr;         // the one edge that a match begins by; null: look at all
    std::vector<const edge*> sure;       // by node: the one edge that a run that passes takes; null: look at all
    std::vector<node_probe> nodes;       // of those that compare, the event's number is still to be put in
    std::vector<comparing> comparisons;  // never more than there are nodes
  };

  wake_table(const automaton& of, const std::vector<condition_facts>& facts);

  /// Of bits where every condition that can be settled is.
  [[nodiscard]] outlook& of(const condition_bits& bits) noexcept {
    outlook& known = outlooks_[place_of(bits)];
    if (!known.is_known || known.bits.known != bits.known || known.bits.holds != bits.holds ||
        known.bits.depends != bits.depends) [[unlikely]]
      work_out(bits, known);
    return known;
  }

  /// Conditions that may be evaluated whether they are asked for or not.
  [[nodiscard]] std::uint64_t to_settle() const noexcept { return to_settle_; }
  /// By which condition a node's runs may compare; none: `none_compares`.
  [[nodiscard]] condition_id compares_by(node_id node) const noexcept { return compares_by_[node]; }
  static constexpr condition_id none_compares = static_cast<condition_id>(~0U);
  /// What each node's runs wait for.
  [[nodiscard]] std::vector<wait_kind> wait_kinds() const;
  /// Whether many runs of a key may have an index: where an event takes runs out and puts others in at any place, and
  /// nothing else but expiry of the oldest does.
  [[nodiscard]] static bool may_index(const automaton& of, const matcher_limits& limits) noexcept {
    return limits.indexed_runs != 0 && limits.when_full == full_policy::refuse && !of.may_duplicate && !of.has_gaps &&
           of.nodes.size() <= waiting_index::nodes_max;
  }

 private:
  /// An edge, where each clause of its guard is one literal.
  struct edge_masks {
    std::uint64_t must = 0;
    std::uint64_t must_not = 0;
    bool is_simple = true;
    bool leads_back = false;  // waits at its node
    bool takes = false;

    [[nodiscard]] bool is_open(std::uint64_t yes, std::uint64_t no) const noexcept {
      return is_simple && (must & ~yes) == 0 && (must_not & ~no) == 0;
    }
    [[nodiscard]] bool is_closed(std::uint64_t yes, std::uint64_t no) const noexcept {
      return ((must & no) | (must_not & yes)) != 0;
    }
  };
  static constexpr std::size_t outlook_count = 64;

  static std::size_t place_of(const condition_bits& bits) noexcept {
    const std::uint64_t mixed =
        (bits.holds * 0x9e37'79b9'7f4a'7c15 + bits.depends) * 0xd6e8'feb8'6659'fd93 + bits.known;
    return static_cast<std::size_t>((mixed * 0x9e37'79b9'7f4a'7c15) >> 58);
  }

  [[nodiscard]] edge_masks masks_of(guard g) const;
  [[nodiscard]] const edge* only_edge(node_id at, std::uint64_t yes, std::uint64_t no) const noexcept;
  [[nodiscard]] bool waits_on(node_id at, std::uint64_t yes, std::uint64_t no) const noexcept;
  void work_out(const condition_bits& bits, outlook& into) const noexcept;

  const automaton& of_;
  std::vector<edge_masks> edges_;   // as the automaton's
  std::vector<edge_masks> finals_;  // as the automaton's
  std::vector<condition_id> compares_by_;
  std::vector<condition_id> probes_like_;  // by condition
  std::vector<std::uint8_t> is_equality_;  // of the node's comparison
  std::vector<std::uint8_t> can_wait_;     // by node: it has no condition whose evaluation is counted
  std::uint64_t to_settle_ = 0;
  std::vector<outlook> outlooks_;
};

}  // namespace millrace::cep
