#pragma once

#include <millrace/base/cache_line.hpp>
#include <millrace/cep/automaton.hpp>
#include <millrace/pool/slab_pool.hpp>

#include <cstdint>
#include <limits>

namespace millrace::cep {

/// What a run waits for, as a number: while a node's probe of the event does not pass it, the run stays as it is.
/// Of an order: the probe must be greater; of an equality: the same. See `wake_table`.
using wait_bound = std::int64_t;
inline constexpr wait_bound no_bound = std::numeric_limits<wait_bound>::min() + 1;  ///< every awake node passes it
inline constexpr wait_bound never_passed =
    std::numeric_limits<wait_bound>::max() - 1;  ///< but by an event that asks all

/// Four runs of a key side by side, with all that an event needs to find out that it leaves them as they are.
struct alignas(cache_line_bytes) waiting_leaf {
  static constexpr std::uint32_t capacity = 4;

  wait_bound bounds[capacity];
  std::uint32_t runs[capacity];
  node_id nodes[capacity];
  std::uint32_t next;
  std::uint16_t begin;  ///< the first that is taken
  std::uint16_t end;
};
static_assert(sizeof(waiting_leaf) == cache_line_bytes, "one line tells of four runs");

/// The runs of one key that wait for events, by start. `waiting_runs` has their leaves.
struct waiting_list {
  std::uint32_t head = null_handle;
  std::uint32_t tail = null_handle;

  [[nodiscard]] bool empty() const noexcept { return head == null_handle; }
};

/// A run as it stands in a list.
struct waiting_entry {
  wait_bound bound;
  std::uint32_t run;
  node_id node;
};

/// Memory of the lists of waiting runs: leaves of four in a row, so that an event looks at one line for four runs that
/// it leaves as they are, and at none of the runs.
///
/// No leaf is empty, so there are never more of them than runs in lists: with as many leaves as runs there is always
/// room. Threads: one owner. Allocation: in the constructor. Complexity: O(1).
class waiting_runs {
 public:
  explicit waiting_runs(std::uint32_t runs) : leaves_(runs) {}

  [[nodiscard]] waiting_leaf& leaf(std::uint32_t handle) noexcept { return leaves_[handle]; }
  [[nodiscard]] const waiting_leaf& leaf(std::uint32_t handle) const noexcept { return leaves_[handle]; }

  /// Requires: it is not empty.
  [[nodiscard]] std::uint32_t front(const waiting_list& list) const noexcept {
    const waiting_leaf& first = leaves_[list.head];
    return first.runs[first.begin];
  }

  [[nodiscard]] std::uint32_t back(const waiting_list& list) const noexcept {
    const waiting_leaf& last = leaves_[list.tail];
    return last.runs[last.end - 1];
  }

  void append(waiting_list& list, const waiting_entry& entry) noexcept {
    if (list.empty()) {
      list.head = list.tail = fresh();
    } else if (leaves_[list.tail].end == waiting_leaf::capacity) {
      const std::uint32_t made = fresh();
      leaves_[list.tail].next = made;
      list.tail = made;
    }
    waiting_leaf& last = leaves_[list.tail];
    put(last, last.end++, entry);
  }

  /// Takes the first one off. Requires: it is not empty.
  waiting_entry pop(waiting_list& list) noexcept {
    waiting_leaf& first = leaves_[list.head];
    const std::uint32_t i = first.begin++;
    const waiting_entry entry{first.bounds[i], first.runs[i], first.nodes[i]};
    if (first.begin == first.end) {
      const std::uint32_t next = first.next;
      leaves_.release(list.head);
      list.head = next;
      if (next == null_handle) list.tail = null_handle;
    }
    return entry;
  }

  static void put(waiting_leaf& leaf, std::uint32_t i, const waiting_entry& entry) noexcept {
    leaf.bounds[i] = entry.bound;
    leaf.runs[i] = entry.run;
    leaf.nodes[i] = entry.node;
  }

  /// Cuts a list in front of the run at `i` of `leaf`, of which `before` is the leaf in front; returns the rest.
  [[nodiscard]] waiting_list split(waiting_list& list, std::uint32_t before, std::uint32_t at,
                                   std::uint32_t i) noexcept {
    waiting_list rest{at, list.tail};
    waiting_leaf& cut = leaves_[at];
    if (i == cut.begin) {
      if (before == null_handle) {
        list = {};
      } else {
        leaves_[before].next = null_handle;
        list.tail = before;
      }
      return rest;
    }
    // Both halves have runs, so that there is room for one more leaf.
    const std::uint32_t made = fresh();
    waiting_leaf& kept = leaves_[made];
    for (std::uint32_t each = cut.begin; each < i; ++each)
      put(kept, kept.end++, {cut.bounds[each], cut.runs[each], cut.nodes[each]});
    cut.begin = static_cast<std::uint16_t>(i);
    if (before == null_handle) {
      list.head = made;
    } else {
      leaves_[before].next = made;
    }
    list.tail = made;
    return rest;
  }

  /// Calls `f(run)` for each, oldest first.
  template <class F>
  void each(const waiting_list& list, F&& f) const {
    for (std::uint32_t at = list.head; at != null_handle; at = leaves_[at].next)
      for (std::uint32_t i = leaves_[at].begin; i < leaves_[at].end; ++i) f(leaves_[at].runs[i]);
  }

  [[nodiscard]] std::uint32_t leaf_count() const noexcept { return leaves_.size(); }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept { return leaves_.reserved_bytes(); }

 private:
  [[nodiscard]] std::uint32_t fresh() noexcept {
    const std::uint32_t made = leaves_.try_allocate();
    MILLRACE_ASSERT(made != null_handle);
    waiting_leaf& leaf = leaves_[made];
    leaf.next = null_handle;
    leaf.begin = leaf.end = 0;
    return made;
  }

  slab_pool<waiting_leaf> leaves_;
};

}  // namespace millrace::cep
