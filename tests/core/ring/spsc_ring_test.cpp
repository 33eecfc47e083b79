#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <millrace/base/error.hpp>
#include <millrace/ring/spsc_ring.hpp>
#include <random>
#include <thread>
#include <tuple>

namespace millrace {
namespace {

constexpr std::uint64_t near_32_bits = (std::uint64_t{1} << 32) - 100;
constexpr std::uint64_t near_64_bits = ~std::uint64_t{0} - 100;

void write(std::byte* slot, std::uint64_t value) { std::memcpy(slot, &value, sizeof value); }
std::uint64_t read(const std::byte* slot) {
  std::uint64_t value;
  std::memcpy(&value, slot, sizeof value);
  return value;
}

TEST(spsc_ring, try_peek_fails_when_empty) {
  spsc_ring<> ring(4, 64);
  EXPECT_EQ(ring.try_peek(), nullptr);
  EXPECT_EQ(ring.available(4), 0u);
  EXPECT_EQ(ring.size(), 0u);
}

TEST(spsc_ring, try_claim_fails_when_full_and_not_one_before) {
  for (const std::size_t count : {2u, 4u, 64u}) {
    spsc_ring<> ring(count, 64);
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_NE(ring.try_claim(), nullptr);
      ring.publish();
    }
    EXPECT_EQ(ring.try_claim(), nullptr);
    EXPECT_EQ(ring.size(), count);
    ASSERT_NE(ring.try_peek(), nullptr);
    ring.release();
    EXPECT_NE(ring.try_claim(), nullptr);
  }
}

TEST(spsc_ring, a_claim_is_invisible_until_published) {
  spsc_ring<> ring(4, 64);
  std::byte* const slot = ring.try_claim();
  write(slot, 5);
  EXPECT_EQ(ring.try_claim(), slot);
  EXPECT_EQ(ring.try_peek(), nullptr);
  ring.publish();
  EXPECT_EQ(read(ring.try_peek()), 5u);
}

TEST(spsc_ring, a_batch_may_be_published_and_released_in_parts) {
  spsc_ring<> ring(8, 64);
  ASSERT_EQ(ring.try_claim_n(5), 5u);
  for (std::size_t i = 0; i < 5; ++i) write(ring.claim(i), i);
  ring.publish_n(3);
  EXPECT_EQ(ring.available(8), 3u);
  EXPECT_EQ(ring.try_claim_n(100), 5u);
  EXPECT_EQ(read(ring.peek(2)), 2u);
  ring.release_n(2);
  EXPECT_EQ(read(ring.try_peek()), 2u);
  EXPECT_EQ(ring.try_claim_n(100), 7u);
}

TEST(spsc_ring, a_batch_of_none_is_none) {
  spsc_ring<> ring(2, 64);
  EXPECT_EQ(ring.try_claim_n(0), 0u);
  EXPECT_EQ(ring.available(0), 0u);
}

TEST(spsc_ring, slots_are_aligned_and_apart) {
  spsc_ring<> ring(4, 192);
  ASSERT_EQ(ring.try_claim_n(4), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(ring.claim(i)) % 64, 0u);
    EXPECT_EQ(ring.claim(i) - ring.claim(0), static_cast<std::ptrdiff_t>(192 * i));
  }
}

TEST(spsc_ring, refuses_sizes_it_cannot_take) {
  for (const std::size_t count : {0u, 1u, 3u, 100u}) EXPECT_THROW((spsc_ring<>{count, 64}), error) << count;
  for (const std::size_t bytes : {0u, 1u, 4u, 24u, 63u, 65u, 100u})
    EXPECT_THROW((spsc_ring<>{2, bytes}), error) << bytes;
}

