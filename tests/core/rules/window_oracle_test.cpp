// Window rules over random feeds, with all aggregates at once, against lists of events.

#include "window_oracle.hpp"
#include "rules_text.hpp"

#include <millrace/rules/router.hpp>
#include <millrace/rules/running_windows.hpp>

#include <gtest/gtest.h>

#include <random>

namespace millrace::rules {
namespace {

constexpr const char* select =
    "select n = count(), xs = sum(x), vs = sum(v), m = avg(v), lo = min(x), hi = max(name), f = first(name), "
    "l = last(x), s2 = var(v), d = distinct(name), ad = approx_distinct(name), q = quantile(v, 0.9), "
    "t = topk(name, 3), dec = decayed_sum(v, 50ns), r = sum(x) / count()";
constexpr const char* click_event = "event Click { ts : timestamp  user : u32  x : i32  v : f64  name : string(12) }\n";

struct stored_click {
  event_header header;
  std::int64_t ts;
  std::uint32_t user;
  std::int32_t x;
  double v;
  fixed_string<12> name;
};

struct scenario {
  oracle::extent of;
  std::string text;
  bool arrival = true;
  std::int64_t disorder = 0;
  std::uint32_t users = 3;
};

class generator {
 public:
  explicit generator(std::uint64_t seed) : random_(seed) {}
  std::int64_t below(std::int64_t n) { return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(n)); }

  scenario any(window_kind kind) {
    scenario made;
    oracle::extent& of = made.of;
    of.kind = kind;
    made.arrival = below(2) == 0;
    made.disorder = below(2) == 0 ? 0 : 1 + below(60);
    of.size = 1 + below(40);
    of.every = of.size;
    const auto ns = [](std::int64_t n) { return std::to_string(n) + "ns"; };
    std::string extent;
    switch (kind) {
      case window_kind::tumbling: extent = "tumbling " + ns(of.size); break;
      case window_kind::hopping:
        of.every = 1 + below(of.size);
        extent = "hopping " + ns(of.size) + " every " + ns(of.every);
        break;
      case window_kind::sliding:
        extent = "sliding " + ns(of.size);
        made.arrival = true;
        made.disorder = 0;
        break;
      case window_kind::session: extent = "session gap " + ns(of.size); break;
      case window_kind::count:
        of.size = 1 + below(8);
        of.every = 1 + below(of.size);
        extent = "count " + std::to_string(of.size) + " every " + std::to_string(of.every);
        break;
    }
    if (kind != window_kind::count) of.grace = below(3) == 0 ? 0 : below(50);
    made.users = static_cast<std::uint32_t>(1 + below(4));
    made.text = click_event + std::string(made.arrival ? "" : "time watermarks\n") +
                "window w on Click where x < 90 by user { " + extent +
                (kind == window_kind::count ? "" : " grace " + ns(of.grace)) + " " + select + " }";
    return made;
  }

  std::vector<oracle::click> feed(const scenario& of) {
    std::vector<oracle::click> made;
    std::int64_t now = 1'000;
    for (std::size_t i = 0; i < 300; ++i) {
      now += below(3) == 0 ? 0 : below(8);
      if (below(40) == 0) now += 100;
      oracle::click next;
      next.ts = now - (of.disorder == 0 ? 0 : below(of.disorder));
      next.user = static_cast<std::uint32_t>(below(of.users));
      next.x = static_cast<std::int32_t>(below(100)) - 20;
      next.v = static_cast<double>(below(1'000'000)) / 1'000 - 100;
      next.name = std::string("n") + std::to_string(below(12));
      next.record = i;
      next.sequence = i + 1;
      made.push_back(next);
    }
    return made;
  }

 private:
  std::mt19937_64 random_;
};

/// What a window rule printed, and the events it is to be about.
struct result {
  std::uint32_t user;
  std::int64_t start, end, release;
  std::vector<expr::value> values;
  std::vector<std::string> texts;  // of hi, f and the list
  std::vector<std::string> top;
};

class run {
 public:
  explicit run(const scenario& of)
      : program_(compiled(of.text)),
        revision_(first_revision(program_)),
        router_(revision_, 1),
        windows_(revision_, {64, 4'096, 4'096}) {}

  auto hears() {
    return [this](const released_window& each) {
      result made{0, each.start_ns, each.end_ns, each.release_ns, {}, {}, {}};
      const std::size_t count = each.rule->aggregates.size();
      made.values.resize(count + 1);
      each.aggregates->values(each.state, std::span(made.values).first(count));
      std::vector<expr::value> key(1);
      unpack_key(each.by->fields_of[0], each.key, key);
      made.user = static_cast<std::uint32_t>(key[0].integer);
      for (const std::size_t at : {5U, 6U}) made.texts.emplace_back(made.values[at].text());
      each.aggregates->each_of_list(each.state, 12, [&](const expr::value& v) { made.top.emplace_back(v.text()); });
      expr::workspace room;
      room.give(made.values);
      bool faulted = false;
      made.values.back() = each.rule->select.back().value.evaluate(nullptr, {}, room, faulted);
      results_.push_back(std::move(made));
    };
  }

