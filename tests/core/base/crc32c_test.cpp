#include <gtest/gtest.h>

#include <millrace/base/crc32c.hpp>
#include <random>
#include <string_view>
#include <vector>

namespace millrace {
namespace {

std::uint32_t crc_of(std::string_view text) { return crc32c(std::as_bytes(std::span(text))); }

/// Bit by bit, from the reflected polynomial.
std::uint32_t oracle(std::span<const std::byte> data) {
  std::uint32_t state = ~0u;
  for (const std::byte b : data) {
    state ^= static_cast<std::uint32_t>(b);
    for (int bit = 0; bit < 8; ++bit) state = (state >> 1) ^ (state % 2 == 1 ? 0x82F63B78u : 0u);
  }
  return ~state;
}

TEST(crc32c, gives_the_published_check_values) {
  EXPECT_EQ(crc_of("123456789"), 0xE3069283u);
  EXPECT_EQ(crc32c(std::vector<std::byte>(32, std::byte{0x00})), 0x8A9136AAu);  // RFC 3720, B.4
  EXPECT_EQ(crc32c(std::vector<std::byte>(32, std::byte{0xFF})), 0x62A8AB43u);
}

TEST(crc32c, of_nothing_is_zero) { EXPECT_EQ(crc32c({}), 0u); }

TEST(crc32c, agrees_with_the_polynomial_at_every_length_and_alignment) {
  std::mt19937_64 random(23);
  std::vector<std::byte> data(600);
  for (auto& b : data) b = static_cast<std::byte>(random());
  for (std::size_t start = 0; start < 16; ++start) {
    for (std::size_t length = 0; length < 500; length += 1 + length / 40) {
      const auto part = std::span(data).subspan(start, length);
      ASSERT_EQ(crc32c(part), oracle(part)) << start << ' ' << length;
    }
  }
}

TEST(crc32c, continues_from_a_checksum) {
  std::vector<std::byte> data(1'000, std::byte{0x5A});
  const auto all = std::span<const std::byte>(data);
  for (const std::size_t cut : {0u, 1u, 7u, 500u, 999u, 1'000u}) {
    EXPECT_EQ(crc32c(all.subspan(cut), crc32c(all.first(cut))), crc32c(all));
  }
}

}  // namespace
}  // namespace millrace
