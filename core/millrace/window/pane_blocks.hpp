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

/// Blocks of panes side by side, all of one key and in order of time, so that a window reads its slices in a row and
/// not each in a line of its own. Their number is chosen for what a key usually has.
/// Threads: one owner. Allocation: in the constructor only.
template <class Place>
class pane_blocks {
 public:
  using pane_type = pane<Place>;
  struct head {
    std::uint32_t next;  // later block; that of the last one is the first one
    std::uint16_t begin;
    std::uint16_t end;
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
  [[nodiscard]] pane_type* panes(std::uint32_t block) noexcept {
    return reinterpret_cast<pane_type*>(blocks_[block] + sizeof(head));
  }
  [[nodiscard]] pane_type& first(std::uint32_t block) noexcept { return panes(block)[(*this)[block].begin]; }
  [[nodiscard]] pane_type& last(std::uint32_t block) noexcept { return panes(block)[(*this)[block].end - 1]; }

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

/// For so many panes that a key usually has: blocks with some room, in which they move on for a while before they have
/// to be moved back.
[[nodiscard]] constexpr std::uint32_t panes_each_for(std::int64_t usual) noexcept {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(usual + usual / 2 + 1, 2, 24));
}

}  // namespace millrace::window::detail
