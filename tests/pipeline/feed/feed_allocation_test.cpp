// A program of its own: it replaces operator new to count.
#include <pipeline/feed/feed_fixture.hpp>

#include <gtest/gtest.h>
#include <allocation_counter.hpp>

namespace millrace::feed::testing {
namespace {

layout_set layouts() {
  const auto a = make_layout("A", make_field("ts", field_type::timestamp), make_field("s", field_type::string, 40),
                             make_field("x", field_type::f64));
  const auto b = make_layout("B", make_field("ts", field_type::timestamp), make_field("d", field_type::duration));
  return layout_set({a, b});
}

/// Reads the feed to its end; allocations after the first thousand records.
std::size_t allocations_of(const std::string& text, format how) {
  const auto feed = open_feed(byte_source::over(bytes_of(text)), how, layouts());
  std::vector<event_header> slot(8);
  std::size_t before = 0, records = 0;
  while (feed->next(slot[0]) != outcome::end)
    if (++records == 1000) before = allocations.load();
  EXPECT_GT(records, 10'000U);
  return allocations.load() - before;
}

TEST(feed_allocation, reading_ndjson_records_allocates_nothing) {
  std::string text;
  for (int i = 0; i < 5000; ++i)
    text +=
        "{\"type\":\"A\",\"ts\":1,\"s\":\"some text \\u00e4 that is not "
        "short\",\"x\":0.12345678901234567}\n{\"type\":\"\\u0042\",\"ts\":"
        "\"2020-01-01T00:00:00Z\",\"d\":\"5ms\",\"more\":{\"a\":[1,2]}}\n{\"watermark\":5}\n{\"type\":\"C\"}\n";
  EXPECT_EQ(allocations_of(text, format::ndjson), 0U);
}

TEST(feed_allocation, reading_csv_records_allocates_nothing) {
  std::string text = "type,ts,s,x,d\n";
  for (int i = 0; i < 5000; ++i)
    text +=
        "A,1,\"some \"\"quoted\"\"\n text, over two "
        "lines\",0.12345678901234567,\nB,2020-01-01T00:00:00Z,,,5ms\nC,,,,\n";
  EXPECT_EQ(allocations_of(text, format::csv), 0U);
}

}  // namespace
}  // namespace millrace::feed::testing
