#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <millrace/base/error.hpp>
#include <millrace/event/event.hpp>
#include <millrace/ring/event_ring.hpp>
#include <random>
#include <thread>
#include <tuple>
#include <vector>

namespace millrace {
namespace {

constexpr std::uint64_t near_32_bits = (std::uint64_t{1} << 32) - 100;
constexpr std::uint64_t near_64_bits = ~std::uint64_t{0} - 100;

/// Behind the first word, which is the ring's.
void write(std::byte* slot, std::uint64_t value) { std::memcpy(slot + 8, &value, sizeof value); }
std::uint64_t read(const std::byte* slot) {
  std::uint64_t value;
  std::memcpy(&value, slot + 8, sizeof value);
  return value;
}

void send(event_ring<>& ring, std::uint64_t value) {
  std::byte* const slot = ring.try_claim();
  ASSERT_NE(slot, nullptr);
  write(slot, value);
  ring.publish();
}

TEST(event_ring, try_peek_fails_when_empty) {
  for (const std::uint64_t start : {std::uint64_t{0}, near_64_bits + 99, ~std::uint64_t{0}}) {
    event_ring<> ring(4, 64, start);
    auto& reader = ring.add_reader();
    EXPECT_EQ(reader.try_peek(), nullptr);
    EXPECT_EQ(reader.available(4), 0u);
  }
}

TEST(event_ring, try_claim_fails_when_full_and_not_one_before) {
  for (const std::size_t count : {2u, 4u, 64u}) {
    event_ring<> ring(count, 64);
    auto& reader = ring.add_reader();
    for (std::size_t i = 0; i < count; ++i) send(ring, i);
    EXPECT_EQ(ring.try_claim(), nullptr);
    ASSERT_NE(reader.try_peek(), nullptr);
    reader.release();
    reader.acknowledge();
    EXPECT_NE(ring.try_claim(), nullptr);
    EXPECT_EQ(ring.try_claim_n(2), 1u);
  }
}

TEST(event_ring, a_claim_is_invisible_until_published) {
  event_ring<> ring(4, 64);
  auto& reader = ring.add_reader();
  std::byte* const slot = ring.try_claim();
  write(slot, 5);
  EXPECT_EQ(ring.try_claim(), slot);
  EXPECT_EQ(reader.try_peek(), nullptr);
  ring.publish();
  EXPECT_EQ(read(reader.try_peek()), 5u);
}

TEST(event_ring, the_sequence_is_the_first_word_of_an_event_header) {
  event_ring<> ring(2, sizeof(event_header), near_64_bits);
  auto& reader = ring.add_reader();
  for (std::uint64_t n = 0; n < 200; ++n) {
    reinterpret_cast<event_header*>(ring.try_claim())->key = n;
    ring.publish();
    const auto& header = *reinterpret_cast<const event_header*>(reader.try_peek());
    ASSERT_EQ(header.sequence, near_64_bits + n);
    ASSERT_EQ(reader.next_sequence(), near_64_bits + n);
    ASSERT_EQ(header.key, n);
    reader.release();
  }
}

TEST(event_ring, a_batch_may_be_published_and_released_in_parts) {
  event_ring<> ring(8, 64);
  auto& reader = ring.add_reader();
  ASSERT_EQ(ring.try_claim_n(5), 5u);
  for (std::size_t i = 0; i < 5; ++i) write(ring.claim(i), i);
  ring.publish_n(3);
  EXPECT_EQ(reader.available(8), 3u);
  EXPECT_EQ(ring.try_claim_n(100), 5u);
  EXPECT_EQ(read(reader.peek(2)), 2u);
  reader.release_n(2);
  EXPECT_EQ(read(reader.try_peek()), 2u);
  EXPECT_EQ(ring.try_claim_n(100), 7u);
}

TEST(event_ring, a_batch_of_none_is_none) {
  event_ring<> ring(2, 64);
  auto& reader = ring.add_reader();
  EXPECT_EQ(ring.try_claim_n(0), 0u);
  ring.publish_n(0);
  EXPECT_EQ(reader.available(0), 0u);
  EXPECT_EQ(reader.available(1), 0u);
}

TEST(event_ring, acknowledges_an_eighth_of_the_slots_at_once_and_the_rest_when_idle) {
  event_ring<> ring(32, 64);
  auto& reader = ring.add_reader();
  for (std::uint64_t n = 0; n < 32; ++n) send(ring, n);
  ASSERT_EQ(reader.available(32), 32u);
  reader.release_n(3);
  EXPECT_EQ(ring.try_claim_n(32), 0u);
  reader.release();
  EXPECT_EQ(ring.try_claim_n(32), 4u);
  reader.release_n(28);
  EXPECT_EQ(ring.try_claim_n(32), 32u);
  send(ring, 0);
  ASSERT_NE(reader.try_peek(), nullptr);
  reader.release();
  EXPECT_EQ(ring.try_claim_n(32), 31u);
  EXPECT_EQ(reader.try_peek(), nullptr);
  EXPECT_EQ(ring.try_claim_n(32), 32u);
}

TEST(event_ring, the_slowest_reader_holds_the_writer) {
  event_ring<> ring(2, 64);
  auto& quick = ring.add_reader();
  auto& slow = ring.add_reader();
  for (std::uint64_t n = 0; n < 2; ++n) send(ring, n);
  ASSERT_EQ(quick.available(2), 2u);
  quick.release_n(2);
  EXPECT_EQ(ring.try_claim(), nullptr);
  ASSERT_EQ(slow.available(2), 2u);
  slow.release();
  EXPECT_EQ(ring.try_claim_n(2), 1u);
}

TEST(event_ring, a_reader_after_others_sees_what_all_of_them_have_acknowledged) {
  event_ring<> ring(8, 64);
  auto& left = ring.add_reader();
  auto& right = ring.add_reader();
  auto& last = ring.add_reader(left, right);
  for (std::uint64_t n = 0; n < 8; ++n) send(ring, n);
  ASSERT_EQ(left.available(8), 8u);
  left.release_n(8);
  EXPECT_EQ(last.available(8), 0u);
  ASSERT_EQ(right.available(8), 8u);
  right.release_n(5);
  EXPECT_EQ(last.available(8), 5u);
  EXPECT_EQ(ring.try_claim(), nullptr);
  EXPECT_EQ(read(last.peek(4)), 4u);
  last.release_n(5);
  EXPECT_EQ(ring.try_claim_n(8), 5u);
}

TEST(event_ring, slots_are_aligned_and_apart) {
  for (const std::size_t bytes : {16u, 32u, 64u, 192u}) {
    event_ring<> ring(4, bytes);
    ring.add_reader();
    ASSERT_EQ(ring.try_claim_n(4), 4u);
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(ring.claim(i)) % std::min<std::size_t>(bytes, 64), 0u);
      EXPECT_EQ(ring.claim(i) - ring.claim(0), static_cast<std::ptrdiff_t>(bytes * i));
    }
  }
}

