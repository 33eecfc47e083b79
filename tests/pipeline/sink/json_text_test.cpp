#include <millrace/base/fixed_string.hpp>
#include <millrace/sink/json_text.hpp>

#include <gtest/gtest.h>
#include <simdjson.h>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>

namespace millrace::sink {
namespace {

template <class F>
std::string written(F&& write) {
  std::string made;
  json_text out(made);
  write(out);
  return made;
}
std::string in_quotes(std::string_view text) {
  return written([&](json_text& out) { out.quoted(text); });
}
std::string floating(double number) {
  return written([&](json_text& out) { out.floating(number); });
}

TEST(json_text, escapes_what_json_wants_escaped) {
  EXPECT_EQ(in_quotes(""), R"("")");
  EXPECT_EQ(in_quotes("plain"), R"("plain")");
  EXPECT_EQ(in_quotes("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(in_quotes("\n\t\r"), R"("\n\t\u000d")");
  EXPECT_EQ(in_quotes(std::string_view("\0\x1b\x7f", 3)), R"("\u0000\u001b\u007f")");
  EXPECT_EQ(in_quotes("\xC3\xA4/\xF0\x9F\x98\x80"), "\"\xC3\xA4/\xF0\x9F\x98\x80\"");
}

TEST(json_text, a_parser_reads_back_every_text) {
  simdjson::dom::parser parser;
  std::mt19937 random(1);
  for (int i = 0; i < 2'000; ++i) {
    std::string text;
    for (auto n = random() % 20; n > 0; --n) text += static_cast<char>(random() % 128);
    std::string json(1, '[');
    json.append(in_quotes(text)).push_back(']');
    std::string_view back;
    ASSERT_EQ(parser.parse(json).at(0).get_string().get(back), simdjson::SUCCESS) << json;
    ASSERT_EQ(back, text);
  }
}

TEST(json_text, floats_read_back_as_the_same_number) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 50'000; ++i) {
    const double number = i % 2 == 0 ? std::bit_cast<double>(random())
                                     : static_cast<double>(static_cast<std::int64_t>(random()) >> (random() % 64)) / 8;
    const std::string text = floating(number);
    if (!std::isfinite(number)) {
      ASSERT_EQ(text, "null");
      continue;
    }
    ASSERT_EQ(std::bit_cast<std::uint64_t>(std::strtod(text.c_str(), nullptr)), std::bit_cast<std::uint64_t>(number))
        << text;
    ASSERT_NE(text.find_first_of(".e"), std::string::npos) << "a float must look like one: " << text;
  }
  EXPECT_EQ(floating(0.1), "0.1");
  EXPECT_EQ(floating(3), "3.0");
  EXPECT_EQ(floating(-0.0), "-0.0");
  EXPECT_EQ(floating(std::numeric_limits<double>::infinity()), "null");
}

TEST(json_text, integers_have_all_their_digits) {
  const auto integer = [](auto n) { return written([&](json_text& out) { out.integer(n); }); };
  EXPECT_EQ(integer(std::int64_t{INT64_MIN}), "-9223372036854775808");
  EXPECT_EQ(integer(expr::integer_max), "18446744073709551615");
  EXPECT_EQ(integer(expr::wide{INT64_MAX} + 1), "9223372036854775808");
  EXPECT_EQ(integer(expr::integer_min), "-9223372036854775808");
}

TEST(json_text, values_print_by_kind_and_times_by_unit) {
  const auto value = [](const expr::value& v, expr::value_kind kind, time_unit unit = time_unit::ms) {
    return written([&](json_text& out) { out.value(v, kind, unit); });
  };
  using expr::value_kind;
  EXPECT_EQ(value(expr::value::none(), value_kind::integer), "null");
  EXPECT_EQ(value(expr::value::of_boolean(true), value_kind::boolean), "true");
  EXPECT_EQ(value(expr::value::of_integer(5), value_kind::integer), "5");
  EXPECT_EQ(value(expr::value::of_floating(2), value_kind::floating), "2.0");
  EXPECT_EQ(value(expr::value::of_text("x"), value_kind::text), "\"x\"");
  EXPECT_EQ(value(expr::value::of_integer(1'999'999), value_kind::timestamp), "1");
  EXPECT_EQ(value(expr::value::of_integer(-1), value_kind::duration), "-1");
  EXPECT_EQ(value(expr::value::of_integer(-1'000'000), value_kind::duration), "-1");
  EXPECT_EQ(value(expr::value::of_integer(expr::integer_max), value_kind::duration, time_unit::ns),
            "18446744073709551615");
}

field named(std::string name, field_type type) {
  field made;
  made.name = std::move(name);
  made.type = type;
  made.capacity = 8;
  return made;
}

template <class T>
std::string field_text(field_type type, T value, time_unit unit = time_unit::us) {
  event_layout layout("E");
  layout.add(named("pad", field_type::boolean));
  layout.add(named("f", type));
  std::vector<std::byte> data(layout.bytes());
  std::memcpy(data.data() + layout.fields()[1].offset, &value, sizeof value);
  return written([&](json_text& out) { out.field(layout.fields()[1], data.data(), unit); });
}

TEST(json_text, fields_print_by_type) {
  EXPECT_EQ(field_text(field_type::boolean, true), "true");
  EXPECT_EQ(field_text(field_type::i8, std::int8_t{-128}), "-128");
  EXPECT_EQ(field_text(field_type::i16, std::int16_t{-32768}), "-32768");
  EXPECT_EQ(field_text(field_type::i32, std::int32_t{-5}), "-5");
  EXPECT_EQ(field_text(field_type::i64, std::int64_t{INT64_MIN}), "-9223372036854775808");
  EXPECT_EQ(field_text(field_type::u8, std::uint8_t{255}), "255");
  EXPECT_EQ(field_text(field_type::u16, std::uint16_t{65535}), "65535");
  EXPECT_EQ(field_text(field_type::u32, std::uint32_t{4294967295}), "4294967295");
  EXPECT_EQ(field_text(field_type::u64, std::uint64_t{UINT64_MAX}), "18446744073709551615");
  EXPECT_EQ(field_text(field_type::f32, 0.5F), "0.5");
  EXPECT_EQ(field_text(field_type::f64, 0.1), "0.1");
  EXPECT_EQ(field_text(field_type::string, fixed_string<8>("a\"b")), R"("a\"b")");
  EXPECT_EQ(field_text(field_type::timestamp, std::int64_t{-1}), "-1");
  EXPECT_EQ(field_text(field_type::duration, std::int64_t{2'999}), "2");
}

}  // namespace
}  // namespace millrace::sink
