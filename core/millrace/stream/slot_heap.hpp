#pragma once

#include <cstdint>
#include <millrace/base/check.hpp>
#include <millrace/pool/reservation.hpp>

namespace millrace::stream::detail {

inline constexpr std::uint32_t no_place = 0xFFFFFFFF;

/// A binary heap of slots by number, the first one on top, from which any member may leave: each keeps its place in the
/// heap. `Order` has `precedes(a, b)`, a strict order of slots, and `place(a)`, a reference to where the slot keeps it.
/// Threads: one owner. Allocation: in the constructor. Complexity: O(log n) a change, one comparison for a slot that
/// comes last.
class slot_heap {
 public:
  explicit slot_heap(std::uint32_t capacity)
      : slots_(reservation::for_items(capacity, sizeof(std::uint32_t), alignof(std::uint32_t),
                                      memory_content::undefined)) {}

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  /// Requires: not empty.
  [[nodiscard]] std::uint32_t top() const noexcept { return at(0); }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept { return slots_.bytes(); }

  /// Requires: fewer slots than the capacity are in the heap.
  template <class Order>
  void push(Order&& order, std::uint32_t slot) noexcept {
    MILLRACE_ASSERT(size_ < slots_.bytes() / sizeof(std::uint32_t));
    rise(order, size_++, slot);
  }

  /// Requires: the slot is in the heap.
  template <class Order>
  void erase(Order&& order, std::uint32_t slot) noexcept {
    const std::uint32_t place = order.place(slot);
    MILLRACE_ASSERT(place < size_ && at(place) == slot);
    order.place(slot) = no_place;
    const std::uint32_t last = at(--size_);
    if (last == slot) return;
    if (place != 0 && order.precedes(last, at((place - 1) / 2)))
      rise(order, place, last);
    else
      sink(order, place, last);
  }

 private:
  template <class Order>
  void put(Order& order, std::uint32_t place, std::uint32_t slot) noexcept {
    at(place) = slot;
    order.place(slot) = place;
  }

  template <class Order>
  void rise(Order& order, std::uint32_t place, std::uint32_t slot) noexcept {
    while (place != 0) {
      const std::uint32_t parent = (place - 1) / 2;
      if (!order.precedes(slot, at(parent))) break;
      put(order, place, at(parent));
      place = parent;
    }
    put(order, place, slot);
  }

  template <class Order>
  void sink(Order& order, std::uint32_t place, std::uint32_t slot) noexcept {
    for (std::uint64_t child = 2 * std::uint64_t{place} + 1; child < size_; child = 2 * std::uint64_t{place} + 1) {
      auto first = static_cast<std::uint32_t>(child);
      if (first + 1 < size_ && order.precedes(at(first + 1), at(first))) ++first;
      if (!order.precedes(at(first), slot)) break;
      put(order, place, at(first));
      place = first;
    }
    put(order, place, slot);
  }

  [[nodiscard]] std::uint32_t& at(std::uint32_t place) noexcept {
    return reinterpret_cast<std::uint32_t*>(slots_.data())[place];
  }
  [[nodiscard]] const std::uint32_t& at(std::uint32_t place) const noexcept {
    return reinterpret_cast<const std::uint32_t*>(slots_.data())[place];
  }

  reservation slots_;
  std::uint32_t size_ = 0;
};

}  // namespace millrace::stream::detail