TEST(event_ring, refuses_sizes_it_cannot_take) {
  for (const std::size_t count : {0u, 1u, 3u, 100u}) EXPECT_THROW((event_ring<>{count, 64}), error) << count;
  for (const std::size_t bytes : {0u, 8u, 24u, 63u, 65u, 100u}) EXPECT_THROW((event_ring<>{2, bytes}), error) << bytes;
}

TEST(event_ring, refuses_readers_that_come_too_late_or_after_strangers_or_are_too_many) {
  event_ring<> ring(2, 64), other(2, 64);
  auto& stranger = other.add_reader();
  EXPECT_THROW(ring.add_reader(stranger), error);
  for (std::size_t i = 0; i < event_ring<>::readers_max; ++i) ring.add_reader();
  EXPECT_THROW(ring.add_reader(), error);
  send(other, 1);
  EXPECT_THROW(other.add_reader(), error);
}

/// One thread, random batches on all sides, beside a deque a reader; the last reader comes after the other two.
TEST(event_ring, agrees_with_deques_across_sequence_wraps) {
  for (const std::uint64_t start : {std::uint64_t{0}, near_32_bits, near_64_bits}) {
    for (const std::size_t count : {2u, 8u}) {
      event_ring<> ring(count, 64, start, 1);
      auto& left = ring.add_reader();
      auto& right = ring.add_reader();
      const std::array readers{&left, &right, &ring.add_reader(left, right)};
      std::array<std::deque<std::uint64_t>, 3> expected;
      std::mt19937_64 random(start + count);
      for (int step = 0; step < 20'000; ++step) {
        const auto max = static_cast<std::size_t>(random() % (count + 2));
        const auto who = static_cast<std::size_t>(random() % 4);
        if (who == 3) {
          const std::size_t got = ring.try_claim_n(max);
          ASSERT_EQ(got, std::min(max, count - expected[2].size()));
          for (std::size_t i = 0; i < got; ++i) {
            const std::uint64_t value = random();
            for (auto& events : expected) events.push_back(value);
            write(ring.claim(i), value);
          }
          ring.publish_n(got);
          continue;
        }
        const std::size_t behind = who == 2 ? std::max(expected[0].size(), expected[1].size()) : 0;
        const std::size_t got = readers[who]->available(max);
        ASSERT_EQ(got, std::min(max, expected[who].size() - behind));
        for (std::size_t i = 0; i < got; ++i) {
          ASSERT_EQ(read(readers[who]->peek(i)), expected[who].front());
          expected[who].pop_front();
        }
        readers[who]->release_n(got);
      }
    }
  }
}

constexpr std::uint64_t mixed(std::uint64_t n) { return n * 0x9e3779b97f4a7c15ULL + 1; }

