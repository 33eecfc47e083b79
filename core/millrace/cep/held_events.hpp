#pragma once

#include <millrace/base/check.hpp>
#include <millrace/base/prefetch.hpp>
#include <millrace/event/event.hpp>
#include <millrace/event/event_header.hpp>
#include <millrace/pool/slab_pool.hpp>

#include <cstdint>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

namespace millrace::cep {

/// Copies of the events that partial matches hold: each event once, however many matches of however many
/// patterns hold it. The event in hand is copied when the first match takes it, and not before.
///
/// Threads: one owner. Allocation: in the constructor. Complexity: O(1), and one copy of the event.
class held_events {
 public:
  /// Room for `capacity` events with data of at most `data_bytes`.
  held_events(std::uint32_t capacity, std::size_t data_bytes)
      : capacity_(capacity),
        bytes_each_((sizeof(event_header) + data_bytes + sizeof(share_count) + cache_line_bytes - 1) /
                    cache_line_bytes * cache_line_bytes),
        data_bytes_(data_bytes),
        slots_(reservation::for_items(capacity, bytes_each_, cache_line_bytes, memory_content::undefined)) {}

  /// Makes `event` the event in hand. Requires: it stays as it is until `put_down`.
  void pick_up(const event_header& event) noexcept {
    in_hand_ = &event;
    copy_ = null_handle;
  }

  void put_down() noexcept {
    in_hand_ = nullptr;
    copy_ = null_handle;
  }

  /// A share in the copy of the event in hand; `null_handle` when there is no room for it.
  [[nodiscard]] std::uint32_t try_share() noexcept {
    if (copy_ == null_handle && !copy_event()) return null_handle;
    ++count_of(copy_).shares;
    return copy_;
  }

  /// One more share in an event that is held.
  void share(std::uint32_t handle) noexcept { ++count_of(handle).shares; }

  /// The event in hand is held, or can be.
  [[nodiscard]] bool has_room() const noexcept { return copy_ != null_handle || size_ != capacity_; }

  void release(std::uint32_t handle) noexcept {
    share_count& count = count_of(handle);
    MILLRACE_ASSERT(count.shares != 0);
    if (--count.shares != 0) return;
    count.next_free = std::exchange(released_, handle);
    --size_;
    if (handle == copy_) copy_ = null_handle;
  }

  [[nodiscard]] const event_header& operator[](std::uint32_t handle) const noexcept {
    return *std::launder(reinterpret_cast<const event_header*>(slot(handle)));
  }

  /// Starts to load what `release` touches.
  void prefetch(std::uint32_t handle) const noexcept { prefetch_line(slot(handle + 1) - sizeof(share_count)); }
  /// Starts to load the event's header.
  void prefetch_header(std::uint32_t handle) const noexcept { prefetch_line(slot(handle)); }

  /// Bytes of data of each event type; types not told have the maximum.
  void set_data_bytes(event_type type, std::size_t bytes) {
    if (bytes_by_type_.size() <= type) bytes_by_type_.resize(std::size_t{type} + 1, data_bytes_);
    bytes_by_type_[type] = bytes;
  }

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::size_t bytes_each() const noexcept { return bytes_each_; }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept { return slots_.bytes(); }

 private:
  /// Stands at the end of a slot, so that giving a share back touches one line.
  struct share_count {
    std::uint32_t shares;
    std::uint32_t next_free;  ///< of a slot without shares
  };

  [[nodiscard]] std::byte* slot(std::uint32_t handle) const noexcept {
    return slots_.data() + std::size_t{handle} * bytes_each_;
  }
  [[nodiscard]] share_count& count_of(std::uint32_t handle) noexcept {
    return *std::launder(reinterpret_cast<share_count*>(slot(handle) + bytes_each_ - sizeof(share_count)));
  }

  [[nodiscard]] bool copy_event() noexcept {
    std::uint32_t made = released_;
    if (made != null_handle)
      released_ = count_of(made).next_free;
    else if (fresh_ != capacity_)
      made = fresh_++;
    else
      return false;
    std::memcpy(slot(made), in_hand_, sizeof(event_header) + data_bytes_of(*in_hand_));
    count_of(made).shares = 0;  // whoever asked for the copy takes one
    copy_ = made;
    // The next copy shall not wait for its place.
    if (released_ != null_handle) {
      prefetch(released_);
      prefetch_header(released_);
    }
    ++size_;
    return true;
  }

  [[nodiscard]] std::size_t data_bytes_of(const event_header& event) const noexcept {
    return event.type < bytes_by_type_.size() ? bytes_by_type_[event.type] : data_bytes_;
  }

  std::uint32_t capacity_;
  std::uint32_t size_ = 0;
  std::uint32_t fresh_ = 0;               // slots from here on were never used
  std::uint32_t released_ = null_handle;  // list through `next_free`
  std::size_t bytes_each_;
  std::size_t data_bytes_;
  reservation slots_;
  std::vector<std::size_t> bytes_by_type_;
  const event_header* in_hand_ = nullptr;
  std::uint32_t copy_ = null_handle;
};

}  // namespace millrace::cep
