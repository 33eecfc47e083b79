#include <millrace/time/timestamp.hpp>

#include <gtest/gtest.h>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

namespace millrace {
namespace {

constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t greatest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t second = 1'000'000'000;

TEST(rfc3339, reads_what_the_feeds_write) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_rfc3339("2015-09-12T00:47:35.776Z"), 1'442'018'855'776'000'000);
  EXPECT_EQ(parse_rfc3339("2013-10-09 16:25:00+02:00"), 1'381'328'700 * second);
  EXPECT_EQ(parse_rfc3339("2000-02-29t23:59:59z"), 951'868'799 * second);
  EXPECT_EQ(parse_rfc3339("1969-12-31T23:59:59.999999999Z"), -1);
}

TEST(rfc3339, heeds_offsets) {
  const auto noon = parse_rfc3339("2020-06-01T12:00:00Z");
  EXPECT_EQ(parse_rfc3339("2020-06-01T17:30:00+05:30"), noon);
  EXPECT_EQ(parse_rfc3339("2020-06-01T02:00:00-10:00"), noon);
  EXPECT_EQ(parse_rfc3339("2020-06-01T12:00:00-00:00"), noon);
  EXPECT_EQ(parse_rfc3339("2020-06-02T11:59:00+23:59"), noon);
  EXPECT_EQ(parse_rfc3339("2020-06-01T12:00:00-00:30"), *noon + 1'800 * second);
}

TEST(rfc3339, keeps_nine_digits_of_a_second_and_drops_the_rest) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.1Z"), 100'000'000);
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.123456789Z"), 123'456'789);
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.1234567899Z"), 123'456'789);
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.000000001+00:00"), 1);
}

TEST(rfc3339, a_leap_second_is_the_start_of_the_next) {
  EXPECT_EQ(parse_rfc3339("2016-12-31T23:59:60Z"), parse_rfc3339("2017-01-01T00:00:00Z"));
  EXPECT_EQ(parse_rfc3339("2016-12-31T23:59:60.5Z"), *parse_rfc3339("2017-01-01T00:00:00Z") + second / 2);
  EXPECT_EQ(parse_rfc3339("2016-12-31T23:59:61Z"), std::nullopt);
}

TEST(rfc3339, knows_the_calendar) {
  EXPECT_TRUE(parse_rfc3339("2000-02-29T00:00:00Z"));
  EXPECT_TRUE(parse_rfc3339("2024-02-29T00:00:00Z"));
  for (const char* const day :
       {"1900-02-29", "2023-02-29", "2023-04-31", "2023-13-01", "2023-00-10", "2023-01-00", "2023-01-32"})
    EXPECT_EQ(parse_rfc3339(std::string(day) + "T00:00:00Z"), std::nullopt) << day;
}

TEST(rfc3339, refuses_every_other_form) {
  for (const char* const text : {"",
                                 "2020",
                                 "2020-06-01",
                                 "2020-06-01T12:00:00",
                                 "2020-06-01T12:00Z",
                                 "20200601T120000Z",
                                 "2020-6-1T12:00:00Z",
                                 "2020-06-01T24:00:00Z",
                                 "2020-06-01T12:60:00Z",
                                 "2020-06-01T12:00:00.Z",
                                 "2020-06-01T12:00:00+2:00",
                                 "2020-06-01T12:00:00+0200",
                                 "2020-06-01T12:00:00+24:00",
                                 "2020-06-01T12:00:00+02:60",
                                 "2020-06-01T12:00:00Zx",
                                 " 2020-06-01T12:00:00Z",
                                 "2020-06-01T12:00:00Z ",
                                 "-2020-06-01T12:00:00Z",
                                 "2020-06-01X12:00:00Z",
                                 "2020-06-01T1a:00:00Z",
                                 "12020-06-01T12:00:00Z",
                                 "2020-06-01T12:00:00+"})
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
}

TEST(rfc3339, no_prefix_of_a_time_is_a_time) {
  const std::string whole = "2015-09-12T00:47:35.776+02:00";
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(parse_rfc3339(whole.substr(0, size)), std::nullopt) << size;
}

// Sixty-four bits of nanoseconds end in these two; the seconds of the first alone do not fit.
TEST(rfc3339, reaches_both_ends_of_time_and_not_one_nanosecond_beyond) {
  EXPECT_EQ(parse_rfc3339("1677-09-21T00:12:43.145224192Z"), least);
  EXPECT_EQ(parse_rfc3339("1677-09-21T00:12:43.145224191Z"), std::nullopt);
  EXPECT_EQ(parse_rfc3339("2262-04-11T23:47:16.854775807Z"), greatest);
  EXPECT_EQ(parse_rfc3339("2262-04-11T23:47:16.854775808Z"), std::nullopt);
  EXPECT_EQ(parse_rfc3339("1677-09-21T00:12:42Z"), std::nullopt);
  EXPECT_EQ(parse_rfc3339("0000-01-01T00:00:00Z"), std::nullopt);
  EXPECT_EQ(parse_rfc3339("9999-12-31T23:59:59Z"), std::nullopt);
  EXPECT_EQ(parse_rfc3339("2262-04-12T01:47:16.854775807+02:00"), greatest);
}

TEST(rfc3339, writes_what_it_reads) {
  EXPECT_EQ(format_rfc3339(0), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(format_rfc3339(-1), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(format_rfc3339(1'442'018'855'776'000'000), "2015-09-12T00:47:35.776000000Z");
  EXPECT_EQ(format_rfc3339(least), "1677-09-21T00:12:43.145224192Z");
  EXPECT_EQ(format_rfc3339(greatest), "2262-04-11T23:47:16.854775807Z");
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const auto ns = static_cast<std::int64_t>(random());
    ASSERT_EQ(parse_rfc3339(format_rfc3339(ns)), ns);
  }
}

TEST(time_unit, converts_or_says_that_it_cannot) {
  EXPECT_EQ(to_nanoseconds(5, time_unit::ms), 5'000'000);
  EXPECT_EQ(to_nanoseconds(-5, time_unit::s), -5 * second);
  EXPECT_EQ(to_nanoseconds(greatest, time_unit::ns), greatest);
  EXPECT_EQ(to_nanoseconds(greatest / second, time_unit::s), greatest / second * second);
  EXPECT_EQ(to_nanoseconds(greatest / second + 1, time_unit::s), std::nullopt);
  EXPECT_EQ(to_nanoseconds(least / 1'000 - 1, time_unit::us), std::nullopt);
  EXPECT_EQ(name_of(time_unit::us), "us");
}

TEST(time_unit, rounds_towards_the_past) {
  EXPECT_EQ(from_nanoseconds(1'999'999, time_unit::ms), 1);
  EXPECT_EQ(from_nanoseconds(-1, time_unit::ms), -1);
  EXPECT_EQ(from_nanoseconds(-1'000'000, time_unit::ms), -1);
  EXPECT_EQ(from_nanoseconds(-1'000'001, time_unit::ms), -2);
  EXPECT_EQ(from_nanoseconds(least, time_unit::ns), least);
  EXPECT_EQ(from_nanoseconds(least, time_unit::s), -9'223'372'037);
}

TEST(duration, reads_every_unit) {
  EXPECT_EQ(parse_duration("7ns"), 7);
  EXPECT_EQ(parse_duration("7us"), 7'000);
  EXPECT_EQ(parse_duration("250ms"), 250'000'000);
  EXPECT_EQ(parse_duration("7s"), 7 * second);
  EXPECT_EQ(parse_duration("10m"), 600 * second);
  EXPECT_EQ(parse_duration("1h"), 3'600 * second);
  EXPECT_EQ(parse_duration("7d"), 7 * 86'400 * second);
  EXPECT_EQ(parse_duration("0s"), 0);
}

TEST(duration, refuses_every_other_form) {
  for (const char* const text : {"", "5", "s", "5 s", "-5s", "-0s", "+5s", "5S", "5min", "5s ", "1.5s", "5ss", "0x5s"})
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
}

TEST(duration, ends_at_292_years) {
  EXPECT_EQ(parse_duration("9223372036854775807ns"), greatest);
  EXPECT_EQ(parse_duration("9223372036854775808ns"), std::nullopt);
  EXPECT_TRUE(parse_duration("106751d"));
  EXPECT_EQ(parse_duration("106752d"), std::nullopt);
}

TEST(duration, writes_the_shortest_exact_form) {
  EXPECT_EQ(format_duration(600 * second), "10m");
  EXPECT_EQ(format_duration(90 * second), "90s");
  EXPECT_EQ(format_duration(0), "0s");
  EXPECT_EQ(format_duration(86'400 * second), "1d");
  EXPECT_EQ(format_duration(1'500'000), "1500us");
  EXPECT_EQ(format_duration(second + 1), "1000000001ns");
  std::mt19937_64 random(2);
  for (int i = 0; i < 10'000; ++i) {
    const auto ns = static_cast<std::int64_t>((random() >> (14 + random() % 50)) * (random() % 2 == 0 ? 1 : 1'000));
    ASSERT_EQ(parse_duration(format_duration(ns)), ns);
  }
}

}  // namespace
}  // namespace millrace