/// One thread, random batches on both sides, beside a deque.
TEST(spsc_ring, agrees_with_a_deque_across_counter_wraps) {
  for (const std::uint64_t start : {std::uint64_t{0}, near_32_bits, near_64_bits}) {
    for (const std::size_t count : {2u, 8u}) {
      spsc_ring<> ring(count, 64, start);
      std::deque<std::uint64_t> expected;
      std::mt19937_64 random(start + count);
      for (int step = 0; step < 20'000; ++step) {
        const auto max = static_cast<std::size_t>(random() % (count + 2));
        if (random() % 2 == 0) {
          const std::size_t got = ring.try_claim_n(max);
          ASSERT_EQ(got, std::min(max, count - expected.size()));
          for (std::size_t i = 0; i < got; ++i) {
            expected.push_back(random());
            write(ring.claim(i), expected.back());
          }
          ring.publish_n(got);
        } else {
          const std::size_t got = ring.available(max);
          ASSERT_EQ(got, std::min(max, expected.size()));
          for (std::size_t i = 0; i < got; ++i) {
            ASSERT_EQ(read(ring.peek(i)), expected.front());
            expected.pop_front();
          }
          ring.release_n(got);
        }
        ASSERT_EQ(ring.size(), expected.size());
      }
    }
  }
}

constexpr std::uint64_t mixed(std::uint64_t n) { return n * 0x9e3779b97f4a7c15ULL + 1; }

/// Fills every word of a slot from the item's number.
void fill(std::byte* slot, std::size_t bytes, std::uint64_t number) {
  for (std::size_t at = 0; at < bytes; at += 8) write(slot + at, mixed(number + at));
}
bool holds(const std::byte* slot, std::size_t bytes, std::uint64_t number) {
  for (std::size_t at = 0; at < bytes; at += 8) {
    if (read(slot + at) != mixed(number + at)) return false;
  }
  return true;
}

using ring_case = std::tuple<std::size_t, std::size_t, std::uint64_t, std::size_t>;
class spsc_ring_threads : public testing::TestWithParam<ring_case> {};

TEST_P(spsc_ring_threads, hand_over_every_item_once_and_in_order) {
  constexpr std::uint64_t items = 100'000;
  const auto [slot_count, slot_bytes, start, batch] = GetParam();
  spsc_ring<> ring(slot_count, slot_bytes, start);
  std::jthread producer([&ring, batch = batch] {
    for (std::uint64_t sent = 0; sent < items;) {
      const std::size_t got = ring.try_claim_n(std::min<std::uint64_t>(batch, items - sent));
      if (got == 0) std::this_thread::yield();
      for (std::size_t i = 0; i < got; ++i) fill(ring.claim(i), ring.slot_bytes(), sent + i);
      if (got != 0) ring.publish_n(got);
      sent += got;
    }
  });
  std::uint64_t received = 0, wrong = 0;
  while (received < items) {
    const std::size_t got = ring.available(batch);
    if (got == 0) std::this_thread::yield();
    for (std::size_t i = 0; i < got; ++i) wrong += !holds(ring.peek(i), slot_bytes, received + i);
    if (got != 0) ring.release_n(got);
    received += got;
  }
  producer.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(ring.try_peek(), nullptr);
}

INSTANTIATE_TEST_SUITE_P(sizes, spsc_ring_threads,
                         testing::Values(ring_case{2, 64, 0, 1}, ring_case{2, 64, near_32_bits, 2},
                                         ring_case{2, 64, near_64_bits, 1}, ring_case{64, 64, near_64_bits, 16},
                                         ring_case{8, 8, near_64_bits, 3}, ring_case{1'024, 192, near_32_bits, 1},
                                         ring_case{1'024, 64, 0, 32}));

#if defined(MILLRACE_ASSERTIONS) && MILLRACE_ASSERTIONS
TEST(spsc_ring_death, publishing_or_releasing_more_than_claimed_aborts) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  spsc_ring<> ring(2, 64);
  EXPECT_DEATH(ring.publish_n(3), "assertion");
  EXPECT_DEATH(ring.release(), "assertion");
  EXPECT_DEATH(static_cast<void>(ring.peek(0)), "assertion");
}
#endif

}  // namespace
}  // namespace millrace
