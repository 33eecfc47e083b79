#include "random_records.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <millrace/base/error.hpp>
#include <millrace/stream/deduplicator.hpp>

namespace millrace::stream::testing {
namespace {

using dedup = deduplicator<number>;

TEST(deduplicator, a_repeat_passes_again_when_the_time_is_over) {
  dedup d({100, 0, 10, dedup_when_full::drop});
  EXPECT_TRUE(d.passes(1, 1'000));
  EXPECT_FALSE(d.passes(1, 1'000));
  EXPECT_FALSE(d.passes(1, 1'099));
  EXPECT_TRUE(d.passes(1, 1'100));
  EXPECT_FALSE(d.passes(1, 1'199));
  EXPECT_EQ(d.counters().repeated, 3u);
}

TEST(deduplicator, drops_and_counts_what_is_late) {
  dedup d({100, 50, 10, dedup_when_full::drop});
  EXPECT_TRUE(d.passes(1, 1'000));
  EXPECT_TRUE(d.passes(2, 950));
  EXPECT_FALSE(d.passes(3, 949));
  EXPECT_EQ(d.counters().late, 1u);
}

TEST(deduplicator, forgets_while_the_stream_is_quiet) {
  dedup d({100, 50, 10, dedup_when_full::drop});
  EXPECT_TRUE(d.passes(1, 1'000));
  d.advance(1'149);
  EXPECT_EQ(d.remembered(), 1u);
  d.advance(1'150);
  EXPECT_EQ(d.remembered(), 0u);
}

TEST(deduplicator, hands_on_the_record_that_passes) {
  dedup d({100, 0, 10, dedup_when_full::drop});
  std::vector<number_record> out;
  const auto take = [&](const number_record& from) { out.push_back(from); };
  d.process(number_record{1, 7, 10}, 42, take);
  d.process(number_record{1, 8, 10}, 42, take);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].value, 7u);
}

TEST(deduplicator, when_it_remembers_as_many_as_it_may_new_ids_go_or_pass_as_asked) {
  dedup drops({100, 0, 2, dedup_when_full::drop});
  dedup passes({100, 0, 2, dedup_when_full::pass});
  for (number id : {1u, 2u}) {
    EXPECT_TRUE(drops.passes(id, 10));
    EXPECT_TRUE(passes.passes(id, 10));
  }
  EXPECT_FALSE(drops.passes(3, 10));
  EXPECT_EQ(drops.counters().full, 1u);
  EXPECT_TRUE(passes.passes(3, 10));
  EXPECT_TRUE(passes.passes(3, 10));
  EXPECT_EQ(passes.counters().unremembered, 2u);
  EXPECT_FALSE(passes.passes(1, 10));
  EXPECT_TRUE(drops.passes(3, 110));
}

TEST(deduplicator, holds_memory_for_the_ids_it_may_remember_and_no_more) {
  dedup d({1'000, 100, 50'000, dedup_when_full::drop});
  EXPECT_LT(d.reserved_bytes(), 50'000u * 200u);
  for (number i = 0; i < 200'000; ++i) {
    EXPECT_TRUE(d.passes(i, i));
    ASSERT_LE(d.remembered(), 1'101u);
  }
}

TEST(deduplicator, refuses_negative_lengths) {
  EXPECT_THROW(dedup({-1, 0, 10, dedup_when_full::drop}), error);
  EXPECT_THROW(dedup({1, -1, 10, dedup_when_full::drop}), error);
}

TEST(deduplicator, agrees_with_one_that_remembers_everything) {
  for (std::uint64_t seed = 1; seed <= 3'000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_records records(seed);
    const std::int64_t within = records.below(30);
    const std::int64_t grace = records.below(40);
    dedup fast({within, grace, 200, dedup_when_full::drop});
    std::vector<std::pair<number, std::int64_t>> passed;
    std::int64_t now = 0;
    for (int i = 0; i < 100; ++i) {
      const number_record from = records.next();
      const number id = from.key.value_or(99);
      now = std::max(now, from.time_ns);
      bool passes = from.time_ns >= now - grace;
      for (const auto& [other, time_ns] : passed)
        passes = passes && (other != id || std::abs(time_ns - from.time_ns) >= within);
      if (passes) passed.emplace_back(id, from.time_ns);
      ASSERT_EQ(fast.passes(id, from.time_ns), passes) << "record " << i;
    }
    ASSERT_EQ(fast.counters().full, 0u);
  }
}

}  // namespace
}  // namespace millrace::stream::testing
