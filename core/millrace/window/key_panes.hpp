#pragma once

#include <millrace/pool/slab_pool.hpp>
#include <millrace/window/state_places.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace millrace::window::detail {

/// One slice of time of one key, and the aggregate of its events.
template <class Place>
struct pane {
  std::int64_t start;
  std::int64_t time;             // the highest of its events
  std::uint64_t first_sequence;  // the lowest
  std::uint32_t next;        // later pane; that of the last one is the first one; that of the newest one the last one
  std::uint32_t unreported;  // events since the last early result
  Place state;
};

/// The panes of one key, in order of time. The newest stands in the key's own record, since nearly all events go
/// there; the older ones form a circle in a pool, that the newest one knows the end of.
///
/// Requires: where nothing else is said, there is at least one pane.
template <class Place>
class key_panes {
 public:
  using pane_type = pane<Place>;
  using pool = slab_pool<pane_type>;

  [[nodiscard]] pane_type& newest() noexcept { return newest_; }
  [[nodiscard]] bool has_older() const noexcept { return newest_.next != null_handle; }

  /// For a key without panes. Its state is to be begun.
  pane_type& begin(std::int64_t start) noexcept {
    set(newest_, start);
    newest_.next = null_handle;
    return newest_;
  }

  [[nodiscard]] pane_type& oldest(pool& panes) noexcept {
    return has_older() ? panes[panes[newest_.next].next] : newest_;
  }

  [[nodiscard]] pane_type* find(pool& panes, std::int64_t start) noexcept {
    if (newest_.start == start) return &newest_;
    if (!has_older() || start > newest_.start) return nullptr;
    std::uint32_t at = newest_.next;
    if (panes[at].start == start) return &panes[at];
    do {
      at = panes[at].next;
      if (panes[at].start == start) return &panes[at];
    } while (at != newest_.next && panes[at].start < start);
    return nullptr;
  }

  /// Null when the pool is empty. Its state is to be begun. Requires: there is none with this start.
  [[nodiscard]] pane_type* try_insert(pool& panes, std::int64_t start) noexcept {
    const std::uint32_t added = panes.try_allocate();
    if (added == null_handle) return nullptr;
    if (start > newest_.start) {
      const std::uint32_t last = newest_.next;
      panes[added] = newest_;
      link_behind(panes, last, added);
      set(newest_, start);
      newest_.next = added;
      return &newest_;
    }
    set(panes[added], start);
    insert_in_order(panes, added);
    return &panes[added];
  }

  /// Forgets the pane with this start, whose state is ended. Requires: there is one. Returns false when it was the
  /// last.
  [[nodiscard]] bool remove(pool& panes, std::int64_t start) noexcept {
    if (newest_.start == start) return remove_newest(panes);
    std::uint32_t before = newest_.next;
    while (panes[panes[before].next].start != start) before = panes[before].next;
    const std::uint32_t gone = panes[before].next;
    unlink(panes, before, gone);
    panes.release(gone);
    return true;
  }

  /// Calls `f(pane)` for each, oldest first.
  template <class F>
  void for_each(pool& panes, F&& f) {
    if (has_older()) {
      std::uint32_t at = newest_.next;
      do {
        at = panes[at].next;
        f(panes[at]);
      } while (at != newest_.next);
    }
    f(newest_);
  }

 private:
  static void set(pane_type& made, std::int64_t start) noexcept {
    made.start = start;
    made.time = std::numeric_limits<std::int64_t>::min();
    made.first_sequence = std::numeric_limits<std::uint64_t>::max();
    made.unreported = 0;
  }

  static void link_behind(pool& panes, std::uint32_t before, std::uint32_t added) noexcept {
    if (before == null_handle) {
      panes[added].next = added;
    } else {
      panes[added].next = panes[before].next;
      panes[before].next = added;
    }
  }

  void insert_in_order(pool& panes, std::uint32_t added) noexcept {
    std::uint32_t before = newest_.next;
    if (before == null_handle || panes[before].start < panes[added].start) {
      link_behind(panes, before, added);
      newest_.next = added;
      return;
    }
    while (panes[panes[before].next].start < panes[added].start) before = panes[before].next;
    link_behind(panes, before, added);
  }

  void unlink(pool& panes, std::uint32_t before, std::uint32_t gone) noexcept {
    panes[before].next = panes[gone].next;
    if (newest_.next == gone) newest_.next = before == gone ? null_handle : before;
  }

  bool remove_newest(pool& panes) noexcept {
    if (!has_older()) return false;
    const std::uint32_t last = newest_.next;
    std::uint32_t before = last;
    while (panes[before].next != last) before = panes[before].next;
    unlink(panes, before, last);
    const std::uint32_t older = newest_.next;
    newest_ = panes[last];
    newest_.next = older;
    panes.release(last);
    return true;
  }

  pane_type newest_;
};

}  // namespace millrace::window::detail
