#pragma once

#include <cstdint>
#include <millrace/base/hash.hpp>
#include <millrace/table/slot_order.hpp>

namespace millrace::detail {

/// What a slot keeps of its neighbours in the tree.
struct tree_links {
  std::uint32_t left = no_slot;
  std::uint32_t right = no_slot;
  std::uint32_t parent = no_slot;
  std::uint32_t priority = 0;
};

/// Slots in order, linked through themselves: a treap (Seidel and Aragon, Algorithmica 1996), whose priorities are
/// hashes of a count, so that the same changes give the same tree. `Slots` has `precedes(a, b)`, a strict order in
/// which no two are equal, and `links(a)`, where a slot keeps its `tree_links`. Threads: one owner. Allocation: none.
/// Complexity: O(log n) expected; O(1) expected to add one that comes last and to remove the first.
class slot_tree {
 public:
  [[nodiscard]] bool empty() const noexcept { return root_ == no_slot; }
  /// `no_slot` when there is none.
  [[nodiscard]] std::uint32_t first() const noexcept { return first_; }
  [[nodiscard]] std::uint32_t last() const noexcept { return last_; }

  template <class Slots>
  void add(const Slots& slots, std::uint32_t slot) noexcept {
    const std::uint32_t parent = parent_for(slots, slot);
    const bool goes_left = parent != no_slot && slots.precedes(slot, parent);
    slots.links(slot) = {no_slot, no_slot, parent, static_cast<std::uint32_t>(hash_word(++count_, 0))};
    if (parent == no_slot)
      root_ = slot;
    else
      (goes_left ? slots.links(parent).left : slots.links(parent).right) = slot;
    if (parent == first_ && (goes_left || parent == no_slot)) first_ = slot;
    if (parent == last_ && !goes_left) last_ = slot;
    while (slots.links(slot).parent != no_slot &&
           slots.links(slots.links(slot).parent).priority < slots.links(slot).priority)
      lift(slots, slot);
  }

  /// Requires: the slot is in the tree.
  template <class Slots>
  void remove(const Slots& slots, std::uint32_t slot) noexcept {
    if (slot == first_) first_ = next(slots, slot);
    if (slot == last_) last_ = previous(slots, slot);
    for (;;) {
      const tree_links& of = slots.links(slot);
      if (of.left == no_slot || of.right == no_slot) break;
      lift(slots, slots.links(of.left).priority > slots.links(of.right).priority ? of.left : of.right);
    }
    const tree_links gone = slots.links(slot);
    const std::uint32_t heir = gone.left != no_slot ? gone.left : gone.right;
    if (heir != no_slot) slots.links(heir).parent = gone.parent;
    replace_child(slots, gone.parent, slot, heir);
  }

  /// The one behind it; `no_slot` behind the last.
  template <class Slots>
  [[nodiscard]] std::uint32_t next(const Slots& slots, std::uint32_t slot) const noexcept {
    return neighbour<&tree_links::right, &tree_links::left>(slots, slot);
  }
  template <class Slots>
  [[nodiscard]] std::uint32_t previous(const Slots& slots, std::uint32_t slot) const noexcept {
    return neighbour<&tree_links::left, &tree_links::right>(slots, slot);
  }

  /// The first slot for which `is_behind(slot)` holds; it holds for all behind one for which it does.
  template <class Slots, class IsBehind>
  [[nodiscard]] std::uint32_t first_where(const Slots& slots, IsBehind&& is_behind) const noexcept {
    std::uint32_t found = no_slot;
    for (std::uint32_t at = root_; at != no_slot;) {
      const bool behind = is_behind(at);
      if (behind) found = at;
      at = behind ? slots.links(at).left : slots.links(at).right;
    }
    return found;
  }

 private:
  template <class Slots>
  [[nodiscard]] std::uint32_t parent_for(const Slots& slots, std::uint32_t slot) const noexcept {
    if (last_ != no_slot && slots.precedes(last_, slot)) return last_;
    std::uint32_t parent = no_slot;
    for (std::uint32_t at = root_; at != no_slot;) {
      parent = at;
      at = slots.precedes(slot, at) ? slots.links(at).left : slots.links(at).right;
    }
    return parent;
  }

  template <class Slots>
  void replace_child(const Slots& slots, std::uint32_t parent, std::uint32_t child, std::uint32_t by) noexcept {
    if (parent == no_slot)
      root_ = by;
    else
      (slots.links(parent).left == child ? slots.links(parent).left : slots.links(parent).right) = by;
  }

  /// Turns the slot and its parent, so that it stands above it.
  template <class Slots>
  void lift(const Slots& slots, std::uint32_t slot) noexcept {
    tree_links& of = slots.links(slot);
    const std::uint32_t parent = of.parent;
    tree_links& above = slots.links(parent);
    std::uint32_t& inner = above.left == slot ? of.right : of.left;
    (above.left == slot ? above.left : above.right) = inner;
    if (inner != no_slot) slots.links(inner).parent = parent;
    inner = parent;
    replace_child(slots, above.parent, parent, slot);
    of.parent = above.parent;
    above.parent = slot;
  }

  template <std::uint32_t tree_links::*towards, std::uint32_t tree_links::*away, class Slots>
  static std::uint32_t neighbour(const Slots& slots, std::uint32_t slot) noexcept {
    if (std::uint32_t at = slots.links(slot).*towards; at != no_slot) {
      while (slots.links(at).*away != no_slot) at = slots.links(at).*away;
      return at;
    }
    std::uint32_t parent = slots.links(slot).parent;
    while (parent != no_slot && slots.links(parent).*towards == slot) {
      slot = parent;
      parent = slots.links(parent).parent;
    }
    return parent;
  }

  std::uint32_t root_ = no_slot;
  std::uint32_t first_ = no_slot;
  std::uint32_t last_ = no_slot;
  std::uint64_t count_ = 0;
};

}  // namespace millrace::detail
