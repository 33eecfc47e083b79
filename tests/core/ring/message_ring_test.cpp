#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <millrace/ring/message_ring.hpp>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace millrace {
namespace {

constexpr std::uint64_t near_32_bits = (std::uint64_t{1} << 32) - 400;
constexpr std::uint64_t near_64_bits = ~std::uint64_t{0} - 399;
static_assert(near_64_bits % 8 == 0);

bool send(message_ring<>& ring, std::string_view text) {
  std::byte* const room = ring.try_claim(text.size());
  if (room == nullptr) return false;
  std::memcpy(room, text.data(), text.size());
  ring.publish();
  return true;
}

std::optional<std::string> receive(message_ring<>& ring) {
  const auto message = ring.try_peek();
  if (!message) return std::nullopt;
  std::string text(reinterpret_cast<const char*>(message->data()), message->size());
  ring.release();
  return text;
}

TEST(message_ring, try_peek_fails_when_empty) {
  message_ring<> ring(64);
  EXPECT_EQ(ring.try_peek(), std::nullopt);
}

TEST(message_ring, carries_messages_of_any_length_in_order) {
  message_ring<> ring(128);
  for (const std::string_view text : {"a", "", "twelve bytes", "12345678"}) EXPECT_TRUE(send(ring, text));
  for (const std::string_view text : {"a", "", "twelve bytes", "12345678"}) EXPECT_EQ(receive(ring), text);
  EXPECT_EQ(receive(ring), std::nullopt);
}

TEST(message_ring, the_longest_message_fits_an_empty_ring_at_every_position) {
  for (std::uint64_t position = 0; position < 128; position += 8) {
    message_ring<> ring(128, position);
    const std::string longest(ring.message_bytes_max(), 'x');
    EXPECT_EQ(longest.size(), 56u);
    for (int round = 0; round < 5; ++round) {
      ASSERT_TRUE(send(ring, longest)) << position;
      ASSERT_EQ(receive(ring), longest);
    }
    EXPECT_EQ(ring.try_claim(ring.message_bytes_max() + 1), nullptr);
  }
}

TEST(message_ring, is_full_exactly_at_its_capacity) {
  message_ring<> ring(64);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(send(ring, "12345678"));
  EXPECT_FALSE(send(ring, ""));
  EXPECT_EQ(receive(ring), "12345678");
  EXPECT_TRUE(send(ring, "abcdefgh"));
  EXPECT_FALSE(send(ring, ""));
}

TEST(message_ring, a_claim_that_fails_changes_nothing) {
  message_ring<> ring(64, 48);
  EXPECT_TRUE(send(ring, ""));
  EXPECT_TRUE(send(ring, "12345678"));  // does not fit the last 8 bytes: padding, then the start
  EXPECT_TRUE(send(ring, "0123456789abcdef"));
  EXPECT_FALSE(send(ring, "0123456789abcdef"));
  EXPECT_EQ(receive(ring), "");
  EXPECT_EQ(receive(ring), "12345678");
  EXPECT_EQ(receive(ring), "0123456789abcdef");
  EXPECT_EQ(receive(ring), std::nullopt);
}

TEST(message_ring, several_claims_are_published_at_once) {
  message_ring<> ring(128);
  for (int i = 0; i < 3; ++i) *ring.try_claim(1) = std::byte{'x'};
  EXPECT_EQ(ring.try_peek(), std::nullopt);
  ring.publish();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(receive(ring), "x");
}

TEST(message_ring, several_messages_are_released_at_once) {
  message_ring<> ring(64);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(send(ring, "12345678"));
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(ring.try_peek());
    ring.advance();
  }
  EXPECT_FALSE(send(ring, ""));
  ring.release();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(send(ring, "12345678"));
  EXPECT_FALSE(send(ring, ""));
}

TEST(message_ring, payloads_are_aligned_to_eight_bytes) {
  message_ring<> ring(256);
  for (std::size_t bytes = 0; bytes < 9; ++bytes) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(ring.try_claim(bytes)) % 8, 0u);
  }
}

TEST(message_ring, refuses_sizes_it_cannot_take) {
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{32}, std::size_t{65}, std::size_t{1} << 32}) {
    EXPECT_THROW(message_ring<>{bytes}, error) << bytes;
  }
  EXPECT_THROW((message_ring<>{64, 4}), error);
}

TEST(message_ring, agrees_with_a_deque_across_counter_wraps) {
  for (const std::uint64_t start : {std::uint64_t{0}, near_32_bits, near_64_bits}) {
    message_ring<> ring(256, start);
    std::deque<std::string> expected;
    std::mt19937_64 random(start);
    std::size_t refused = 0;
    for (int step = 0; step < 50'000; ++step) {
      if (random() % 2 == 0) {
        const std::string text(random() % (ring.message_bytes_max() + 1), static_cast<char>('a' + random() % 26));
        if (send(ring, text)) {
          expected.push_back(text);
        } else {
          ASSERT_FALSE(expected.empty());
          ++refused;
        }
      } else {
        const auto got = receive(ring);
        ASSERT_EQ(got.has_value(), !expected.empty());
        if (!got) continue;
        ASSERT_EQ(*got, expected.front());
        expected.pop_front();
      }
    }
    EXPECT_GT(refused, 100u);
  }
}

class message_ring_threads : public testing::TestWithParam<std::tuple<std::size_t, std::uint64_t, std::uint64_t>> {};

TEST_P(message_ring_threads, hand_over_every_message_once_and_in_order) {
  constexpr std::uint64_t messages = 100'000;
  const auto [capacity, start, batch] = GetParam();
  message_ring<> ring(capacity, start);
  auto length = [max = ring.message_bytes_max()](std::uint64_t n) {
    return static_cast<std::size_t>(n * 7919 % (max + 1));
  };
  std::jthread producer([&ring, length, batch = batch] {
    for (std::uint64_t n = 0; n < messages;) {
      std::byte* const room = ring.try_claim(length(n));
      if (room == nullptr) {
        ring.publish();
        std::this_thread::yield();
        continue;
      }
      std::fill_n(room, length(n), static_cast<std::byte>(n * 31));
      if (++n % batch == 0 || n == messages) ring.publish();
    }
  });
  std::uint64_t wrong = 0;
  for (std::uint64_t n = 0; n < messages;) {
    const auto message = ring.try_peek();
    if (!message) {
      ring.release();
      std::this_thread::yield();
      continue;
    }
    wrong += message->size() != length(n) || !std::all_of(message->begin(), message->end(), [&](std::byte b) {
               return b == static_cast<std::byte>(n * 31);
             });
    ring.advance();
    if (++n % batch == 0) ring.release();
  }
  producer.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(ring.try_peek(), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(sizes, message_ring_threads,
                         testing::Values(std::tuple(64u, 0u, 1u), std::tuple(64u, near_64_bits, 1u),
                                         std::tuple(1'024u, near_32_bits, 4u), std::tuple(4'096u, near_64_bits, 1u)));

}  // namespace
}  // namespace millrace
