#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <millrace/window/daba_lite.hpp>
#include <random>

namespace millrace::window {
namespace {

/// x -> a * x + b, which is not the same in another order.
struct line {
  std::uint64_t a = 1;
  std::uint64_t b = 0;

  friend bool operator==(const line&, const line&) = default;
};

std::uint64_t combinations = 0;

struct compose {
  line operator()(const line& first, const line& second) const noexcept {
    ++combinations;
    return {first.a * second.a, first.b * second.a + second.b};
  }
};

TEST(daba_lite, agrees_with_a_queue_whatever_comes_and_goes) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const std::size_t capacity = 1 + random() % 70;
    daba_lite<line, compose> found(capacity);
    std::deque<line> slow;
    for (std::uint64_t i = 0; i < 1'000; ++i) {
      const bool grows = random() % 100 < 30 + (i / 200 % 2) * 40;
      const std::uint64_t before = combinations;
      if (grows || slow.empty()) {
        const line added{random(), random()};
        ASSERT_EQ(found.try_push(added), slow.size() < capacity);
        if (slow.size() < capacity) slow.push_back(added);
      } else {
        found.pop();
        slow.pop_front();
      }
      ASSERT_LE(combinations - before, 3U);
      line all;
      for (const line& each : slow) all = compose{}(all, each);
      ASSERT_EQ(found.aggregate(), all);
      ASSERT_EQ(found.size(), slow.size());
    }
  }
}

}  // namespace
}  // namespace millrace::window
