#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <millrace/ring/parker.hpp>
#include <thread>
#include <vector>

namespace millrace {
namespace {

using namespace std::chrono_literals;

/// Parks until `condition` holds.
template <class Condition>
void park_until(parker& place, Condition condition) {
  while (!condition()) {
    const auto ticket = place.prepare();
    if (condition()) {
      place.cancel();
      return;
    }
    place.wait(ticket);
  }
}

TEST(parker, a_wake_after_prepare_is_not_lost) {
  parker place;
  const auto ticket = place.prepare();
  place.wake();
  place.wait(ticket);  // would hang
  const auto again = place.prepare();
  place.wake();
  EXPECT_TRUE(place.wait_for(again, 10s));
}

TEST(parker, a_wake_before_prepare_does_not_count) {
  parker place;
  place.wake();
  const auto ticket = place.prepare();
  EXPECT_FALSE(place.wait_for(ticket, 1ms));
}

TEST(parker, wait_for_gives_up_after_its_time) {
  parker place;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(place.wait_for(place.prepare(), 20ms));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 20ms);
}

TEST(parker, wait_for_no_time_or_less_returns_at_once) {
  parker place;
  EXPECT_FALSE(place.wait_for(place.prepare(), 0ns));
  EXPECT_FALSE(place.wait_for(place.prepare(), -1h));
}

TEST(parker, a_cancelled_announcement_leaves_nothing_behind) {
  parker place;
  static_cast<void>(place.prepare());
  place.cancel();
  place.wake();
  EXPECT_FALSE(place.wait_for(place.prepare(), 1ms));
}

TEST(parker, no_wake_up_is_lost_in_100000_rounds_between_two_threads) {
  constexpr std::uint64_t rounds = 100'000;
  parker ping_place, pong_place;
  std::atomic<std::uint64_t> ping{0}, pong{0};
  std::jthread other([&] {
    for (std::uint64_t n = 1; n <= rounds; ++n) {
      park_until(ping_place, [&] { return ping.load(std::memory_order_acquire) >= n; });
      pong.store(n, std::memory_order_release);
      pong_place.wake();
    }
  });
  for (std::uint64_t n = 1; n <= rounds; ++n) {
    ping.store(n, std::memory_order_release);
    ping_place.wake();
    park_until(pong_place, [&] { return pong.load(std::memory_order_acquire) >= n; });
  }
  other.join();
  EXPECT_EQ(pong.load(), rounds);
}

/// Lets two threads go on together, as nearly as two cores can.
class starting_line {
 public:
  void meet(std::uint64_t round) {
    arrived_.fetch_add(1, std::memory_order_acq_rel);
    for (int polls = 1; arrived_.load(std::memory_order_acquire) < 2 * round; ++polls) {
      if (polls % 1024 == 0) std::this_thread::yield();
    }
  }

 private:
  alignas(128) std::atomic<std::uint64_t> arrived_{0};
};

/// The store-buffer litmus: each thread writes its word and reads the other's at the same moment. Without a
/// fence on either side both may read the old value, the waker passes by, and the waiter sleeps.
TEST(parker, waiter_and_waker_that_meet_never_miss_each_other) {
  constexpr std::uint64_t rounds = 100'000;
  parker place;
  starting_line line;
  alignas(128) std::atomic<std::uint64_t> posted{0};
  // Taken by the waiter each round: the waker's store to it waits for the line, and holds the next one back.
  alignas(128) std::atomic<std::uint64_t> obstacle{0};
  std::jthread waker([&] {
    for (std::uint64_t n = 1; n <= rounds; ++n) {
      place.wake();  // nobody is parked: it only brings the word near
      line.meet(n);
      for (std::uint64_t delay = n % 61; delay != 0; --delay) std::atomic_signal_fence(std::memory_order_seq_cst);
      obstacle.store(n, std::memory_order_relaxed);
      posted.store(n, std::memory_order_relaxed);
      place.wake();
    }
  });
  std::uint64_t lost = 0;
  for (std::uint64_t n = 1; n <= rounds; ++n) {
    obstacle.store(0, std::memory_order_relaxed);
    line.meet(n);
    for (std::uint64_t delay = n % 53; delay != 0; --delay) std::atomic_signal_fence(std::memory_order_seq_cst);
    while (posted.load(std::memory_order_relaxed) < n) {
      const auto ticket = place.prepare();
      if (posted.load(std::memory_order_relaxed) >= n) {
        place.cancel();
      } else if (!place.wait_for(ticket, 2s) && posted.load(std::memory_order_relaxed) >= n) {
        ++lost;
      }
    }
  }
  EXPECT_EQ(lost, 0u);
}

TEST(parker, many_wakers_lose_nothing) {
  constexpr std::uint64_t each = 20'000;
  parker place;
  std::atomic<std::uint64_t> posted{0};
  std::vector<std::jthread> wakers;
  for (int i = 0; i < 3; ++i) {
    wakers.emplace_back([&] {
      for (std::uint64_t n = 0; n < each; ++n) {
        posted.fetch_add(1, std::memory_order_release);
        place.wake();
      }
    });
  }
  for (std::uint64_t seen = 0; seen < 3 * each;) {
    park_until(place, [&] { return posted.load(std::memory_order_acquire) > seen; });
    seen = posted.load(std::memory_order_acquire);
  }
  EXPECT_EQ(posted.load(), 3 * each);
}

TEST(parker, timed_waits_and_wakes_interleave_without_loss) {
  constexpr std::uint64_t rounds = 20'000;
  parker place;
  std::atomic<std::uint64_t> posted{0};
  std::jthread waker([&] {
    for (std::uint64_t n = 1; n <= rounds; ++n) {
      posted.store(n, std::memory_order_release);
      place.wake();
      if (n % 64 == 0) std::this_thread::yield();
    }
  });
  while (posted.load(std::memory_order_acquire) < rounds) {
    const auto ticket = place.prepare();
    if (posted.load(std::memory_order_acquire) >= rounds) {
      place.cancel();
      break;
    }
    static_cast<void>(place.wait_for(ticket, 5us));
  }
  EXPECT_EQ(posted.load(), rounds);
}

}  // namespace
}  // namespace millrace
