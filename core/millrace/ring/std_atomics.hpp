#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <millrace/ring/futex.hpp>

namespace millrace {

/// What one ordering of a lock-free structure is called in its comments: "P1".
struct ordering_name {
  template <std::size_t Size>
  constexpr ordering_name(const char (&name)[Size]) {
    static_assert(Size <= sizeof text, "an ordering's name is short");
    for (std::size_t i = 0; i < Size; ++i) text[i] = name[i];
  }

  char text[16]{};
};

/// What rings run on: atomics, the orderings by their names, fences, plain accesses to what a ring keeps in its
/// slots, and sleep. A model checker puts its own policy in its place; there a name finds the ordering that a mutant
/// weakens. Here every name is a constant.
struct std_atomics {
  template <class T>
  using atomic = std::atomic<T>;
  template <class T>
  using atomic_ref = std::atomic_ref<T>;

  template <ordering_name>
  static constexpr std::memory_order acquire = std::memory_order_acquire;
  template <ordering_name>
  static constexpr std::memory_order release = std::memory_order_release;

  /// A seq_cst fence: orders an earlier store before a later load, which nothing weaker does.
  template <ordering_name>
  static void fence() noexcept {
    // g++ warns that the thread sanitizer does not model fences. It still emits them, and the conditions that our
    // threads park for have orders of their own.
#if defined(__GNUC__) && !defined(__clang__)
#  pragma GCC diagnostic push
#  pragma GCC diagnostic ignored "-Wtsan"
#endif
    std::atomic_thread_fence(std::memory_order_seq_cst);
#if defined(__GNUC__) && !defined(__clang__)
#  pragma GCC diagnostic pop
#endif
  }

  static std::uint64_t read_word(const std::byte* from) noexcept {
    std::uint64_t value;
    std::memcpy(&value, from, sizeof value);
    return value;
  }
  static void write_word(std::byte* to, std::uint64_t value) noexcept { std::memcpy(to, &value, sizeof value); }

  using deadline = timespec;
  static deadline deadline_after(std::chrono::nanoseconds time) noexcept { return futex::deadline_after(time); }

  /// Sleeps while `word` holds `value`, until a wake-up or for no reason.
  static void wait(std::atomic<std::uint32_t>& word, std::uint32_t value) noexcept { futex::wait(word, value); }
  /// The same; false when `until` passed.
  [[nodiscard]] static bool wait_until(std::atomic<std::uint32_t>& word, std::uint32_t value,
                                       const deadline& until) noexcept {
    return futex::wait_until(word, value, until);
  }
  static void wake_one(std::atomic<std::uint32_t>& word) noexcept { futex::wake_one(word); }
};

}  // namespace millrace
