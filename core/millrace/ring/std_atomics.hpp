#pragma once

#include <atomic>

namespace millrace {

/// The atomics that rings run on. A model checker substitutes its own policy with the same two names.
struct std_atomics {
  template <class T>
  using atomic = std::atomic<T>;

  /// A seq_cst fence: orders an earlier store before a later load, which nothing weaker does.
  static void fence() noexcept {
    // g++ warns that the thread sanitizer does not model fences. It still emits them, and no data of ours is
    // published by a fence alone.
#if defined(__GNUC__) && !defined(__clang__)
#  pragma GCC diagnostic push
#  pragma GCC diagnostic ignored "-Wtsan"
#endif
    std::atomic_thread_fence(std::memory_order_seq_cst);
#if defined(__GNUC__) && !defined(__clang__)
#  pragma GCC diagnostic pop
#endif
  }
};

}  // namespace millrace
