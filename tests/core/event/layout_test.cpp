#include <millrace/base/error.hpp>
#include <millrace/base/fixed_string.hpp>
#include <millrace/event/event.hpp>
#include <millrace/event/layout.hpp>

#include <gtest/gtest.h>
#include <algorithm>
#include <cstring>
#include <string>

namespace millrace {
namespace {

field named(std::string name, field_type type, std::uint32_t capacity = 0) {
  field made;
  made.name = std::move(name);
  made.type = type;
  made.capacity = capacity;
  return made;
}

std::string refusal(event_layout& layout, const field& f) {
  try {
    layout.add(f);
  } catch (const error& e) {
    return e.what();
  }
  return "added";
}

// What the compiler does with the same declarations is the oracle.
struct mirror {
  std::uint8_t a;
  std::uint16_t b;
  std::uint8_t c;
  std::int32_t d;
  std::uint8_t e;
  double f;
  float g;
  fixed_string<9> h;
  std::uint8_t i;
  std::int64_t j;
};

TEST(event_layout, places_fields_as_a_struct_has_them) {
  event_layout layout("mirror", 3, 2);
  const std::pair<field_type, std::size_t> expected[]{
      {field_type::boolean, offsetof(mirror, a)}, {field_type::u16, offsetof(mirror, b)},
      {field_type::i8, offsetof(mirror, c)},      {field_type::i32, offsetof(mirror, d)},
      {field_type::u8, offsetof(mirror, e)},      {field_type::f64, offsetof(mirror, f)},
      {field_type::f32, offsetof(mirror, g)},     {field_type::string, offsetof(mirror, h)},
      {field_type::boolean, offsetof(mirror, i)}, {field_type::timestamp, offsetof(mirror, j)}};
  char name = 'a';
  for (const auto& [type, offset] : expected)
    layout.add(named(std::string(1, name++), type, type == field_type::string ? 9 : 0));
  for (std::size_t i = 0; i < std::size(expected); ++i) EXPECT_EQ(layout.fields()[i].offset, expected[i].second) << i;
  EXPECT_EQ(layout.bytes(), sizeof(mirror));
  EXPECT_EQ(layout.time_field(), 9u);
  EXPECT_EQ(layout.find("h"), 7u);
  EXPECT_EQ(layout.find("z"), std::nullopt);
  EXPECT_EQ(layout.type(), 3);
  EXPECT_EQ(layout.schema_version(), 2);
}

TEST(event_layout, is_a_multiple_of_eight_bytes_long) {
  event_layout layout("E");
  EXPECT_EQ(layout.bytes(), 0u);
  layout.add(named("a", field_type::boolean));
  EXPECT_EQ(layout.bytes(), 8u);
  layout.add(named("b", field_type::i64));
  EXPECT_EQ(layout.bytes(), 16u);
  layout.add(named("c", field_type::boolean));
  EXPECT_EQ(layout.bytes(), 24u);
}

TEST(event_layout, a_nullable_field_has_its_presence_behind_it) {
  event_layout layout("E");
  field f = named("a", field_type::i32);
  f.nullable = true;
  layout.add(f);
  layout.add(named("b", field_type::u8));
  EXPECT_EQ(layout.fields()[0].presence, 4u);
  EXPECT_EQ(layout.fields()[1].offset, 5u);
  EXPECT_EQ(layout.blank()[4], std::byte{0});
}

TEST(event_layout, keeps_defaults_in_its_blank) {
  event_layout layout("E");
  layout.add(named("a", field_type::u16));
  layout.add(named("b", field_type::u32));
  const std::uint32_t value = 0x01020304;
  layout.set_default(1, std::as_bytes(std::span(&value, 1)));
  EXPECT_FALSE(layout.fields()[0].has_default);
  EXPECT_TRUE(layout.fields()[1].has_default);
  std::uint32_t kept;
  std::memcpy(&kept, layout.blank().data() + layout.fields()[1].offset, sizeof kept);
  EXPECT_EQ(kept, value);
  layout.add(named("c", field_type::i64));
  std::memcpy(&kept, layout.blank().data() + layout.fields()[1].offset, sizeof kept);
  EXPECT_EQ(kept, value) << "a later field must not lose it";
}

TEST(event_layout, refuses_what_has_no_meaning) {
  event_layout layout("Txn");
  layout.add(named("ts", field_type::timestamp));
  EXPECT_EQ(refusal(layout, named("ts", field_type::i8)), "event 'Txn': field 'ts' is declared twice");
  EXPECT_EQ(refusal(layout, named("at", field_type::timestamp)),
            "event 'Txn': found a second timestamp field 'at', expected exactly one");
  EXPECT_EQ(refusal(layout, named("s", field_type::string, 0)),
            "field 's': found string(0), expected a capacity of 1 to 65000 bytes");
  EXPECT_EQ(refusal(layout, named("s", field_type::string, 65'001)),
            "field 's': found string(65001), expected a capacity of 1 to 65000 bytes");
  EXPECT_EQ(layout.fields().size(), 1u);
  EXPECT_EQ(refusal(layout, named("s", field_type::string, 65'000)), "added");
}

TEST(event_header, is_followed_by_the_data) {
  event<std::uint64_t> e{{}, 42};
  std::uint64_t data;
  std::memcpy(&data, data_of(std::as_const(e).header), sizeof data);
  EXPECT_EQ(data, 42u);
}

TEST(field_type, has_the_name_that_the_language_writes) {
  EXPECT_EQ(name_of(field_type::boolean), "bool");
  EXPECT_EQ(name_of(field_type::u64), "u64");
  EXPECT_EQ(name_of(field_type::duration), "duration");
  EXPECT_FALSE(is_integer(field_type::boolean));
  EXPECT_TRUE(is_integer(field_type::i8) && is_integer(field_type::u64));
  EXPECT_FALSE(is_integer(field_type::f32));
  EXPECT_TRUE(is_floating(field_type::f32) && is_floating(field_type::f64));
  EXPECT_FALSE(is_floating(field_type::string));
}

}  // namespace
}  // namespace millrace
