#pragma once

#include <millrace/base/prefetch.hpp>
#include <millrace/pool/slab_pool.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>

namespace millrace::window::detail {

/// One slice of time of one key, and the aggregate of its events.
template <class Place>
struct pane {
  std::int64_t start;
  std::int64_t time;             // the highest of its events
  std::uint64_t first_sequence;  // the lowest
  std::uint32_t older;           // of the newest pane of a key: the last block of older ones
  std::uint32_t unreported;      // events since the last early result
  Place state;
};

/// Blocks of panes side by side, each a ring of panes of one key in order of time, so that a window reads its slices in
/// a row and not each in a line of its own. Their size is chosen for what a key usually has.
/// Threads: one owner. Allocation: in the constructor only.
template <class Place>
class pane_blocks {
 public:
  using pane_type = pane<Place>;
  struct head {
    std::uint32_t next;  // later block; that of the last one is the first one
    std::uint16_t begin;
    std::uint16_t count;
  };

  /// `each`: panes a block.
  pane_blocks(std::uint32_t panes, std::uint32_t keys, std::uint32_t each)
      : panes_max_(panes),
        each_(each),
        blocks_(blocks_for(panes, keys, each), sizeof(head) + each * sizeof(pane_type)) {}

  [[nodiscard]] std::uint32_t each() const noexcept { return each_; }
  [[nodiscard]] head& operator[](std::uint32_t block) noexcept {
    return *std::launder(reinterpret_cast<head*>(blocks_[block]));
  }
  /// The pane at a position in the block's order.
  [[nodiscard]] pane_type& at(std::uint32_t block, std::uint32_t position) noexcept {
    const std::uint32_t place = (*this)[block].begin + position;
    return reinterpret_cast<pane_type*>(blocks_[block] + sizeof(head))[place < each_ ? place : place - each_];
  }
  [[nodiscard]] pane_type& first(std::uint32_t block) noexcept { return at(block, 0); }
  [[nodiscard]] pane_type& last(std::uint32_t block) noexcept { return at(block, (*this)[block].count - 1U); }
  /// Calls `f(pane)` for each of a block, in order, until it returns false; returns whether it never did.
  template <class F>
  bool for_each_while(std::uint32_t block, F& f) {
    const head of = (*this)[block];
    auto* const panes = reinterpret_cast<pane_type*>(blocks_[block] + sizeof(head));
    const std::uint32_t end = of.begin + std::uint32_t{of.count};
    for (std::uint32_t i = of.begin; i < std::min(end, each_); ++i)
      if (!f(panes[i])) return false;
    for (std::uint32_t i = each_; i < end; ++i)
      if (!f(panes[i - each_])) return false;
    return true;
  }
  [[nodiscard]] bool is_full(std::uint32_t block) noexcept { return (*this)[block].count == each_; }

  void drop_first(std::uint32_t block) noexcept {
    head& of = (*this)[block];
    of.begin = static_cast<std::uint16_t>(of.begin + 1U == each_ ? 0 : of.begin + 1U);
    --of.count;
  }

  /// Empty, and the only one of a circle; `null_handle` when there is no room.
  [[nodiscard]] std::uint32_t try_allocate() noexcept {
    const std::uint32_t made = blocks_.try_allocate();
    if (made != null_handle) ::new (static_cast<void*>(blocks_[made])) head{made, 0, 0};
    return made;
  }
  void release(std::uint32_t block) noexcept { blocks_.release(block); }

  /// Panes are counted by those who put them in and take them out.
  [[nodiscard]] bool is_full() const noexcept { return size_ == panes_max_; }
  void count_one() noexcept { ++size_; }
  void uncount_one() noexcept { --size_; }

  void prefetch(std::uint32_t block) const noexcept {
    const std::byte* const at = blocks_.data() + std::size_t{block} * blocks_.bytes_each();
    for (std::size_t offset = 0; offset < std::min<std::size_t>(blocks_.bytes_each(), 512); offset += 64)
      prefetch_line(at + offset);
  }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept { return blocks_.reserved_bytes(); }

 private:
  /// Full ones, and for each key two that are not.
  static std::uint32_t blocks_for(std::uint32_t panes, std::uint32_t keys, std::uint32_t each) noexcept {
    const std::uint64_t blocks = 2 * (std::uint64_t{panes} / each + keys) + 1;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(blocks, panes));
  }

  std::uint32_t panes_max_;
  std::uint32_t each_;
  std::uint32_t size_ = 0;
  byte_slab_pool blocks_;
};

/// For so many panes that a key usually has.
[[nodiscard]] constexpr std::uint32_t panes_each_for(std::int64_t usual) noexcept {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(usual + 1, 2, 24));
}

}  // namespace millrace::window::detail
