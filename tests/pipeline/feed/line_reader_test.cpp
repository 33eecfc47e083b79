#include <millrace/feed/line_reader.hpp>

#include <pipeline/feed/feed_fixture.hpp>

#include <gtest/gtest.h>
#include <random>
#include <sstream>

namespace millrace::feed::testing {
namespace {

struct numbered {
  std::string text;
  std::uint64_t number = 0;
  bool too_long = false;
  friend bool operator==(const numbered&, const numbered&) = default;
};
std::ostream& operator<<(std::ostream& out, const numbered& line) {
  return out << line.number << ": '" << line.text << "'" << (line.too_long ? " (too long)" : "");
}

std::vector<numbered> lines_of(line_reader reader) {
  std::vector<numbered> all;
  for (;;) {
    const auto status = reader.next();
    if (status == line_reader::status::end) return all;
    all.push_back({std::string(reader.line()), reader.number(), status == line_reader::status::too_long});
  }
}
std::vector<numbered> lines_of(const std::string& text, std::size_t piece = 1'000'000,
                               std::size_t bound = default_record_bytes_max) {
  return lines_of(line_reader(std::make_unique<trickle>(text, piece), bound));
}

/// The slow, obvious way.
std::vector<numbered> expected_lines(std::string text, std::size_t bound) {
  if (text.rfind("\xef\xbb\xbf", 0) == 0) text.erase(0, 3);
  std::vector<numbered> all;
  std::istringstream in(text);
  std::string line;
  for (std::uint64_t number = 1; std::getline(in, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.size() > bound) {
      all.push_back({line.substr(0, std::min<std::size_t>(bound, 256)), number, true});
    } else if (line.find_first_not_of(" \t\r") != std::string::npos) {
      all.push_back({line, number, false});
    }
  }
  return all;
}

TEST(line_reader, numbers_lines_from_one) {
  EXPECT_EQ(lines_of("a\nb\n"), (std::vector<numbered>{{"a", 1}, {"b", 2}}));
}
TEST(line_reader, a_last_line_without_line_feed_is_a_line) {
  EXPECT_EQ(lines_of("a\nb"), (std::vector<numbered>{{"a", 1}, {"b", 2}}));
}
TEST(line_reader, carriage_returns_before_the_line_feed_are_stripped) {
  EXPECT_EQ(lines_of("a\r\nb\rc\r\nd\r"), (std::vector<numbered>{{"a", 1}, {"b\rc", 2}, {"d", 3}}));
}
TEST(line_reader, blank_lines_are_passed_over_and_counted) {
  EXPECT_EQ(lines_of("\n \t\n\r\na\n\n"), (std::vector<numbered>{{"a", 4}}));
}
TEST(line_reader, a_byte_order_mark_is_passed_over_at_the_start_only) {
  EXPECT_EQ(lines_of("\xef\xbb\xbf"
                     "a\n\xef\xbb\xbf"
                     "b\n"),
            (std::vector<numbered>{{"a", 1},
                                   {"\xef\xbb\xbf"
                                    "b",
                                    2}}));
}
TEST(line_reader, an_empty_feed_has_no_line) {
  EXPECT_TRUE(lines_of("").empty());
  EXPECT_TRUE(lines_of("\xef\xbb\xbf").empty());
  EXPECT_TRUE(lines_of("\n\n").empty());
}
TEST(line_reader, a_line_of_the_bound_is_taken_and_one_past_it_is_not) {
  const std::string text = "aaaaaaaaaa\nbbbbbbbbbbb\nc\ndddddddddd\r\neeeeeeeeeee";
  const std::vector<numbered> expected{
      {"aaaaaaaaaa", 1}, {"bbbbbbbbbb", 2, true}, {"c", 3}, {"dddddddddd", 4}, {"eeeeeeeeee", 5, true}};
  for (const std::size_t piece : std::initializer_list<std::size_t>{1, 3, 1000})
    EXPECT_EQ(lines_of(text, piece, 10), expected) << piece;
}
TEST(line_reader, lines_longer_than_the_first_buffer_are_taken_up_to_the_bound) {
  const std::string longest(3'000'000, 'x');
  const std::string text = "a\n" + longest + "\nb\n" + longest + "y\nc\n";
  const auto lines = lines_of(text, 100'000, longest.size());
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_EQ(lines[1].text, longest);
  EXPECT_TRUE(lines[3].too_long);
  EXPECT_EQ(lines[4], (numbered{"c", 5}));
}
TEST(line_reader, random_feeds_in_pieces_of_any_size_give_the_lines_that_getline_gives) {
  std::mt19937 random(11);
  for (int round = 0; round < 400; ++round) {
    std::string text;
    const auto size = random() % 300;
    const std::string_view alphabet = "aaaab \t\r\n\n";
    while (text.size() < size) text += alphabet[random() % alphabet.size()];
    const std::size_t bound = 1 + random() % 20;
    const std::size_t piece = 1 + random() % 9;
    ASSERT_EQ(lines_of(text, piece, bound), expected_lines(text, bound)) << round;
  }
}
TEST(line_reader, long_random_feeds_survive_refills) {
  std::mt19937 random(5);
  std::string text;
  while (text.size() < 3'000'000) text += std::string(random() % 3000, static_cast<char>('a' + random() % 26)) + "\n";
  EXPECT_EQ(lines_of(text, 70'001), expected_lines(text, default_record_bytes_max));
}
TEST(line_reader, extend_adds_the_next_line_and_shrink_takes_it_away) {
  for (const std::size_t piece : std::initializer_list<std::size_t>{1, 1000}) {
    line_reader reader(std::make_unique<trickle>("a\r\n\nb\r\nc", piece));
    ASSERT_EQ(reader.next(), line_reader::status::line);
    ASSERT_EQ(reader.extend(), line_reader::status::line);
    ASSERT_EQ(reader.extend(), line_reader::status::line);
    EXPECT_EQ(reader.line(), "a\r\n\nb");
    EXPECT_EQ(reader.number(), 1U);
    reader.shrink();
    EXPECT_EQ(reader.line(), "a");
    ASSERT_EQ(reader.next(), line_reader::status::line);
    EXPECT_EQ(reader.line(), "b");
    EXPECT_EQ(reader.number(), 3U);
    ASSERT_EQ(reader.extend(), line_reader::status::line);
    EXPECT_EQ(reader.line(), "b\r\nc");
    EXPECT_EQ(reader.extend(), line_reader::status::end);
    EXPECT_EQ(reader.line(), "b\r\nc");
    EXPECT_EQ(reader.next(), line_reader::status::end);
  }
}
TEST(line_reader, extend_refuses_to_pass_the_bound) {
  for (const std::size_t piece : std::initializer_list<std::size_t>{1, 1000}) {
    line_reader reader(std::make_unique<trickle>("aaaa\nbbbb\ncccc\ndddd\n", piece), 9);
    ASSERT_EQ(reader.next(), line_reader::status::line);
    ASSERT_EQ(reader.extend(), line_reader::status::line);
    EXPECT_EQ(reader.extend(), line_reader::status::too_long);
    EXPECT_EQ(reader.line(), "aaaa\nbbbb");
    ASSERT_EQ(reader.next(), line_reader::status::line);
    EXPECT_EQ(reader.line(), "cccc");
    EXPECT_EQ(reader.number(), 3U);
  }
}
TEST(line_reader, lines_before_an_error_are_handed_out) {
  line_reader reader(std::make_unique<trickle>("a\nb\nhalf", 3, "the disk is gone"));
  ASSERT_EQ(reader.next(), line_reader::status::line);
  ASSERT_EQ(reader.next(), line_reader::status::line);
  EXPECT_EQ(reader.line(), "b");
  EXPECT_THROW((void)reader.next(), error);
  EXPECT_THROW((void)reader.next(), error);
}
TEST(line_reader, first_character_takes_nothing) {
  line_reader reader(std::make_unique<trickle>("\xef\xbb\xbf \n\t{x\n", 1));
  EXPECT_EQ(reader.first_character(), '{');
  ASSERT_EQ(reader.next(), line_reader::status::line);
  EXPECT_EQ(reader.line(), "\t{x");
  EXPECT_EQ(reader.number(), 2U);
}
TEST(line_reader, padding_behind_the_last_line_can_be_read) {
  line_reader reader(std::make_unique<trickle>("a", 1));
  ASSERT_EQ(reader.next(), line_reader::status::line);
  int sum = 0;
  for (std::size_t i = 1; i <= line_padding_bytes; ++i) sum += reader.line().data()[i];
  EXPECT_EQ(sum, 0);
}

}  // namespace
}  // namespace millrace::feed::testing
