#pragma once

#include <millrace/cep/automaton.hpp>
#include <millrace/cep/wait_bound.hpp>
#include <millrace/pool/reservation.hpp>
#include <millrace/pool/slab_pool.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace millrace::cep {

/// Finds, among the many runs of a key that wait, those that an event may change: by what they wait for, without a
/// look at the others. Of nodes that wait for a number to be passed, the runs form a heap by that number; of those
/// that wait for one to be met, a hash table; of the others, a list.
///
/// The heaps are randomised meldable heaps (Gambin, Malinowski, 1998): a run leaves from anywhere in O(log n) expected,
/// and those below a number are found from the root by a walk that ends wherever it meets one that is not.
///
/// Threads: one owner. Allocation: in the constructor; memory becomes resident with use. Complexity: a hash table's
/// runs O(1) expected, a heap's as above; finding is linear in the nodes in use and in what is found.
class waiting_index {
 public:
  /// Of patterns with more nodes nothing is indexed: an event would have to ask each node.
  static constexpr std::size_t nodes_max = 64;
  /// Indexes nothing.
  waiting_index() = default;
  /// `indexes`: that there may be at once. `nodes`: what the runs at each wait for; at most `nodes_max`.
  waiting_index(std::uint32_t runs, std::uint32_t indexes, std::vector<wait_kind> nodes);

  [[nodiscard]] bool indexes_nothing() const noexcept { return nodes_.empty(); }

  /// An index without runs; `null_handle` where there are as many as may be.
  [[nodiscard]] std::uint32_t try_open() noexcept;
  /// Requires: it has no runs.
  void close(std::uint32_t index) noexcept;
  [[nodiscard]] std::uint64_t size(std::uint32_t index) const noexcept { return head_of(index).size; }

  void add(std::uint32_t index, std::uint32_t run, std::uint32_t leaf, node_id node, wait_bound bound) noexcept;
  void remove(std::uint32_t run) noexcept;
  /// Removes all. Complexity: O(runs that wait for an equality).
  void clear(std::uint32_t index) noexcept;
  /// The run lies in another leaf from now on.
  void move(std::uint32_t run, std::uint32_t leaf) noexcept { entries()[run].leaf = leaf; }
  [[nodiscard]] std::uint32_t leaf_of(std::uint32_t run) const noexcept { return entries()[run].leaf; }

  /// Appends to `found` the runs that pass their nodes' probes, in no order.
  void find(std::uint32_t index, std::span<const node_probe> probes, std::vector<std::uint32_t>& found) const;

  [[nodiscard]] std::size_t reserved_bytes() const noexcept {
    return entries_.bytes() + buckets_.bytes() + heads_.reserved_bytes();
  }

 private:
  /// Of a run. Links are of runs: in a heap up, left and right; in a bucket or a list back and on. Those of an equality
  /// are in a list of their node, too, for events that ask all.
  struct entry {
    wait_bound bound;
    std::uint32_t index;
    std::uint32_t leaf;
    std::uint32_t links[3];
    std::uint32_t back;  // in the list of a node
    std::uint32_t on;
    node_id node;
    std::uint16_t unused;
  };
  enum : std::uint8_t { up, left, right };
  enum : std::uint8_t { previous, following };

  /// Of an index; behind it, a root for each node.
  struct head {
    std::uint64_t used;  // bit set of nodes that have runs
    std::uint64_t size;
  };

  [[nodiscard]] entry* entries() const noexcept { return reinterpret_cast<entry*>(entries_.data()); }
  [[nodiscard]] std::uint32_t* buckets() const noexcept { return reinterpret_cast<std::uint32_t*>(buckets_.data()); }
  [[nodiscard]] head& head_of(std::uint32_t index) noexcept { return *reinterpret_cast<head*>(heads_[index]); }
  [[nodiscard]] const head& head_of(std::uint32_t index) const noexcept {
    return *reinterpret_cast<const head*>(heads_[index]);
  }
  [[nodiscard]] std::uint32_t* roots_of(std::uint32_t index) const noexcept {
    return reinterpret_cast<std::uint32_t*>(const_cast<std::byte*>(heads_[index]) + sizeof(head));
  }
  /// What a bucket holds counts from 1: fresh memory is zero, which is none.
  [[nodiscard]] std::uint32_t& bucket_of(std::uint32_t index, node_id node, wait_bound bound) const noexcept;

  void leave_bucket(const entry& gone) noexcept;
  void link(std::uint32_t& root, std::uint32_t run) noexcept;
  void unlink(std::uint32_t& root, std::uint32_t run) noexcept;
  void hang(std::uint32_t run, std::uint32_t below, std::uint8_t side, std::uint32_t& root) noexcept;
  void meld(std::uint32_t a, std::uint32_t b, std::uint32_t below, std::uint8_t side, std::uint32_t& root) noexcept;
  [[nodiscard]] std::uint8_t draw_side() noexcept;

  std::vector<wait_kind> nodes_;
  reservation entries_;
  reservation buckets_;
  std::uint64_t bucket_mask_ = 0;
  byte_slab_pool heads_{1, 1};
  std::uint64_t random_ = 0x9e37'79b9'7f4a'7c15;
};

}  // namespace millrace::cep
