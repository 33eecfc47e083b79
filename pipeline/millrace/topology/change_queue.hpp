#pragma once

#include <atomic>
#include <utility>

namespace millrace::detail {

/// Changes on their way to the source's thread, which gives each its place in the sequence of events. A change has a
/// `Change* next` for the queue's use, and belongs to who posted it.
///
/// Threads: `post` by any, `pending` and `take` by one. Progress: `post` lock-free, the rest wait-free.
/// Allocation: none.
template <class Change>
class change_queue {
 public:
  void post(Change& change) noexcept {
    Change* top = top_.load(std::memory_order_relaxed);
    do {
      change.next = top;
    } while (!top_.compare_exchange_weak(top, &change, std::memory_order_release,  // C1, pairs with C2
                                         std::memory_order_relaxed));
  }

  /// One load: cheap enough to be asked for every event.
  [[nodiscard]] bool pending() const noexcept { return top_.load(std::memory_order_relaxed) != nullptr; }

  /// All that were posted, linked by `next`, the first one first; null where there is none.
  [[nodiscard]] Change* take() noexcept {
    Change* newest = top_.exchange(nullptr, std::memory_order_acquire);  // C2, pairs with C1
    Change* first = nullptr;
    while (newest != nullptr) {
      Change* const older = std::exchange(newest->next, first);
      first = std::exchange(newest, older);
    }
    return first;
  }

 private:
  std::atomic<Change*> top_{nullptr};
};

}  // namespace millrace::detail
