// Every type of field: the values that fit, the first that do not, and what is said about them.
#include <pipeline/feed/feed_fixture.hpp>

#include <gtest/gtest.h>
#include <charconv>
#include <cmath>
#include <limits>
#include <random>
#include <type_traits>

namespace millrace::feed::testing {
namespace {

template <class T>
constexpr field_type type_of() {
  if constexpr (std::is_same_v<T, std::int8_t>) return field_type::i8;
  if constexpr (std::is_same_v<T, std::int16_t>) return field_type::i16;
  if constexpr (std::is_same_v<T, std::int32_t>) return field_type::i32;
  if constexpr (std::is_same_v<T, std::int64_t>) return field_type::i64;
  if constexpr (std::is_same_v<T, std::uint8_t>) return field_type::u8;
  if constexpr (std::is_same_v<T, std::uint16_t>) return field_type::u16;
  if constexpr (std::is_same_v<T, std::uint32_t>) return field_type::u32;
  if constexpr (std::is_same_v<T, std::uint64_t>) return field_type::u64;
}

__extension__ using wide = __int128;
__extension__ using unsigned_wide = unsigned __int128;

std::string printed(wide value) {
  const bool negative = value < 0;
  auto left = static_cast<unsigned_wide>(negative ? -value : value);
  std::string text;
  do text.insert(text.begin(), static_cast<char>('0' + static_cast<int>(left % 10)));
  while ((left /= 10) != 0);
  return negative ? "-" + text : text;
}

template <class T>
class integer_value : public ::testing::Test {};
using integer_types = ::testing::Types<std::int8_t, std::int16_t, std::int32_t, std::int64_t, std::uint8_t,
                                       std::uint16_t, std::uint32_t, std::uint64_t>;
TYPED_TEST_SUITE(integer_value, integer_types);

TYPED_TEST(integer_value, takes_both_ends_of_its_range_and_not_one_past_them) {
  const auto layout = layout_of(type_of<TypeParam>());
  const wide lowest = std::numeric_limits<TypeParam>::min(), highest = std::numeric_limits<TypeParam>::max();
  const std::string range =
      std::string(name_of(type_of<TypeParam>())) + " (" + printed(lowest) + " to " + printed(highest) + ")";
  for (const auto read : {json_value, csv_value}) {
    for (const wide good : {lowest, lowest + 1, wide{0}, wide{1}, highest - 1, highest}) {
      for (const std::string tail : {"", ".0", ".000000000000000000000000", "e0", "0e-1"}) {
        const record r = read(printed(good) + (good == 0 && tail == "0e-1" ? "e-1" : tail), layout);
        ASSERT_EQ(r.what, outcome::event) << printed(good) << tail << " " << r.reason;
        EXPECT_EQ(r.get<TypeParam>(*layout, "x"), static_cast<TypeParam>(good));
      }
    }
    for (const wide bad : {lowest - 1, highest + 1, highest * 10, lowest * 10 - 10}) {
      const record r = read(printed(bad), layout);
      ASSERT_EQ(r.what, outcome::dead) << printed(bad);
      EXPECT_EQ(r.reason, "field 'x': found " + printed(bad) + ", expected " + range);
    }
  }
}

TYPED_TEST(integer_value, refuses_what_is_no_whole_number) {
  const auto layout = layout_of(type_of<TypeParam>());
  for (const char* bad : {"5.5", "1e-1", "0.1", "1e400", "-1e400", "1e99999999999", "123456789012345678901234567890",
                          "5.00000000000000000000001"}) {
    EXPECT_EQ(json_value(bad, layout).what, outcome::dead) << bad;
    EXPECT_EQ(csv_value(bad, layout).what, outcome::dead) << bad;
  }
  for (const char* bad : {"\"5\"", "true", "{}", "[]", "nan", "-", "01", "+1", ".5", "1.", "1e", "0x1", "1_0"})
    EXPECT_EQ(json_value(bad, layout).what, outcome::dead) << bad;
  for (const char* bad : {"abc", "true", " 5", "5 ", "--5", "+-5", "nan", "inf", "0x1", ".", "+", "-", "1e", "\"\""})
    EXPECT_EQ(csv_value(bad, layout).what, outcome::dead) << bad;
}

TYPED_TEST(integer_value, takes_whole_numbers_with_point_or_exponent) {
  const auto layout = layout_of(type_of<TypeParam>());
  for (const auto read : {json_value, csv_value})
    for (const char* text :
         {"100", "100.0", "1e2", "1E+2", "1.00e2", "10000e-2", "0.1e3", "0.0000000000000000000000001e27"}) {
      const record r = read(text, layout);
      ASSERT_EQ(r.what, outcome::event) << text << " " << r.reason;
      EXPECT_EQ(r.get<TypeParam>(*layout, "x"), 100) << text;
    }
  for (const char* text : {"+100", "0100", "100.", "\"100\""})
    EXPECT_EQ(csv_value(text, layout).what, outcome::event) << text;
}

TEST(integer_values, above_two_to_the_53_are_exact) {
  const auto layout = layout_of(field_type::i64);
  for (const std::int64_t value : {9007199254740993LL, -9007199254740993LL, 1723161255030314667LL}) {
    EXPECT_EQ(json_value(std::to_string(value), layout).get<std::int64_t>(*layout, "x"), value);
    EXPECT_EQ(csv_value(std::to_string(value), layout).get<std::int64_t>(*layout, "x"), value);
    EXPECT_EQ(json_value(std::to_string(value) + ".0", layout).get<std::int64_t>(*layout, "x"), value);
  }
}

TEST(integer_values, minus_zero_is_zero) {
  const auto layout = layout_of(field_type::u8);
  for (const char* text : {"-0", "-0.0", "0e5"}) EXPECT_EQ(json_value(text, layout).what, outcome::event) << text;
}

TEST(f64_values, are_the_nearest_double_whatever_the_number_of_digits) {
  const auto layout = layout_of(field_type::f64);
  std::mt19937_64 random(3);
  std::string json, csv = "ts,x\n";
  std::vector<std::uint64_t> expected;
  for (int i = 0; i < 20000; ++i) {
    double value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    if (i % 2 == 0) value = static_cast<double>(static_cast<std::int64_t>(random())) / 1e9;
    char text[64];
    std::snprintf(text, sizeof text, "%.*g", i % 3 == 0 ? 17 : 1 + i % 17, value);
    double nearest = 0;
    std::from_chars(text, text + std::strlen(text), nearest);
    expected.push_back(std::bit_cast<std::uint64_t>(nearest));
    json += "{\"ts\":1,\"x\":" + std::string(text) + "}\n";
    csv += "1," + std::string(text) + "\n";
  }
  const auto from_json = read_ndjson(json, layout), from_csv = read_csv(csv, layout);
  ASSERT_EQ(from_json.size(), expected.size());
  ASSERT_EQ(from_csv.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(from_json[i].what, outcome::event) << from_json[i].reason;
    ASSERT_EQ(from_csv[i].what, outcome::event) << from_csv[i].reason;
    ASSERT_EQ(from_json[i].get<std::uint64_t>(*layout, "x"), expected[i]) << from_json[i].text;
    ASSERT_EQ(from_csv[i].get<std::uint64_t>(*layout, "x"), expected[i]) << from_csv[i].text;
  }
}

TEST(f64_values, of_every_form_are_what_strtod_makes_of_them) {
  const auto layout = layout_of(field_type::f64);
  for (const char* text : {"0",
                           "-0.0",
                           "-0",
                           "1",
                           "0.1",
                           "5e-324",
                           "2.2250738585072014e-308",
                           "1.7976931348623157e308",
                           "9007199254740993",
                           "18446744073709551616",
                           "123456789012345678901234567890",
                           "0.30000000000000004",
                           "1e22",
                           "1e23",
                           "1e-22",
                           "1e-23",
                           "9007199254740993e0",
                           "1e-400",
                           "-1e-400",
                           "0e999999",
                           "0.000000000000000000000000000000000000001",
                           "7.2057594037927933e16",
                           "2.4703282292062328e-324",
                           "2.4703282292062327e-324",
                           "18446744073709551615.5",
                           "1e-99999999999"}) {
    const double expected = std::strtod(text, nullptr);
    for (const auto read : {json_value, csv_value}) {
      const record r = read(text, layout);
      ASSERT_EQ(r.what, outcome::event) << text << " " << r.reason;
      EXPECT_EQ(r.get<std::uint64_t>(*layout, "x"), std::bit_cast<std::uint64_t>(expected)) << text;
    }
  }
}

TEST(f64_values, beyond_the_largest_double_are_dead) {
  const auto layout = layout_of(field_type::f64);
  for (const char* text : {"1.8e308", "-1.8e308", "1e309", "1e999999999999", "179769313486231580793e289"})
    for (const auto read : {json_value, csv_value})
      EXPECT_EQ(read(text, layout).reason, "field 'x': found " + std::string(text) + ", expected f64");
}

TEST(f64_values, nan_and_inf_are_dead) {
  const auto layout = layout_of(field_type::f64);
  for (const char* text : {"nan", "NaN", "inf", "-inf", "Infinity"}) {
    EXPECT_EQ(csv_value(text, layout).reason, "field 'x': found \"" + std::string(text) + "\", expected f64");
    EXPECT_EQ(json_value(text, layout).what, outcome::dead);
  }
}

TEST(f64_values, of_the_wrong_type_are_dead_with_what_was_found) {
  const auto layout = layout_of(field_type::f64);
  EXPECT_EQ(json_value("\"abc\"", layout).reason, "field 'x': found \"abc\", expected f64");
  EXPECT_EQ(csv_value("abc", layout).reason, "field 'x': found \"abc\", expected f64");
  EXPECT_EQ(json_value("true", layout).reason, "field 'x': found true, expected f64");
  EXPECT_EQ(json_value("{\"a\":1}", layout).reason, "field 'x': found an object, expected f64");
  EXPECT_EQ(json_value("[1]", layout).reason, "field 'x': found an array, expected f64");
  EXPECT_EQ(json_value("null", layout).reason, "field 'x': found nothing, expected f64");
}

TEST(f32_values, are_the_nearest_float_and_dead_beyond_the_largest) {
  const auto layout = layout_of(field_type::f32);
  // The sum of two roundings would differ: just above the middle between two floats, at it as a double.
  for (const char* text : {"0.1", "16777217", "1.00000005960464477539062500000001", "3.4028234663852886e38", "1e-45",
                           "1e-60", "-0.0", "1e10", "1e11"})
    for (const auto read : {json_value, csv_value}) {
      const record r = read(text, layout);
      ASSERT_EQ(r.what, outcome::event) << text << " " << r.reason;
      EXPECT_EQ(r.get<std::uint32_t>(*layout, "x"), std::bit_cast<std::uint32_t>(std::strtof(text, nullptr))) << text;
    }
  for (const char* text : {"3.4028236e38", "-3.5e38", "1e308", "1e400"})
    for (const auto read : {json_value, csv_value})
      EXPECT_EQ(read(text, layout).reason, "field 'x': found " + std::string(text) + ", expected f32");
}

TEST(bool_values, are_true_and_false_only) {
  const auto layout = layout_of(field_type::boolean);
  EXPECT_EQ(json_value("true", layout).get<std::uint8_t>(*layout, "x"), 1);
  EXPECT_EQ(json_value("false", layout).get<std::uint8_t>(*layout, "x"), 0);
  EXPECT_EQ(json_value("1", layout).reason, "field 'x': found 1, expected bool");
  for (const char* bad : {"0", "\"true\"", "True", "truex", "tru", "falsee", "fals"})
    EXPECT_EQ(json_value(bad, layout).what, outcome::dead) << bad;
}

TEST(bool_values, are_also_1_and_0_in_csv) {
  const auto layout = layout_of(field_type::boolean);
  for (const char* text : {"true", "1", "\"true\""})
    EXPECT_EQ(csv_value(text, layout).get<std::uint8_t>(*layout, "x"), 1);
  for (const char* text : {"false", "0"}) EXPECT_EQ(csv_value(text, layout).get<std::uint8_t>(*layout, "x"), 0);
  for (const char* bad : {"TRUE", "yes", "2", "1.0", "t"}) EXPECT_EQ(csv_value(bad, layout).what, outcome::dead) << bad;
}

TEST(string_values, fit_up_to_their_capacity_in_bytes) {
  const auto layout = layout_of(field_type::string, 16);
  EXPECT_EQ(json_value("\"" + std::string(16, 'a') + "\"", layout).text_of(*layout, "x"), std::string(16, 'a'));
  for (const std::string& text : {std::string(17, 'a'), std::string(21, 'a')}) {
    const std::string expected = "field 'x': found " + std::to_string(text.size()) + " bytes, expected at most 16";
    EXPECT_EQ(json_value("\"" + text + "\"", layout).reason, expected);
    EXPECT_EQ(csv_value(text, layout).reason, expected);
  }
  EXPECT_EQ(json_value("\"\\u00e4\\u00e4\\u00e4\\u00e4\\u00e4\\u00e4\\u00e4\\u00e4\\u00e4\"", layout).reason,
            "field 'x': found 18 bytes, expected at most 16");
}

TEST(string_values, come_with_their_escapes_decoded) {
  const auto layout = layout_of(field_type::string, 40);
  EXPECT_EQ(json_value(R"("a\"b\\c\/d\b\f\n\r\t")", layout).text_of(*layout, "x"), "a\"b\\c/d\b\f\n\r\t");
  EXPECT_EQ(json_value(R"("\u0041\u00e4\u20ac\ud83d\ude00")", layout).text_of(*layout, "x"),
            "A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(json_value(R"("\u0000")", layout).text_of(*layout, "x"), std::string_view("\0", 1));
  EXPECT_EQ(json_value("\"\"", layout).text_of(*layout, "x"), "");
}

TEST(string_values, with_a_wrong_escape_are_no_json) {
  const auto layout = layout_of(field_type::string, 40);
  for (const char* bad : {R"("\x")", R"("\u12")", R"("\ud83d")", R"("\ud83dx")", R"("\uzzzz")"})
    EXPECT_EQ(json_value(bad, layout).reason.rfind("not JSON", 0), 0U) << bad;
}

TEST(string_values, need_a_json_string) {
  const auto layout = layout_of(field_type::string, 16);
  EXPECT_EQ(json_value("5", layout).reason, "field 'x': found 5, expected string(16)");
  EXPECT_EQ(json_value("true", layout).reason, "field 'x': found true, expected string(16)");
  EXPECT_EQ(csv_value("5", layout).text_of(*layout, "x"), "5");
}

TEST(timestamp_values, count_in_the_unit_of_the_field) {
  for (const auto& [unit, ns] :
       {std::pair{time_unit::ns, 1}, {time_unit::us, 1000}, {time_unit::ms, 1000000}, {time_unit::s, 1000000000}}) {
    const auto layout = make_layout("X", make_field("ts", field_type::timestamp, 0, unit));
    EXPECT_EQ(read_ndjson("{\"ts\":-7}", layout)[0].header.time_ns, -7LL * ns);
    EXPECT_EQ(read_ndjson("{\"ts\":7.0}", layout)[0].header.time_ns, 7LL * ns);
    EXPECT_EQ(read_csv("ts\n7\n", layout)[0].header.time_ns, 7LL * ns);
  }
}

TEST(timestamp_values, out_of_range_are_dead) {
  const auto layout = make_layout("X", make_field("ts", field_type::timestamp, 0, time_unit::ms));
  EXPECT_EQ(read_ndjson("{\"ts\":9223372036854}", layout)[0].header.time_ns, 9223372036854000000);
  for (const char* bad :
       {"9223372036855", "9223372036854775808", "1.5", "\"soon\"", "true", "{}", "\"2020-13-01T00:00:00Z\""})
    EXPECT_EQ(read_ndjson("{\"ts\":" + std::string(bad) + "}", layout)[0].reason,
              "field 'ts': found " + std::string(bad == std::string("{}") ? "an object" : bad) +
                  ", expected timestamp (a whole number of ms or RFC 3339 text, 1677 to 2262)");
}

TEST(timestamp_values, may_be_rfc_3339_text) {
  const auto layout = make_layout("X", make_field("ts", field_type::timestamp, 0, time_unit::ms));
  EXPECT_EQ(read_ndjson(R"({"ts":"1970-01-01T00:00:01.5Z"})", layout)[0].header.time_ns, 1500000000);
  EXPECT_EQ(read_ndjson(R"({"ts":"1970-01-01\u005400:00:01.5Z"})", layout)[0].header.time_ns, 1500000000);
  EXPECT_EQ(read_csv("ts\n1970-01-01T01:00:01+01:00\n", layout)[0].header.time_ns, 1000000000);
}

TEST(duration_values, are_nanoseconds_or_text) {
  const auto layout = layout_of(field_type::duration);
  EXPECT_EQ(json_value("250", layout).get<std::int64_t>(*layout, "x"), 250);
  EXPECT_EQ(json_value("\"250ms\"", layout).get<std::int64_t>(*layout, "x"), 250000000);
  EXPECT_EQ(csv_value("250ms", layout).get<std::int64_t>(*layout, "x"), 250000000);
  EXPECT_EQ(csv_value("-250", layout).get<std::int64_t>(*layout, "x"), -250);
  EXPECT_EQ(json_value("\"fast\"", layout).reason,
            "field 'x': found \"fast\", expected duration (a whole number of ns or text such as \"250ms\")");
}

TEST(long_values, are_cut_in_the_reason_and_not_inside_a_character) {
  const auto layout = layout_of(field_type::f64);
  std::string text = "a";
  for (int i = 0; i < 200; ++i) text += "\xc3\xa4";
  const std::string reason = json_value("\"" + text + "\"", layout).reason;
  EXPECT_LT(reason.size(), 150U);
  EXPECT_NE(reason.find("\xc3\xa4..., expected f64"), std::string::npos) << reason;
}

}  // namespace
}  // namespace millrace::feed::testing
