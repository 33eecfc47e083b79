#include <millrace/stage/idle_strategy.hpp>
#include <millrace/stage/output_order.hpp>
#include <millrace/stage/wait_strategy.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <tuple>
#include <vector>

namespace millrace {
namespace {

using namespace std::chrono_literals;

TEST(wait_strategy, names_lead_back_to_their_strategy) {
  for (const wait_strategy each : wait_strategies) EXPECT_EQ(find_wait_strategy(name_of(each)), each);
  EXPECT_EQ(find_wait_strategy("busy"), std::nullopt);
  EXPECT_EQ(find_wait_strategy(""), std::nullopt);
}

TEST(wait_strategy, default_never_spins_when_threads_outnumber_cores) {
  EXPECT_EQ(default_wait_strategy(3, 2), wait_strategy::blocking);
  EXPECT_EQ(default_wait_strategy(3, 3), wait_strategy::backoff);
  EXPECT_EQ(default_wait_strategy(3, 64), wait_strategy::backoff);
}

TEST(idle, until_returns_at_once_when_ready) {
  parker parker;
  for (const wait_strategy strategy : wait_strategies) {
    idle idle(strategy, parker);
    unsigned polls = 0;
    idle.until([&] { return ++polls == 1; });
    EXPECT_EQ(polls, 1U);
  }
}

TEST(idle, backoff_sleeps_no_longer_than_a_millisecond_each_time) {
  parker parker;
  idle idle(wait_strategy::backoff, parker);
  for (int i = 0; i < 125; ++i) idle.after(0);  // past all spins and yields: the longest sleeps from here on
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) idle.after(0);
  const auto spent = std::chrono::steady_clock::now() - start;
  EXPECT_GE(spent, 20ms);
  idle.after(1);
  const auto fresh = std::chrono::steady_clock::now();
  idle.after(0);
  EXPECT_LT(std::chrono::steady_clock::now() - fresh, 20ms);
}

TEST(idle, blocking_uses_no_processor_time) {
  parker parker;
  idle idle(wait_strategy::blocking, parker);
  std::atomic<bool> ready{false};
  std::thread ringer([&] {
    std::this_thread::sleep_for(100ms);
    ready = true;
    doorbell(wait_strategy::blocking, parker).ring();
  });
  unsigned polls = 0;
  idle.until([&] { return ++polls, ready.load(); });
  EXPECT_LE(polls, 4U);
  ringer.join();
}

TEST(idle, no_ring_is_lost_in_any_strategy) {
  for (const wait_strategy strategy : wait_strategies) {
    parker ping_parker;
    parker pong_parker;
    std::atomic<unsigned> ping{0};
    std::atomic<unsigned> pong{0};
    constexpr unsigned rounds = 2000;
    std::thread other([&] {
      idle idle(strategy, ping_parker);
      for (unsigned i = 1; i <= rounds; ++i) {
        idle.until([&] { return ping.load(std::memory_order_acquire) >= i; });
        pong.store(i, std::memory_order_release);
        doorbell(strategy, pong_parker).ring();
      }
    });
    idle idle(strategy, pong_parker);
    for (unsigned i = 1; i <= rounds; ++i) {
      ping.store(i, std::memory_order_release);
      doorbell(strategy, ping_parker).ring();
      idle.until([&] { return pong.load(std::memory_order_acquire) >= i; });
    }
    other.join();
    EXPECT_EQ(pong.load(), rounds) << name_of(strategy);
  }
}

TEST(output_order, compares_sequence_release_phase_first_and_rule_in_that_order) {
  std::vector<output_order> all;
  for (std::uint32_t i = 0; i < 32; ++i) {
    all.push_back({.sequence = i & 1,
                   .release_ns = (i >> 1 & 1) == 0 ? -5 : 5,
                   .phase = i >> 2 & 1,
                   .rule = i >> 3 & 1,
                   .first = i >> 4 & 1});
  }
  const auto tied = [](const output_order& o) { return std::tie(o.sequence, o.release_ns, o.phase, o.first, o.rule); };
  for (const output_order& a : all) {
    for (const output_order& b : all) {
      EXPECT_EQ(a < b, tied(a) < tied(b));
      EXPECT_EQ(a == b, tied(a) == tied(b));
    }
  }
}

}  // namespace
}  // namespace millrace
