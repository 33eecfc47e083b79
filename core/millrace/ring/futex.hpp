#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>

/// The kernel's wait on a word. std::atomic's own wait has no time limit.
///
/// Threads: any. Progress: `wake_one` is one system call, the others block.
namespace millrace::futex {

/// `time` from now on the monotonic clock; now when it is negative.
[[nodiscard]] timespec deadline_after(std::chrono::nanoseconds time) noexcept;

/// Sleeps while `word` holds `value`, until a wake-up or for no reason.
void wait(std::atomic<std::uint32_t>& word, std::uint32_t value) noexcept;

/// The same; false when `until` passed.
[[nodiscard]] bool wait_until(std::atomic<std::uint32_t>& word, std::uint32_t value, const timespec& until) noexcept;

/// Wakes one thread that sleeps on `word`.
void wake_one(std::atomic<std::uint32_t>& word) noexcept;

}  // namespace millrace::futex