  void take(const oracle::click& event) {
    stored_click stored{};
    stored.header.sequence = event.sequence;
    stored.header.id.low = event.record;
    stored.header.time_ns = stored.ts = event.ts;
    stored.user = event.user;
    stored.x = event.x;
    stored.v = event.v;
    EXPECT_TRUE(stored.name.try_assign(event.name));
    stored.header.route = router_.route(stored.header)[0];
    if (!windows_.is_behind(stored.header)) windows_.move_time(stored.header, hears());
    windows_.add(stored.header, hears(), [&](const missed_window& m) { late_ += m.windows; });
  }
  void mark(std::int64_t watermark) {
    event_header header{};
    header.type = time_mark;
    header.time_ns = watermark;
    windows_.move_time(header, hears());
  }
  std::vector<result> finish() {
    windows_.finish(hears());
    return std::move(results_);
  }
  [[nodiscard]] std::uint64_t late() const { return late_; }

 private:
  std::shared_ptr<const program> program_;
  std::shared_ptr<const revision> revision_;
  router router_;
  running_windows windows_;
  std::uint64_t late_ = 0;
  std::vector<result> results_;
};

void expect_near(double found, double expected, const char* what) {
  EXPECT_NEAR(found, expected, 1e-9 * std::max({1.0, std::abs(found), std::abs(expected)})) << what;
}

void expect_same(const result& found, const oracle::window& expected) {
  const auto& events = expected.events;
  const auto& v = found.values;
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(found.user, expected.user);
  EXPECT_EQ(found.start, expected.start);
  EXPECT_EQ(found.end, expected.end);
  ASSERT_EQ(static_cast<std::size_t>(v[0].integer), events.size());
  std::int64_t sum = 0;
  std::int32_t least = events[0].x;
  std::string most = events[0].name;
  for (const oracle::click& each : events) {
    sum += each.x;
    least = std::min(least, each.x);
    most = std::max(most, each.name);
  }
  EXPECT_EQ(static_cast<std::int64_t>(v[1].integer), sum);
  expect_near(v[2].floating, oracle::sum_of(events), "sum");
  expect_near(v[3].floating, oracle::sum_of(events) / static_cast<double>(events.size()), "avg");
  EXPECT_EQ(static_cast<std::int32_t>(v[4].integer), least);
  EXPECT_EQ(found.texts[0], most);
  EXPECT_EQ(found.texts[1], oracle::first_of(events).name);
  EXPECT_EQ(static_cast<std::int32_t>(v[7].integer), oracle::last_of(events).x);
  const auto variance = oracle::variance_of(events);
  ASSERT_EQ(v[8].present, variance.has_value());
  if (variance) expect_near(v[8].floating, *variance, "var");
  const std::size_t names = oracle::distinct_names_of(events);
  EXPECT_EQ(static_cast<std::size_t>(v[9].integer), names);
  EXPECT_NEAR(static_cast<double>(v[10].integer), static_cast<double>(names), 1) << "approx_distinct";
  const auto sorted = oracle::sorted_values(events);
  const double exact = sorted[static_cast<std::size_t>(0.9 * static_cast<double>(sorted.size() - 1))];
  EXPECT_NEAR(v[11].floating, exact, 0.0101 * std::abs(exact)) << "quantile";
  EXPECT_EQ(found.top, oracle::top_names_of(events, 3));
  expect_near(v[13].floating, oracle::decayed_sum_of(events, 50), "decayed_sum");
  expect_near(v[16].floating, static_cast<double>(sum) / static_cast<double>(events.size()), "sum(x) / count()");
}

void compare(std::uint64_t seed, window_kind kind) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  generator random(seed);
  const scenario of = random.any(kind);
  SCOPED_TRACE(of.text);
  run engine(of);
  oracle::windows slow(of.of);
  std::int64_t newest = 0;
  for (const oracle::click& event : random.feed(of)) {
    if (of.arrival) {
      slow.move_time(event.ts);
    } else if (random.below(10) == 0) {
      const std::int64_t watermark = newest - of.disorder / 2;
      engine.mark(watermark);
      slow.move_time(watermark + 1);
    }
    newest = std::max(newest, event.ts);
    engine.take(event);
    if (event.x < 90) slow.add(event);
  }
  std::vector<result> found = engine.finish();
  std::vector<oracle::window> expected = slow.finish();
  if (kind != window_kind::count) {
    const auto by_place = [](const auto& each) { return std::tuple(each.user, each.start, each.end); };
    std::ranges::stable_sort(found, {}, by_place);
    std::ranges::stable_sort(expected, {}, by_place);
  } else {
    // The last ones of all keys come in no order.
    std::ranges::stable_sort(found, {}, &result::user);
    std::ranges::stable_sort(expected, {}, &oracle::window::user);
  }
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    expect_same(found[i], expected[i]);
    if (kind != window_kind::count) {
      EXPECT_EQ(found[i].release, expected[i].due - (of.arrival ? 0 : 1));  // by a watermark, which comes before
    }
    if (testing::Test::HasFailure()) return;
  }
  if (kind != window_kind::sliding) {
    EXPECT_EQ(engine.late(), slow.late_pairs());
  }
}

class window_oracle : public testing::TestWithParam<window_kind> {};

TEST_P(window_oracle, agrees_over_random_windows_and_feeds) {
  for (std::uint64_t seed = 1; seed <= 120; ++seed) {
    compare(seed, GetParam());
    if (HasFailure()) return;
  }
}

std::string name_of(const testing::TestParamInfo<window_kind>& of) {
  constexpr const char* names[]{"tumbling", "hopping", "sliding", "session", "count"};
  return names[static_cast<std::size_t>(of.param)];
}

INSTANTIATE_TEST_SUITE_P(each, window_oracle,
                         testing::Values(window_kind::tumbling, window_kind::hopping, window_kind::sliding,
                                         window_kind::session, window_kind::count),
                         name_of);

}  // namespace
}  // namespace millrace::rules
