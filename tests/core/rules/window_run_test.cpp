// Window rules over single feeds: what they hand out and count at the bounds.

#include "rules_text.hpp"

#include <millrace/rules/router.hpp>
#include <millrace/rules/running_windows.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace millrace::rules {
namespace {

struct stored_event {
  event_header header;
  std::int64_t ts;
  fixed_string<8> name;
};

struct line {
  std::int64_t start;
  std::int64_t end;
  std::uint64_t count;
  std::vector<std::string> top;

  friend bool operator==(const line&, const line&) = default;
};

/// A window rule over events of `ts` and `name`; selects a count, then what a test wants.
class windows_run {
 public:
  explicit windows_run(const std::string& extent, const std::string& unit = "", std::uint32_t windows = 4'096)
      : revision_(first_revision(compiled("event E { ts : timestamp" + unit + "  name : string(8) }\nwindow w on E { " +
                                          extent + " select n = count(), t = topk(name, 1) }"))),
        router_(revision_, 1),
        windows_(revision_, {64, windows, 4'096}) {}

  auto hears() {
    return [this](const released_window& each) {
      std::vector<expr::value> values(2);
      each.aggregates->values(each.state, values);
      line made{each.start_ns, each.end_ns, static_cast<std::uint64_t>(values[0].integer), {}};
      each.aggregates->each_of_list(each.state, 1, [&](const expr::value& v) { made.top.emplace_back(v.text()); });
      lines_.push_back(std::move(made));
    };
  }

  void take(std::int64_t ts, const std::string& name = "x") {
    stored_event stored{};
    stored.header.sequence = ++sequence_;
    stored.header.id.low = sequence_;
    stored.header.time_ns = stored.ts = ts;
    EXPECT_TRUE(stored.name.try_assign(name));
    stored.header.route = router_.route(stored.header)[0];
    if (!windows_.is_behind(stored.header)) windows_.move_time(stored.header, hears());
    windows_.add(stored.header, hears(), [](const missed_window&) {});
  }
  std::vector<line> finish() {
    windows_.finish(hears());
    return std::exchange(lines_, {});
  }
  [[nodiscard]] window_rule_counters counters() const { return windows_.counters().at(0); }

 private:
  std::shared_ptr<const revision> revision_;
  router router_;
  running_windows windows_;
  std::uint64_t sequence_ = 0;
  std::vector<line> lines_;
};

class window_run : public testing::TestWithParam<const char*> {};

// It went round without end: nothing is due at the end of time, and time had come there.
TEST_P(window_run, comes_to_an_end_with_an_event_at_the_end_of_time) {
  constexpr std::int64_t end_of_time = std::numeric_limits<std::int64_t>::max();
  windows_run run(GetParam());
  run.take(10);
  run.take(end_of_time - 1);
  run.take(end_of_time);
  run.take(end_of_time);
  const std::vector<line> lines = run.finish();
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines[0].count, lines[0].start == 10 && lines[0].end == end_of_time ? 4U : 1U);
}

INSTANTIATE_TEST_SUITE_P(each_kind, window_run,
                         testing::Values("tumbling 10ns", "hopping 10ns every 5ns", "sliding 10ns", "session gap 10ns",
                                         "count 4", "tumbling 10ns emit updates"));

// Each value of the later slice took over what the one before it had brought.
TEST(window_run, topk_of_merged_slices_keeps_the_most_frequent_value) {
  windows_run run("hopping 20ns every 10ns");
  const auto take = [&](std::int64_t ts, const std::string& name, int times) {
    for (int i = 0; i < times; ++i) run.take(ts, name);
  };
  take(105, "x", 250);
  for (int i = 0; i < 63; ++i) take(105, std::string("a").append(std::to_string(i)), 101);
  for (int i = 0; i < 64; ++i) take(115, std::string("b").append(std::to_string(i)), 101);
  const std::vector<line> lines = run.finish();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[1], (line{100, 120, 250 + 127 * 101, {"x"}}));
}

// Right behind an event, the window began a nanosecond later, and printed the start and the end of the one with it.
TEST(window_run, sliding_windows_begin_one_unit_of_the_events_times_behind_an_event) {
  windows_run run("sliding 5ms", "(ms)");
  run.take(10'000'000);
  run.take(15'000'000);
  const std::vector<line> lines = run.finish();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0], (line{5'000'000, 10'000'000, 1, {"x"}}));
  EXPECT_EQ(lines[1], (line{10'000'000, 15'000'000, 2, {"x"}}));
  EXPECT_EQ(lines[2], (line{11'000'000, 16'000'000, 1, {"x"}}));
}

// An event that other windows had taken was not counted where one had no room for it.
TEST(window_run, counts_windows_that_lack_an_event_for_want_of_room) {
  windows_run run("hopping 10ns every 5ns grace 100ns emit updates", "", 1);
  run.take(7);
  EXPECT_EQ(run.counters().refused_windows, 0U);
  run.take(12);  // no room for [10, 20)
  EXPECT_EQ(run.counters().refused, 0U);
  EXPECT_EQ(run.counters().refused_windows, 1U);
  run.take(31);  // for none of its windows
  EXPECT_EQ(run.counters().refused, 1U);
  EXPECT_EQ(run.counters().refused_windows, 3U);
}

}  // namespace
}  // namespace millrace::rules
