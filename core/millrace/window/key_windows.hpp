#pragma once

#include <millrace/table/growing_table.hpp>
#include <millrace/window/state_places.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

namespace millrace::window::detail {

/// Windows that begin and end where events do, for all keys: of each key a list in order of their starts, the newest
/// known.
///
/// A window that is gone is out of its list at once, and stays in the pool until its deadline is taken from the heap.
/// Threads: one owner. Allocation: in the constructor only.
template <bytewise_key Key, aggregator A>
class key_windows {
  using places = state_places<A>;

 public:
  struct listed_window {
    Key key;
    std::int64_t first;  // of a session the time of its first event, of others their start
    std::int64_t last;   // time of its last event
    std::int64_t until;  // the last time at which an event would be of it
    std::uint64_t first_sequence;
    std::uint32_t older;
    std::uint32_t newer;
    std::uint32_t unreported;  // events since the last result
    bool is_sent;
    bool is_gone;
    typename places::place state;
  };

  key_windows(A of, std::uint32_t keys, std::uint32_t windows)
      : newest_(keys), windows_(windows), places_(std::move(of), windows + 1) {}

  [[nodiscard]] listed_window& operator[](std::uint32_t handle) noexcept { return windows_[handle]; }
  [[nodiscard]] const listed_window& operator[](std::uint32_t handle) const noexcept { return windows_[handle]; }

  [[nodiscard]] std::uint32_t newest_of(const Key& key) noexcept {
    const std::uint32_t* const found = newest_.find(key);
    return found == nullptr ? null_handle : *found;
  }

  /// A window without events, in no list; `null_handle` when there is no room.
  [[nodiscard]] std::uint32_t try_make(const Key& key) noexcept {
    const std::uint32_t made = windows_.try_allocate();
    if (made == null_handle) return made;
    listed_window& of = windows_[made];
    of.key = key;
    of.first = of.until = of.last = 0;
    of.first_sequence = std::numeric_limits<std::uint64_t>::max();
    of.older = of.newer = null_handle;
    of.unreported = 0;
    of.is_sent = of.is_gone = false;
    if (places_.try_begin(of.state)) return made;
    windows_.release(made);
    return null_handle;
  }

  /// A copy of a window, in no list; `null_handle` when there is no room.
  [[nodiscard]] std::uint32_t try_copy(std::uint32_t from) noexcept {
    const std::uint32_t made = windows_.try_allocate();
    if (made == null_handle) return made;
    listed_window& of = windows_[made];
    of = windows_[from];
    of.is_sent = of.is_gone = false;
    if (places_.try_copy(of.state, windows_[from].state)) return made;
    windows_.release(made);
    return null_handle;
  }

  /// Leaves a window without events where it is.
  void begin_anew(std::uint32_t handle) noexcept {
    listed_window& of = windows_[handle];
    places_.of().end(places_.bytes(of.state));
    places_.of().begin(places_.bytes(of.state));
    of.last = std::numeric_limits<std::int64_t>::min();
    of.first_sequence = std::numeric_limits<std::uint64_t>::max();
  }

  /// Puts a window into its key's list; false where the key is new and there is no room for it.
  [[nodiscard]] bool try_link(std::uint32_t added) noexcept {
    listed_window& of = windows_[added];
    const auto place = newest_.find_or_insert(of.key);
    if (place.value == nullptr) return false;
    std::uint32_t newer = null_handle;
    std::uint32_t older = place.inserted ? null_handle : *place.value;
    while (older != null_handle && windows_[older].first > of.first) {
      newer = older;
      older = windows_[older].older;
    }
    of.older = older;
    of.newer = newer;
    if (older != null_handle) windows_[older].newer = added;
    (newer == null_handle ? *place.value : windows_[newer].older) = added;
    return true;
  }

  /// Takes a window out of its list, and ends its state.
  void unlink(std::uint32_t gone) noexcept {
    listed_window& of = windows_[gone];
    if (of.older != null_handle) windows_[of.older].newer = of.newer;
    if (of.newer != null_handle)
      windows_[of.newer].older = of.older;
    else if (of.older != null_handle)
      *newest_.find(of.key) = of.older;
    else
      newest_.erase(of.key);
    places_.end(of.state);
    of.is_gone = true;
  }

  /// Gives back one that is gone.
  void release(std::uint32_t gone) noexcept { windows_.release(gone); }
  /// Gives back one that was made, and is in no list.
  void discard(std::uint32_t made) noexcept {
    places_.end(windows_[made].state);
    windows_.release(made);
  }

  [[nodiscard]] places& states() noexcept { return places_; }
  [[nodiscard]] const places& states() const noexcept { return places_; }
  [[nodiscard]] std::size_t keys() const noexcept { return newest_.size(); }
  [[nodiscard]] std::uint32_t size() const noexcept { return windows_.size(); }
  void prefetch(const Key& key) const noexcept { newest_.prefetch(key); }

 private:
  growing_table<Key, std::uint32_t> newest_;
  slab_pool<listed_window> windows_;
  places places_;
};

}  // namespace millrace::window::detail
