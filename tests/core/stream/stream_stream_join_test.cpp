#include "naive_stream_join.hpp"

#include <gtest/gtest.h>

#include <millrace/base/error.hpp>
#include <millrace/stream/stream_stream_join.hpp>

namespace millrace::stream::testing {
namespace {

using join = stream_stream_join<number, number, number>;

std::vector<output> of(join& j, bool is_left, number key, number value, std::int64_t time_ns) {
  outputs out;
  if (is_left)
    j.left({key, value, time_ns}, out);
  else
    j.right({key, value, time_ns}, out);
  return out;
}
std::vector<output> left(join& j, number key, number value, std::int64_t time_ns) {
  return of(j, true, key, value, time_ns);
}
std::vector<output> right(join& j, number key, number value, std::int64_t time_ns) {
  return of(j, false, key, value, time_ns);
}
using many = std::vector<output>;

TEST(stream_stream_join, meets_partners_at_both_ends_of_the_window_and_none_beyond) {
  join j(join_kind::inner, {10, 20, 100}, 100);
  EXPECT_EQ(left(j, 1, 1, 100), many{});
  EXPECT_EQ(right(j, 1, 2, 89), many{});
  EXPECT_EQ(right(j, 1, 3, 90), (many{{1, 1, 3, 100}}));
  EXPECT_EQ(right(j, 1, 4, 120), (many{{1, 1, 4, 120}}));
  EXPECT_EQ(right(j, 1, 5, 121), many{});
  EXPECT_EQ(right(j, 2, 6, 100), many{});
}

TEST(stream_stream_join, hands_on_what_met_nobody_once_its_window_and_grace_are_past) {
  join j(join_kind::left, {5, 5, 3}, 100);
  EXPECT_EQ(left(j, 1, 1, 100), many{});
  EXPECT_EQ(left(j, 2, 2, 108), many{});  // 100 + 5 + 3 is not past yet
  EXPECT_EQ(left(j, 2, 3, 109), (many{{1, 1, std::nullopt, 100}}));
}

TEST(stream_stream_join, hands_nothing_on_alone_that_met_somebody) {
  join j(join_kind::outer, {5, 5, 3}, 100);
  EXPECT_EQ(left(j, 1, 1, 100), many{});
  EXPECT_EQ(right(j, 1, 2, 103), (many{{1, 1, 2, 103}}));
  EXPECT_EQ(left(j, 9, 3, 200), many{});
  EXPECT_EQ(right(j, 9, 4, 300), (many{{9, 3, std::nullopt, 200}}));
}

TEST(stream_stream_join, hands_on_what_is_too_late_to_meet_anybody_at_once) {
  join j(join_kind::left, {5, 5, 0}, 100);
  EXPECT_EQ(left(j, 1, 1, 100), many{});
  EXPECT_EQ(left(j, 1, 2, 94), (many{{1, 2, std::nullopt, 94}}));
  EXPECT_EQ(left(j, 1, 3, 95), many{});
  EXPECT_EQ(j.counters().late, 0u);
  EXPECT_EQ(left(j, 1, 4, 90), (many{{1, 4, std::nullopt, 90}}));
  EXPECT_EQ(j.counters().late, 1u);
}

TEST(stream_stream_join, hands_on_what_met_nobody_while_both_streams_are_quiet) {
  join j(join_kind::outer, {5, 7, 3}, 100);
  EXPECT_EQ(right(j, 1, 1, 100), many{});
  EXPECT_EQ(left(j, 2, 2, 100), many{});
  outputs out;
  j.advance(108, out);
  EXPECT_EQ(out, many{});
  j.advance(109, out);
  EXPECT_EQ(out, (many{{1, std::nullopt, 1, 100}}));
  j.advance(50, out);
  j.advance(111, out);
  EXPECT_EQ(out.back(), (output{2, 2, std::nullopt, 100}));
  EXPECT_EQ(j.waiting(), 0u);
}

TEST(stream_stream_join, counts_what_it_drops_by_reason) {
  join j(join_kind::left, {5, 5, 0}, 100);
  outputs out;
  j.left({1, std::nullopt, 1}, out);
  j.right({std::nullopt, 1, 1}, out);
  EXPECT_TRUE(out.empty());
  j.left({std::nullopt, 7, 1}, out);
  EXPECT_EQ(out, (many{{std::nullopt, 7, std::nullopt, 1}}));
  EXPECT_EQ(j.counters().null_value, 1u);
  EXPECT_EQ(j.counters().null_key, 1u);
}

TEST(stream_stream_join, keeps_as_many_as_it_may_and_counts_the_rest) {
  join j(join_kind::outer, {5, 5, 0}, 2);
  EXPECT_EQ(left(j, 1, 1, 10), many{});
  EXPECT_EQ(left(j, 2, 2, 10), many{});
  EXPECT_EQ(j.counters(), stream_join_counters{});
  EXPECT_EQ(left(j, 3, 3, 10), (many{{3, 3, std::nullopt, 10}}));
  EXPECT_EQ(j.counters().full, 1u);
  EXPECT_EQ(j.counters().given_early, 1u);
  EXPECT_EQ(right(j, 3, 4, 10), many{});
  EXPECT_EQ(right(j, 1, 4, 10), (many{{1, 1, 4, 10}}));
}

TEST(stream_stream_join, forgets_what_nothing_can_meet) {
  join j(join_kind::outer, {5, 5, 10}, 100'000);
  outputs out;
  for (number i = 0; i < 50'000; ++i) {
    j.left({i % 7, i, i}, out);
    j.right({i % 11, i, i}, out);
    out.clear();
    ASSERT_LE(j.kept(), 2u * 20u);
    ASSERT_LE(j.waiting(), 2u * 20u);
  }
}

TEST(stream_stream_join, refuses_windows_that_are_none) {
  constexpr std::int64_t end = std::numeric_limits<std::int64_t>::max();
  EXPECT_THROW(join(join_kind::inner, {-5, 4, 0}, 10), error);
  EXPECT_THROW(join(join_kind::inner, {5, 5, -1}, 10), error);
  EXPECT_THROW(join(join_kind::inner, {end, 1, 0}, 10), error);
  EXPECT_THROW(join(join_kind::inner, {end, 0, 1}, 10), error);
  EXPECT_NO_THROW(join(join_kind::inner, {-5, 5, 0}, 10));
}

TEST(stream_stream_join, bears_times_at_both_ends_of_time) {
  constexpr std::int64_t begin = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t end = std::numeric_limits<std::int64_t>::max();
  join j(join_kind::outer, {10, 10, end - 20}, 10);
  EXPECT_EQ(left(j, 1, 1, begin + 1), many{});
  EXPECT_EQ(right(j, 1, 2, begin + 10), (many{{1, 1, 2, begin + 10}}));
  EXPECT_EQ(left(j, 1, 3, end), many{});
  EXPECT_EQ(right(j, 1, 4, end), (many{{1, 3, 4, end}}));
}

TEST(stream_stream_join, agrees_with_one_that_looks_at_all_there_is) {
  std::size_t handed_on = 0;
  for (std::uint64_t seed = 1; seed <= 3'000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_records records(seed);
    const auto kind = static_cast<join_kind>(records.below(3));
    join_window window{records.below(20), records.below(20), records.below(3) == 0 ? 0 : records.below(30)};
    if (records.below(6) == 0)
      window.before_ns = -static_cast<std::int64_t>(records.below(static_cast<number>(window.after_ns) + 1));
    join fast(kind, window, 500);
    naive_stream_join slow(kind, window);
    outputs expected;
    outputs found;
    for (int i = 0; i < 80; ++i) {
      const number_record from = records.next();
      const bool is_left = records.below(2) == 0;
      slow.take(is_left, from, expected);
      if (is_left)
        fast.left(from, found);
      else
        fast.right(from, found);
      ASSERT_EQ(found, expected) << "record " << i;
    }
    handed_on += found.size();
    ASSERT_EQ(fast.counters().full, 0u);
  }
  EXPECT_GT(handed_on, 100'000u);
}

}  // namespace
}  // namespace millrace::stream::testing
