#pragma once

#include <millrace/event/event.hpp>
#include <millrace/event/event_header.hpp>
#include <millrace/pool/slab_pool.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <vector>

namespace millrace {

/// Holds events until the watermark passes them, and gives them back in order of time; equal times stay in
/// order of arrival.
///
/// Threads: one owner. Complexity: O(log n) an event. Allocation: in the constructor, and while the heap of
/// 24-byte entries grows to the largest number held. Errors: `try_push` says when the buffer is full.
class reorder_buffer {
 public:
  reorder_buffer(std::uint32_t capacity, std::size_t data_bytes_max)
      : slots_(capacity, sizeof(event_header) + data_bytes_max) {}

  /// Copies the event, with `data_bytes` of data, into the buffer; false when it is full.
  [[nodiscard]] bool try_push(const event_header& event, std::size_t data_bytes) {
    const std::uint32_t slot = slots_.try_allocate();
    if (slot == null_handle) return false;
    std::memcpy(slots_[slot], &event, sizeof event + data_bytes);
    heap_.push_back({event.time_ns, arrivals_++, slot});
    std::ranges::push_heap(heap_, later);
    return true;
  }

  /// Calls `take(event)` for every event at or before the watermark, in order. `take` must not push.
  template <class Take>
  void release(std::int64_t watermark_ns, Take&& take) {
    while (!heap_.empty() && heap_.front().time_ns <= watermark_ns) release_first(take);
  }

  /// The earliest event goes out, whatever the watermark. Requires: not empty.
  template <class Take>
  void release_first(Take&& take) {
    const std::uint32_t slot = heap_.front().slot;
    std::ranges::pop_heap(heap_, later);
    heap_.pop_back();
    take(*std::launder(reinterpret_cast<const event_header*>(slots_[slot])));
    slots_.release(slot);
  }

  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return slots_.capacity(); }
  /// Time of the event that goes out next. Requires: not empty.
  [[nodiscard]] std::int64_t first_time_ns() const noexcept { return heap_.front().time_ns; }

 private:
  struct entry {
    std::int64_t time_ns;
    std::uint64_t arrival;
    std::uint32_t slot;
  };
  static bool later(const entry& a, const entry& b) noexcept {
    return a.time_ns != b.time_ns ? a.time_ns > b.time_ns : a.arrival > b.arrival;
  }

  byte_slab_pool slots_;
  std::vector<entry> heap_;
  std::uint64_t arrivals_ = 0;
};

}  // namespace millrace
