#include <pipeline/feed/feed_fixture.hpp>

#include <gtest/gtest.h>

namespace millrace::feed::testing {
namespace {

layout_set layouts() { return layout_set({make_layout("X", make_field("ts", field_type::timestamp))}); }

outcome first(std::string_view text, std::string name, format how = format::automatic) {
  const auto feed = open_feed(byte_source::over(bytes_of(text), std::move(name)), how, layouts());
  return read_one(*feed).what;
}

TEST(open_feed, the_name_tells_the_format) {
  for (const char* name : {"a.ndjson", "a.jsonl", "a.json", "a.ndjson.gz", "a.json.zst", "x.csv/a.jsonl.gz"})
    EXPECT_EQ(first("{\"ts\":1}\n", name), outcome::event) << name;
  for (const char* name : {"a.csv", "a.csv.gz", "a.csv.zst"}) EXPECT_EQ(first("ts\n1\n", name), outcome::event) << name;
  EXPECT_EQ(first("ts\n1\n", "a.ndjson"), outcome::dead);
  EXPECT_THROW((void)first("{\"ts\":1}\n1\n", "a.csv"), error);
}

TEST(open_feed, else_the_first_character_does) {
  EXPECT_EQ(first("\n  {\"ts\":1}\n", "-"), outcome::event);
  EXPECT_EQ(first("\xef\xbb\xbf{\"ts\":1}\n", "feed"), outcome::event);
  EXPECT_EQ(first("ts\n1\n", "feed.txt"), outcome::event);
  EXPECT_EQ(first("", "feed"), outcome::end);
}

TEST(open_feed, what_is_said_outright_counts) {
  EXPECT_EQ(first("ts\n1\n", "a.ndjson", format::csv), outcome::event);
  EXPECT_EQ(first("{\"ts\":1}\n", "a.csv", format::ndjson), outcome::event);
}

TEST(open_feed, a_path_that_is_not_there_is_an_error) {
  EXPECT_THROW((void)open_feed("/nowhere/x.csv", format::automatic, layouts()), error);
}

TEST(open_feed, bytes_read_reach_the_total) {
  const std::string text = "ts\n1\n2\n";
  const auto feed = open_feed(byte_source::over(bytes_of(text)), format::csv, layouts());
  (void)read_all(*feed);
  EXPECT_EQ(feed->bytes_total(), text.size());
  EXPECT_EQ(feed->bytes_read(), text.size());
}

}  // namespace
}  // namespace millrace::feed::testing
