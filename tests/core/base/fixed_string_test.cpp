#include <millrace/base/fixed_string.hpp>

#include <gtest/gtest.h>
#include <algorithm>
#include <array>
#include <sstream>
#include <string>

namespace millrace {
namespace {

static_assert(fixed_string_bytes(1) == 8 && fixed_string_bytes(6) == 8, "two bytes of length in front");
static_assert(fixed_string_bytes(7) == 16 && fixed_string_bytes(14) == 16 && fixed_string_bytes(15) == 24);
static_assert(sizeof(fixed_string<6>) == 8 && sizeof(fixed_string<7>) == 16 && alignof(fixed_string<1>) == 8);
static_assert(std::is_trivially_copyable_v<fixed_string<9>>);

TEST(fixed_string, holds_what_fits_and_refuses_one_more) {
  fixed_string<6> text("abc");
  EXPECT_TRUE(text.try_assign("sixsix"));
  EXPECT_EQ(text.view(), "sixsix");
  EXPECT_FALSE(text.try_assign("sevenXY"));
  EXPECT_EQ(text.view(), "sixsix");
  EXPECT_TRUE(text.try_assign(""));
  EXPECT_EQ(text.size(), 0u);
  EXPECT_EQ(fixed_string<6>::capacity(), 6u);
}

TEST(fixed_string, compares_as_text_does) {
  const fixed_string<6> a("ab");
  const fixed_string<6> b("abc");
  EXPECT_LT(a, b);
  EXPECT_EQ(a, fixed_string<6>("ab"));
  EXPECT_EQ(a, std::string_view("ab"));
  EXPECT_NE(a, std::string_view("ab\0", 3));
  std::ostringstream out;
  out << b;
  EXPECT_EQ(out.str(), "abc");
}

TEST(fixed_string, keeps_zeroes_behind_the_text) {
  fixed_string<13> text("a longer text");
  ASSERT_TRUE(text.try_assign("x"));
  std::array<unsigned char, sizeof text> bytes;
  std::memcpy(bytes.data(), &text, sizeof text);
  EXPECT_EQ(bytes[0], 1);
  EXPECT_EQ(bytes[2], 'x');
  EXPECT_TRUE(std::ranges::all_of(bytes.begin() + 3, bytes.end(), [](unsigned char b) { return b == 0; }));
}

TEST(fixed_string, lies_in_memory_as_a_string_field_does) {
  for (std::size_t size = 0; size <= 20; ++size) {
    const std::string text(size, 'q');
    alignas(8) std::array<std::byte, fixed_string_bytes(20) + 8> raw;
    raw.fill(std::byte{0xEE});
    ASSERT_TRUE(write_fixed_string(raw.data(), 20, text));
    EXPECT_EQ(read_fixed_string(raw.data()), text);
    EXPECT_EQ(raw[fixed_string_bytes(20)], std::byte{0xEE}) << "wrote past the field";
    fixed_string<20> typed;
    ASSERT_TRUE(typed.try_assign(text));
    EXPECT_EQ(std::memcmp(&typed, raw.data(), sizeof typed), 0) << size;
  }
}

TEST(fixed_string, a_refused_write_changes_nothing) {
  alignas(8) std::array<std::byte, 8> raw{};
  ASSERT_TRUE(write_fixed_string(raw.data(), 3, "abc"));
  EXPECT_FALSE(write_fixed_string(raw.data(), 3, "wxyz"));
  EXPECT_EQ(read_fixed_string(raw.data()), "abc");
}

}  // namespace
}  // namespace millrace
