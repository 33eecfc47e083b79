#pragma once

#include <millrace/base/cache_line.hpp>
#include <millrace/cep/automaton.hpp>
#include <millrace/cep/wait_bound.hpp>
#include <millrace/cep/waiting_index.hpp>
#include <millrace/pool/reservation.hpp>
#include <millrace/pool/slab_pool.hpp>

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace millrace::cep {

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
  std::uint32_t index = null_handle;

  [[nodiscard]] bool empty() const noexcept { return head == null_handle; }
  [[nodiscard]] bool is_indexed() const noexcept { return index != null_handle; }
};

/// A run as it stands in a list.
struct waiting_entry {
  wait_bound bound;
  std::uint32_t run;
  node_id node;
};

/// Memory of the lists of waiting runs: leaves of four in a row, so that an event looks at one line for four runs that
/// it leaves as they are, and at none of the runs. A list of very many may have an index (`waiting_index`), so that an
/// event finds those that it may change; such a list knows of each leaf the one in front and where it stands.
///
/// No leaf is empty, but for one while what a run becomes is put in its place: with one leaf more than runs there is
/// always room. Threads: one owner. Allocation: in the constructor, and in `allow_indexes`. Complexity: O(1), where
/// nothing else is said; of a list with an index, what that takes.
class waiting_runs {
 public:
  /// Where a run stands.
  struct place {
    std::uint32_t leaf;
    std::uint32_t slot;
  };

  explicit waiting_runs(std::uint32_t runs) : runs_(runs), leaves_(runs + (runs < null_handle - 1 ? 1 : 0)) {}

  /// From now on lists of at least `runs_min` runs may have indexes. `nodes`: what the runs at each wait for.
  void allow_indexes(std::uint32_t runs_min, std::vector<wait_kind> nodes);

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
    if (list.is_indexed()) [[unlikely]]
      return append_indexed(list, entry);
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
    const waiting_entry entry = entry_of(first, i);
    if (list.is_indexed()) [[unlikely]]
      index_.remove(entry.run);
    if (first.begin == first.end) remove_first_leaf(list);
    return entry;
  }

  [[nodiscard]] static waiting_entry entry_of(const waiting_leaf& leaf, std::uint32_t i) noexcept {
    return {leaf.bounds[i], leaf.runs[i], leaf.nodes[i]};
  }
  static void put(waiting_leaf& leaf, std::uint32_t i, const waiting_entry& entry) noexcept {
    leaf.bounds[i] = entry.bound;
    leaf.runs[i] = entry.run;
    leaf.nodes[i] = entry.node;
  }

  /// Cuts a list without an index in front of the run at `i` of `leaf`, of which `before` is the leaf in front; returns
  /// the rest.
  [[nodiscard]] waiting_list split(waiting_list& list, std::uint32_t before, std::uint32_t at,
                                   std::uint32_t i) noexcept {
    waiting_list rest{at, list.tail, null_handle};
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
    for (std::uint32_t each = cut.begin; each < i; ++each) put(kept, kept.end++, entry_of(cut, each));
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

  // --- lists with an index ------------------------------------------------------------------------------

  /// A walk along so many leaves of runs that wait on is worth an index, where there may be any.
  [[nodiscard]] bool wants_index(std::uint32_t leaves) const noexcept { return leaves >= leaves_min_; }
  /// Gives a list that has none an index, where there is one left. Complexity: O(n log n).
  void try_index(waiting_list& list) noexcept;
  /// Takes it away. Complexity: O(n).
  void drop_index(waiting_list& list) noexcept;
  /// So few runs are left that an index does not pay.
  [[nodiscard]] bool is_small(const waiting_list& list) const noexcept {
    return index_.size(list.index) < runs_min_ / 4;
  }

  /// The runs that pass their nodes' probes, by where they stand; false, and in no order, where these are a quarter of
  /// all or more, so that a walk along the list costs less.
  [[nodiscard]] bool try_find(const waiting_list& list, std::span<const node_probe> probes,
                              std::vector<std::uint32_t>& found);
  [[nodiscard]] place place_of(std::uint32_t run) const noexcept;
  [[nodiscard]] waiting_entry entry(const place& at) const noexcept { return entry_of(leaves_[at.leaf], at.slot); }
  /// Puts in the place of a run what became of it, the same one.
  void change(const waiting_list& list, const place& at, const waiting_entry& entry) noexcept;
  /// From now on nothing finds the run at a place, which may be somebody else; `replace` must follow.
  void forget(const place& at) noexcept { index_.remove(leaves_[at.leaf].runs[at.slot]); }
  /// Puts in the place of a forgotten run those of a list, which may be empty.
  void replace(waiting_list& list, place at, waiting_list& by) noexcept;

  [[nodiscard]] std::uint32_t leaf_count() const noexcept { return leaves_.size(); }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept {
    return leaves_.reserved_bytes() + positions_.bytes() + index_.reserved_bytes();
  }
  /// Bytes that a run takes here.
  [[nodiscard]] std::size_t bytes_each() const noexcept { return reserved_bytes() / runs_; }

 private:
  /// Where a leaf of a list with an index stands. Labels ascend, with room between them (the order maintenance of
  /// Dietz, 1982, with the simplest relabelling: all of the list, when room is out).
  struct position {
    std::uint64_t label;
    std::uint32_t before;
    std::uint32_t unused;
  };
  static constexpr std::uint64_t label_step = std::uint64_t{1} << 20;
  static constexpr std::uint64_t label_max = std::uint64_t{1} << 61;  // two more bits tell the slot

  [[nodiscard]] position& position_of(std::uint32_t leaf) const noexcept {
    return reinterpret_cast<position*>(positions_.data())[leaf];
  }
  void remove_first_leaf(waiting_list& list) noexcept {
    const std::uint32_t next = leaves_[list.head].next;
    leaves_.release(list.head);
    list.head = next;
    if (next == null_handle) list.tail = null_handle;
    if (!list.is_indexed()) return;
    if (next != null_handle)
      position_of(next).before = null_handle;
    else
      index_.close(std::exchange(list.index, null_handle));
  }
  void append_indexed(waiting_list& list, const waiting_entry& entry) noexcept;
  void label_all(const waiting_list& list) noexcept;
  [[nodiscard]] std::uint32_t fresh_behind(waiting_list& list, std::uint32_t leaf) noexcept;
  void put_indexed(const waiting_list& list, const place& at, const waiting_entry& entry) noexcept;
  [[nodiscard]] place room_behind(waiting_list& list, place at) noexcept;
  void erase(waiting_list& list, const place& at) noexcept;
  static void copy(const waiting_leaf& from, std::uint32_t i, waiting_leaf& to, std::uint32_t j) noexcept {
    put(to, j, entry_of(from, i));
  }

  [[nodiscard]] std::uint32_t fresh() noexcept {
    const std::uint32_t made = leaves_.try_allocate();
    MILLRACE_ASSERT(made != null_handle);
    waiting_leaf& leaf = leaves_[made];
    leaf.next = null_handle;
    leaf.begin = leaf.end = 0;
    return made;
  }

  std::uint32_t runs_;
  slab_pool<waiting_leaf> leaves_;
  std::uint32_t runs_min_ = 0;
  std::uint32_t leaves_min_ = null_handle;
  reservation positions_;
  waiting_index index_;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> sorted_;  // by where they stand, those that were found
};

}  // namespace millrace::cep
