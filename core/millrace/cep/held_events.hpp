#pragma once

#include <millrace/event/event.hpp>
#include <millrace/event/event_header.hpp>
#include <millrace/pool/slab_pool.hpp>

#include <cstdint>
#include <cstring>
#include <new>
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
      : slots_(capacity, sizeof(event_header) + data_bytes),
        counts_(reservation::for_items(capacity, sizeof(std::uint32_t), alignof(std::uint32_t), memory_content::zero)),
        data_bytes_(data_bytes) {}

  /// Makes `event` the event in hand. Requires: it stays as it is until `put_down`.
  void pick_up(const event_header& event) noexcept {
    in_hand_ = &event;
    copy_ = null_handle;
  }

  void put_down() noexcept {
    if (copy_ != null_handle) release(copy_);
    in_hand_ = nullptr;
    copy_ = null_handle;
  }

  /// A share in the copy of the event in hand; `null_handle` when there is no room for it.
  [[nodiscard]] std::uint32_t try_share() noexcept {
    if (copy_ == null_handle) {
      copy_ = slots_.try_allocate();
      if (copy_ == null_handle) return null_handle;
      std::memcpy(slots_[copy_], in_hand_, sizeof(event_header) + data_bytes_of(*in_hand_));
      count(copy_) = 1;  // ours, until put_down
    }
    ++count(copy_);
    return copy_;
  }

  /// One more share in an event that is held.
  void share(std::uint32_t handle) noexcept { ++count(handle); }

  /// The event in hand is held, or can be.
  [[nodiscard]] bool has_room() const noexcept { return copy_ != null_handle || slots_.size() != slots_.capacity(); }

  void release(std::uint32_t handle) noexcept {
    if (--count(handle) == 0) slots_.release(handle);
  }

  [[nodiscard]] const event_header& operator[](std::uint32_t handle) const noexcept {
    return *std::launder(reinterpret_cast<const event_header*>(slots_[handle]));
  }

  /// Bytes of data of each event type; types not told have the maximum.
  void set_data_bytes(event_type type, std::size_t bytes) {
    if (bytes_by_type_.size() <= type) bytes_by_type_.resize(std::size_t{type} + 1, data_bytes_);
    bytes_by_type_[type] = bytes;
  }

  [[nodiscard]] std::uint32_t size() const noexcept { return slots_.size(); }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return slots_.capacity(); }
  [[nodiscard]] std::size_t bytes_each() const noexcept { return slots_.bytes_each() + sizeof(std::uint32_t); }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept { return slots_.reserved_bytes() + counts_.bytes(); }

 private:
  std::uint32_t& count(std::uint32_t handle) noexcept {
    return *(std::launder(reinterpret_cast<std::uint32_t*>(counts_.data())) + handle);
  }
  [[nodiscard]] std::size_t data_bytes_of(const event_header& event) const noexcept {
    return event.type < bytes_by_type_.size() ? bytes_by_type_[event.type] : data_bytes_;
  }

  byte_slab_pool slots_;
  reservation counts_;
  std::size_t data_bytes_;
  std::vector<std::size_t> bytes_by_type_;
  const event_header* in_hand_ = nullptr;
  std::uint32_t copy_ = null_handle;
};

}  // namespace millrace::cep
