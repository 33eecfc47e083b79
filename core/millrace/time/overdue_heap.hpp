#pragma once

#include <cstdint>
#include <millrace/pool/slab_pool.hpp>

namespace millrace::detail {

/// A timer as the wheel and the heap link it. In a wheel's list `next` and `previous` close a circle; in the
/// heap `previous` is the left neighbour, or the parent of a first child.
struct timer_node {
  std::int64_t deadline_ns;
  std::uint32_t payload;
  std::uint32_t next;
  std::uint32_t previous;
  std::uint32_t child;
  std::uint32_t list;
};

/// Min-heap by deadline, linked through the nodes of a pool: a pairing heap (Fredman, Sedgewick, Sleator,
/// Tarjan 1986), merged in two passes. It needs no array, so that its worst case, every timer overdue, costs
/// no memory.
/// Complexity: insert O(1), pop and erase O(log n) amortised. Allocation: none.
class overdue_heap {
 public:
  [[nodiscard]] bool empty() const noexcept { return root_ == null_handle; }

  /// Requires: not empty.
  [[nodiscard]] std::uint32_t top() const noexcept { return root_; }

  void insert(slab_pool<timer_node>& nodes, std::uint32_t handle) noexcept {
    timer_node& node = nodes[handle];
    node.next = node.previous = node.child = null_handle;
    root_ = root_ == null_handle ? handle : meld(nodes, root_, handle);
  }

  void erase(slab_pool<timer_node>& nodes, std::uint32_t handle) noexcept {
    const std::uint32_t orphans = merge_pairs(nodes, nodes[handle].child);
    if (handle == root_) {
      root_ = orphans;
      return;
    }
    cut(nodes, handle);
    if (orphans != null_handle) root_ = meld(nodes, root_, orphans);
  }

 private:
  /// Both are roots; the larger becomes the first child of the smaller.
  static std::uint32_t meld(slab_pool<timer_node>& nodes, std::uint32_t a, std::uint32_t b) noexcept {
    if (nodes[b].deadline_ns < nodes[a].deadline_ns) {
      const std::uint32_t smaller = b;
      b = a;
      a = smaller;
    }
    timer_node& parent = nodes[a];
    timer_node& child = nodes[b];
    child.next = parent.child;
    child.previous = a;
    if (parent.child != null_handle) nodes[parent.child].previous = b;
    parent.child = b;
    return a;
  }

  static void cut(slab_pool<timer_node>& nodes, std::uint32_t handle) noexcept {
    const timer_node& node = nodes[handle];
    timer_node& before = nodes[node.previous];
    (before.child == handle ? before.child : before.next) = node.next;
    if (node.next != null_handle) nodes[node.next].previous = node.previous;
  }

  static void make_root(timer_node& node) noexcept { node.next = node.previous = null_handle; }

  /// Melds siblings in pairs from the left, then the pairs from the right.
  static std::uint32_t merge_pairs(slab_pool<timer_node>& nodes, std::uint32_t first) noexcept {
    std::uint32_t pairs = null_handle;
    while (first != null_handle) {
      const std::uint32_t second = nodes[first].next;
      const std::uint32_t rest = second == null_handle ? null_handle : nodes[second].next;
      make_root(nodes[first]);
      std::uint32_t merged = first;
      if (second != null_handle) {
        make_root(nodes[second]);
        merged = meld(nodes, first, second);
      }
      nodes[merged].next = pairs;
      pairs = merged;
      first = rest;
    }
    std::uint32_t root = pairs;
    if (root == null_handle) return root;
    std::uint32_t rest = nodes[root].next;
    make_root(nodes[root]);
    while (rest != null_handle) {
      const std::uint32_t next = nodes[rest].next;
      make_root(nodes[rest]);
      root = meld(nodes, rest, root);
      rest = next;
    }
    return root;
  }

  std::uint32_t root_ = null_handle;
};

}  // namespace millrace::detail
