#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <millrace/ring/futex.hpp>

namespace millrace::futex {

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t), "the kernel waits on the plain word");

namespace {

long call(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value, const timespec* until) noexcept {
  return ::syscall(SYS_futex, &word, operation | FUTEX_PRIVATE_FLAG, value, until, nullptr, FUTEX_BITSET_MATCH_ANY);
}

}  // namespace

timespec deadline_after(std::chrono::nanoseconds time) noexcept {
  constexpr std::int64_t second_ns = 1'000'000'000;
  timespec until{};
  ::clock_gettime(CLOCK_MONOTONIC, &until);
  const std::int64_t wanted = std::max(time, std::chrono::nanoseconds::zero()).count();
  const std::int64_t ns = until.tv_nsec + wanted % second_ns;
  until.tv_sec += wanted / second_ns + ns / second_ns;
  until.tv_nsec = ns % second_ns;
  return until;
}

void wait(std::atomic<std::uint32_t>& word, std::uint32_t value) noexcept {
  call(word, FUTEX_WAIT_BITSET, value, nullptr);
}

bool wait_until(std::atomic<std::uint32_t>& word, std::uint32_t value, const timespec& until) noexcept {
  return call(word, FUTEX_WAIT_BITSET, value, &until) != -1 || errno != ETIMEDOUT;
}

void wake_one(std::atomic<std::uint32_t>& word) noexcept { call(word, FUTEX_WAKE_BITSET, 1, nullptr); }

}  // namespace millrace::futex
