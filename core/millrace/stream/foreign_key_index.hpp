#pragma once

#include <cstddef>
#include <cstdint>
#include <millrace/pool/slab_pool.hpp>
#include <millrace/table/growing_table.hpp>

namespace millrace::stream::detail {

/// Which keys name a foreign key, in the order in which they came to name it. A key names one at a time.
/// Threads: one owner. Allocation: in the constructor. Complexity: O(1) expected a change; a walk is linear in the
/// keys. Full is false.
template <class Key, class ForeignKey>
class foreign_key_index {
 public:
  explicit foreign_key_index(std::uint32_t keys_max) : members_(keys_max), handles_(keys_max), lists_(keys_max) {}

  /// Requires: the key names none.
  [[nodiscard]] bool try_add(const Key& key, const ForeignKey& foreign) noexcept {
    const std::uint32_t added = members_.try_allocate();
    if (added == null_handle) return false;
    list& of = *lists_.find_or_insert(foreign).value;  // there are never more of these than keys
    members_[added] = {of.last, null_handle, key, foreign};
    (of.last == null_handle ? of.first : members_[of.last].next) = added;
    of.last = added;
    handles_.find_or_insert(key).value->handle = added;
    return true;
  }

  /// False when the key names none.
  bool remove(const Key& key) noexcept {
    const named* const found = handles_.find(key);
    if (found == nullptr) return false;
    const std::uint32_t handle = found->handle;
    const member gone = members_[handle];
    list& of = *lists_.find(gone.foreign);
    (gone.previous == null_handle ? of.first : members_[gone.previous].next) = gone.next;
    (gone.next == null_handle ? of.last : members_[gone.next].previous) = gone.previous;
    if (of.first == null_handle) lists_.erase(gone.foreign);
    handles_.erase(key);
    members_.release(handle);
    return true;
  }

  /// What the key names; null when it names none.
  [[nodiscard]] const ForeignKey* find(const Key& key) const noexcept {
    const named* const found = handles_.find(key);
    return found == nullptr ? nullptr : &members_[found->handle].foreign;
  }

  /// Calls `f(const Key&)` for each key that names `foreign`. `f` must not change the index.
  template <class F>
  void for_each(const ForeignKey& foreign, F&& f) const {
    const list* const of = lists_.find(foreign);
    if (of == nullptr) return;
    for (std::uint32_t each = of->first; each != null_handle; each = members_[each].next) f(members_[each].key);
  }

  [[nodiscard]] std::size_t size() const noexcept { return members_.size(); }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept {
    return members_.reserved_bytes() + handles_.reserved_bytes() + lists_.reserved_bytes();
  }

 private:
  struct member {
    std::uint32_t previous;
    std::uint32_t next;
    Key key;
    ForeignKey foreign;
  };
  struct named {
    std::uint32_t handle = null_handle;
  };
  struct list {
    std::uint32_t first = null_handle;
    std::uint32_t last = null_handle;
  };

  slab_pool<member> members_;
  growing_table<Key, named> handles_;
  growing_table<ForeignKey, list> lists_;
};

}  // namespace millrace::stream::detail
