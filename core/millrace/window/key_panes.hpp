#pragma once

#include <millrace/window/pane_blocks.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace millrace::window::detail {

/// The panes of one key, in order of time. The newest stands in the key's own record, since nearly all events go
/// there; the older ones stand in a circle of blocks, of which the newest pane knows the last.
///
/// A pane holds until the next one is inserted or removed. Requires: where nothing else is said, there is at least one.
template <class Place>
class key_panes {
 public:
  using blocks = pane_blocks<Place>;
  using pane_type = typename blocks::pane_type;

  [[nodiscard]] pane_type& newest() noexcept { return newest_; }
  [[nodiscard]] const pane_type& newest() const noexcept { return newest_; }
  [[nodiscard]] bool has_older() const noexcept { return newest_.older != null_handle; }

  /// For a key without panes. Its state is to be begun.
  pane_type& begin(std::int64_t start) noexcept {
    set(newest_, start);
    newest_.older = null_handle;
    return newest_;
  }

  [[nodiscard]] pane_type& oldest(blocks& in) noexcept {
    return has_older() ? in.first(in[newest_.older].next) : newest_;
  }

  [[nodiscard]] pane_type* find(blocks& in, std::int64_t start) noexcept {
    if (newest_.start == start) return &newest_;
    if (!has_older() || start > newest_.start) return nullptr;
    const std::uint32_t block = block_of(in, start);
    if (block == null_handle) return nullptr;
    pane_type& found = in.panes(block)[index_of(in, block, start)];
    return found.start == start ? &found : nullptr;
  }

  /// Null when there is no room. Its state is to be begun. Requires: there is none with this start.
  [[nodiscard]] pane_type* try_insert(blocks& in, std::int64_t start) noexcept {
    if (in.is_full()) return nullptr;
    if (start > newest_.start) {
      pane_type* const made = try_make_room(in, newest_.start);
      if (made == nullptr) return nullptr;
      const std::uint32_t older = newest_.older;
      *made = newest_;
      set(newest_, start);
      newest_.older = older;
      return &newest_;
    }
    pane_type* const made = try_make_room(in, start);
    if (made != nullptr) set(*made, start);
    return made;
  }

  /// Forgets the pane with this start, whose state is ended. Requires: there is one. Returns false when it was the
  /// last.
  [[nodiscard]] bool remove(blocks& in, std::int64_t start) noexcept {
    if (newest_.start != start) {
      const std::uint32_t block = block_of(in, start);
      close_gap(in, block, index_of(in, block, start));
      return true;
    }
    if (!has_older()) return false;
    const std::uint32_t last = newest_.older;
    newest_ = in.last(last);
    newest_.older = last;
    close_gap(in, last, in[last].end - 1U);
    return true;
  }

  /// Calls `f(pane)` for each, oldest first.
  template <class F>
  void for_each(blocks& in, F&& f) {
    if (has_older()) {
      std::uint32_t block = newest_.older;
      do {
        block = in[block].next;
        pane_type* const panes = in.panes(block);
        const typename blocks::head of = in[block];
        for (std::uint32_t i = of.begin; i != of.end; ++i) f(panes[i]);
      } while (block != newest_.older);
    }
    f(newest_);
  }

  void prefetch(const blocks& in) const noexcept {
    if (has_older()) in.prefetch(newest_.older);
  }

 private:
  static void set(pane_type& made, std::int64_t start) noexcept {
    made.start = start;
    made.time = std::numeric_limits<std::int64_t>::min();
    made.first_sequence = std::numeric_limits<std::uint64_t>::max();
    made.older = null_handle;
    made.unreported = 0;
  }

  /// The first block whose last pane does not begin before `start`; null when there is none.
  [[nodiscard]] std::uint32_t block_of(blocks& in, std::int64_t start) const noexcept {
    std::uint32_t block = newest_.older;
    if (in.last(block).start < start) return null_handle;
    if (in.first(block).start <= start) return block;
    do {
      block = in[block].next;
      if (in.last(block).start >= start) return block;
    } while (block != newest_.older);
    return null_handle;
  }

  /// Of the first pane of a block that does not begin before `start`; the block's end when there is none.
  [[nodiscard]] static std::uint32_t index_of(blocks& in, std::uint32_t block, std::int64_t start) noexcept {
    const pane_type* const panes = in.panes(block);
    std::uint32_t index = in[block].end;
    while (index != in[block].begin && panes[index - 1].start >= start) --index;
    return index;
  }

  /// A place among the older panes for one with this start.
  [[nodiscard]] pane_type* try_make_room(blocks& in, std::int64_t start) noexcept {
    if (!has_older()) {
      newest_.older = in.try_allocate();
      if (newest_.older == null_handle) return nullptr;
    }
    std::uint32_t block = in[newest_.older].end == 0 ? newest_.older : block_of(in, start);
    if (block == null_handle) block = newest_.older;
    if (in[block].end - in[block].begin == static_cast<int>(in.each())) {
      if (!split(in, block)) return nullptr;
      if (in.last(block).start < start) block = in[block].next;
    }
    in.count_one();
    return &open_gap(in, block, index_of(in, block, start));
  }

  /// Moves the later half of a full block into one of its own; where all is to come behind it, nothing but the last.
  [[nodiscard]] bool split(blocks& in, std::uint32_t block) noexcept {
    const std::uint32_t added = in.try_allocate();
    if (added == null_handle) return false;
    const std::uint32_t kept = block == newest_.older ? in.each() - 1 : in.each() / 2;
    const std::uint32_t from = in[block].begin + kept;
    std::copy(in.panes(block) + from, in.panes(block) + in[block].end, in.panes(added));
    in[added].end = static_cast<std::uint16_t>(in[block].end - from);
    in[block].end = static_cast<std::uint16_t>(from);
    in[added].next = in[block].next;
    in[block].next = added;
    if (block == newest_.older) newest_.older = added;
    return true;
  }

  /// Requires: the block has room.
  static pane_type& open_gap(blocks& in, std::uint32_t block, std::uint32_t index) noexcept {
    auto& of = in[block];
    pane_type* const panes = in.panes(block);
    if (of.end == in.each()) {
      std::copy(panes + of.begin, panes + of.end, panes);
      index -= of.begin;
      of.end = static_cast<std::uint16_t>(of.end - of.begin);
      of.begin = 0;
    }
    std::copy_backward(panes + index, panes + of.end, panes + of.end + 1);
    ++of.end;
    return panes[index];
  }

  void close_gap(blocks& in, std::uint32_t block, std::uint32_t index) noexcept {
    in.uncount_one();
    auto& of = in[block];
    if (index == of.begin) {
      ++of.begin;
    } else {
      pane_type* const panes = in.panes(block);
      std::copy(panes + index + 1, panes + of.end, panes + index);
      --of.end;
    }
    if (of.begin == of.end) unlink(in, block);
  }

  void unlink(blocks& in, std::uint32_t gone) noexcept {
    std::uint32_t before = newest_.older;
    while (in[before].next != gone) before = in[before].next;
    in[before].next = in[gone].next;
    if (newest_.older == gone) newest_.older = before == gone ? null_handle : before;
    in.release(gone);
  }

  pane_type newest_;
};

}  // namespace millrace::window::detail
