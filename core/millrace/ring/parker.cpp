#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <ctime>
#include <millrace/ring/parker.hpp>

namespace millrace {

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t), "the kernel waits on the plain word");

namespace {

// std::atomic's own wait has no time limit, hence the system call.
long futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value, const timespec* until) noexcept {
  return ::syscall(SYS_futex, &word, operation | FUTEX_PRIVATE_FLAG, value, until, nullptr, FUTEX_BITSET_MATCH_ANY);
}

timespec monotonic_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now;
}

timespec after(timespec start, std::chrono::nanoseconds time) noexcept {
  constexpr std::int64_t second_ns = 1'000'000'000;
  const std::int64_t ns = start.tv_nsec + time.count() % second_ns;
  start.tv_sec += time.count() / second_ns + ns / second_ns;
  start.tv_nsec = ns % second_ns;
  return start;
}

}  // namespace

void parker::wait(epoch prepared) noexcept {
  while (!is_over(prepared)) futex(word_, FUTEX_WAIT_BITSET, static_cast<std::uint32_t>(prepared), nullptr);
}

bool parker::wait_for(epoch prepared, std::chrono::nanoseconds time) noexcept {
  const timespec until = after(monotonic_now(), std::max(time, std::chrono::nanoseconds::zero()));
  while (!is_over(prepared)) {
    const long result = futex(word_, FUTEX_WAIT_BITSET, static_cast<std::uint32_t>(prepared), &until);
    if (result == -1 && errno == ETIMEDOUT) {
      cancel();
      // A wake-up may have come between the time-out and the cancelling; it then counts as one.
      const auto cancelled = static_cast<std::uint32_t>(prepared) & ~parked_bit;
      return word_.load(std::memory_order_acquire) != cancelled;  // W2, pairs with K2
    }
  }
  return true;
}

void parker::wake_sleeper() noexcept { futex(word_, FUTEX_WAKE_BITSET, 1, nullptr); }

}  // namespace millrace
