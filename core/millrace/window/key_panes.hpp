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
    pane_type& found = in.at(block, position_of(in, block, start));
    return found.start == start ? &found : nullptr;
  }

  /// Null when there is no room. Its state is to be begun. Requires: there is none with this start.
  [[nodiscard]] pane_type* try_insert(blocks& in, std::int64_t start) noexcept {
    if (in.is_full()) return nullptr;
    if (start > newest_.start) {
      pane_type* const made = try_append(in);
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
      close_gap(in, block, position_of(in, block, start));
      return true;
    }
    if (!has_older()) return false;
    const std::uint32_t last = newest_.older;
    newest_ = in.last(last);
    newest_.older = last;
    close_gap(in, last, in[last].count - 1U);
    return true;
  }

  /// Calls `f(pane)` for each, oldest first, until it returns false.
  template <class F>
  void for_each_while(blocks& in, F&& f) {
    if (has_older()) {
      std::uint32_t block = newest_.older;
      do {
        block = in[block].next;
        if (!in.for_each_while(block, f)) return;
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

  /// That of the first pane of a block that does not begin before `start`; their number when there is none.
  [[nodiscard]] static std::uint32_t position_of(blocks& in, std::uint32_t block, std::int64_t start) noexcept {
    std::uint32_t position = in[block].count;
    while (position != 0 && in.at(block, position - 1).start >= start) --position;
    return position;
  }

  /// A place behind all older panes.
  [[nodiscard]] pane_type* try_append(blocks& in) noexcept {
    const std::uint32_t last = newest_.older;
    if (last == null_handle || in.is_full(last)) {
      const std::uint32_t added = in.try_allocate();
      if (added == null_handle) return nullptr;
      if (last != null_handle) link_behind(in, last, added);
      newest_.older = added;
    }
    in.count_one();
    auto& of = in[newest_.older];
    return &in.at(newest_.older, of.count++);
  }

  /// A place among the older panes for one with this start.
  [[nodiscard]] pane_type* try_make_room(blocks& in, std::int64_t start) noexcept {
    if (!has_older()) return try_append(in);
    std::uint32_t block = block_of(in, start);
    if (block == null_handle) return try_append(in);
    if (in.is_full(block)) {
      if (!split(in, block)) return nullptr;
      if (in.last(block).start < start) block = in[block].next;
    }
    in.count_one();
    const std::uint32_t position = position_of(in, block, start);
    for (std::uint32_t i = in[block].count++; i != position; --i) in.at(block, i) = in.at(block, i - 1);
    return &in.at(block, position);
  }

  static void link_behind(blocks& in, std::uint32_t block, std::uint32_t added) noexcept {
    in[added].next = in[block].next;
    in[block].next = added;
  }

  /// Moves the later half of a full block into one of its own.
  [[nodiscard]] bool split(blocks& in, std::uint32_t block) noexcept {
    const std::uint32_t added = in.try_allocate();
    if (added == null_handle) return false;
    const std::uint32_t kept = in.each() / 2;
    for (std::uint32_t i = kept; i != in[block].count; ++i) in.at(added, in[added].count++) = in.at(block, i);
    in[block].count = static_cast<std::uint16_t>(kept);
    link_behind(in, block, added);
    if (block == newest_.older) newest_.older = added;
    return true;
  }

  void close_gap(blocks& in, std::uint32_t block, std::uint32_t position) noexcept {
    in.uncount_one();
    auto& of = in[block];
    if (position == 0) {
      in.drop_first(block);
    } else {
      for (std::uint32_t i = position; i + 1 != of.count; ++i) in.at(block, i) = in.at(block, i + 1);
      --of.count;
    }
    if (of.count == 0) unlink(in, block);
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