/// Every word of a slot but the first, from the event's number.
void fill(std::byte* slot, std::size_t bytes, std::uint64_t number) {
  for (std::size_t at = 0; at + 8 < bytes; at += 8) write(slot + at, mixed(number + at));
}
bool holds(const std::byte* slot, std::size_t bytes, std::uint64_t number) {
  for (std::size_t at = 0; at + 8 < bytes; at += 8) {
    if (read(slot + at) != mixed(number + at)) return false;
  }
  return true;
}

/// Threads that share a processor take a switch for each few events of a small ring.
std::uint64_t events_for(const event_ring<>& ring) { return ring.slot_count() < 64 ? 10'000 : 100'000; }

void write_all(event_ring<>& ring, std::size_t batch) {
  const std::uint64_t events = events_for(ring);
  for (std::uint64_t sent = 0; sent < events;) {
    const std::size_t got = ring.try_claim_n(std::min<std::uint64_t>(batch, events - sent));
    if (got == 0) std::this_thread::yield();
    for (std::size_t i = 0; i < got; ++i) fill(ring.claim(i), ring.slot_bytes(), sent + i);
    ring.publish_n(got);
    sent += got;
  }
}

/// How many events were not what they should be.
std::uint64_t read_all(event_reader<>& reader, const event_ring<>& ring, std::size_t batch) {
  const std::uint64_t events = events_for(ring);
  std::uint64_t received = 0, wrong = 0;
  while (received < events) {
    const std::size_t got = reader.available(batch);
    if (got == 0) std::this_thread::yield();
    for (std::size_t i = 0; i < got; ++i) wrong += !holds(reader.peek(i), ring.slot_bytes(), received + i);
    reader.release_n(got);
    received += got;
  }
  reader.acknowledge();
  return wrong;
}

/// Runs the writer and a thread for each reader.
void expect_all_read(event_ring<>& ring, std::vector<event_reader<>*> readers, std::size_t batch) {
  std::vector<std::uint64_t> wrong(readers.size(), 1);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < readers.size(); ++i) {
      threads.emplace_back([&, i] { wrong[i] = read_all(*readers[i], ring, batch); });
    }
    write_all(ring, batch);
  }
  EXPECT_EQ(wrong, std::vector<std::uint64_t>(readers.size(), 0));
  for (auto* const reader : readers) EXPECT_EQ(reader->try_peek(), nullptr);
  EXPECT_EQ(ring.try_claim_n(ring.slot_count()), ring.slot_count());
}

using ring_case = std::tuple<std::size_t, std::size_t, std::uint64_t, std::size_t>;
class event_ring_threads : public testing::TestWithParam<ring_case> {};

TEST_P(event_ring_threads, hand_over_every_event_once_and_in_order) {
  const auto [slot_count, slot_bytes, start, batch] = GetParam();
  event_ring<> ring(slot_count, slot_bytes, start);
  auto& reader = ring.add_reader();
  expect_all_read(ring, {&reader}, batch);
}

TEST_P(event_ring_threads, hand_every_event_to_both_readers) {
  const auto [slot_count, slot_bytes, start, batch] = GetParam();
  event_ring<> ring(slot_count, slot_bytes, start);
  auto& one = ring.add_reader();
  auto& other = ring.add_reader();
  expect_all_read(ring, {&one, &other}, batch);
}

TEST_P(event_ring_threads, hand_every_event_down_a_chain) {
  const auto [slot_count, slot_bytes, start, batch] = GetParam();
  event_ring<> ring(slot_count, slot_bytes, start);
  auto& first = ring.add_reader();
  auto& second = ring.add_reader(first);
  auto& third = ring.add_reader(second);
  expect_all_read(ring, {&first, &second, &third}, batch);
}

TEST_P(event_ring_threads, hand_every_event_through_a_diamond) {
  const auto [slot_count, slot_bytes, start, batch] = GetParam();
  event_ring<> ring(slot_count, slot_bytes, start);
  auto& left = ring.add_reader();
  auto& right = ring.add_reader();
  auto& last = ring.add_reader(left, right);
  expect_all_read(ring, {&left, &right, &last}, batch);
}

INSTANTIATE_TEST_SUITE_P(sizes, event_ring_threads,
                         testing::Values(ring_case{2, 64, near_64_bits, 1}, ring_case{8, 16, near_32_bits, 3},
                                         ring_case{64, 64, near_64_bits, 16}, ring_case{1'024, 192, 0, 1},
                                         ring_case{1'024, 64, near_32_bits, 32}));

#if defined(MILLRACE_ASSERTIONS) && MILLRACE_ASSERTIONS
TEST(event_ring_death, publishing_or_releasing_more_than_claimed_aborts) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  event_ring<> ring(2, 64);
  auto& reader = ring.add_reader();
  EXPECT_DEATH(ring.publish_n(3), "assertion");
  EXPECT_DEATH(reader.release(), "assertion");
  EXPECT_DEATH(static_cast<void>(reader.peek(0)), "assertion");
  event_ring<> unread(2, 64);
  EXPECT_DEATH(static_cast<void>(unread.try_claim()), "assertion");
}
#endif

}  // namespace
}  // namespace millrace
