#include <millrace/millrace.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace millrace {
namespace {

using namespace std::chrono_literals;

struct txn {
  std::uint64_t user;
  std::int64_t amount;
};

/// What a handler saw of a match.
struct hit {
  std::uint64_t user;
  std::int64_t first_ns;
  std::int64_t last_ns;
  std::int64_t at_ns;
  std::uint32_t rule;
  std::uint32_t timeout;

  friend bool operator==(const hit&, const hit&) = default;
  friend std::ostream& operator<<(std::ostream& out, const hit& h) {
    return out << "{user " << h.user << " rule " << h.rule << ' ' << h.first_ns << ".." << h.last_ns << " at "
               << h.at_ns << (h.timeout != 0 ? " timeout}" : "}");
  }
};

template <std::uint32_t Rule>
constexpr auto report_hit = [](const auto& m, auto& out) {
  const char* const first = m.count("a") != 0 ? "a" : "b";
  out.emit(hit{m[first].user, m.first_time_ns(), m.last_time_ns(), m.at_ns(), Rule, m.is_timeout()});
};

event<txn> at(std::int64_t time_ns, std::uint64_t user, std::int64_t amount) {
  event<txn> made{};
  made.header.time_ns = time_ns;
  made.data = {user, amount};
  return made;
}

constexpr auto big = [](const txn& t) { return t.amount > 6; };
constexpr auto small = [](const txn& t) { return t.amount < 3; };
constexpr auto rising = [](const txn& t, const cep::taken<txn>& so_far) {
  const txn* const last = so_far.last("a");
  return last != nullptr && t.amount > last->amount;
};

auto three_in_a_row() {
  return cep::begin<txn>("a").where(big).next("b").where(big).next("c").where(big).within(200ns);
}
auto absence() { return cep::begin<txn>("a").where(big).not_then("n").where(small).within(150ns); }
auto climb() {
  return cep::begin<txn>("a")
      .where(small)
      .one_or_more()
      .then("b")
      .where(rising)
      .within(120ns)
      .skip_past_last()
      .report_timeouts();
}
auto held_back() {
  return cep::begin<txn>("a").then_any("b").where(rising).then("c").where(small).within(90ns).skip_to_next();
}
auto to_last() {
  return cep::begin<txn>("a").where(big).times_or_more(2).then("b").where(small).within(200ns).skip_to_last("a");
}
auto by_gaps() {
  return cep::begin<txn>("a")
      .where(big)
      .then("b")
      .within_previous(40ns)
      .where(big)
      .not_then("n")
      .where(small)
      .within_previous(60ns);
}

/// Events of a few dozen users with equal times, gaps, and ids that repeat.
std::vector<event<txn>> random_events(std::uint64_t seed, std::size_t count) {
  std::mt19937_64 random(seed);
  std::vector<event<txn>> made;
  std::int64_t now_ns = 1'000;
  for (std::size_t i = 0; i < count; ++i) {
    now_ns += static_cast<std::int64_t>(random() % 3) * static_cast<std::int64_t>(random() % 4);
    made.push_back(at(now_ns, random() % 24, static_cast<std::int64_t>(random() % 10)));
    made.back().header.id.low = random() % 50;
  }
  return made;
}

/// A sink and the topology in front of it, without patterns yet.
template <class Feed>
auto on(Feed& feed) {
  return topology{}.source(feed).key_by(&txn::user);
}

template <class Draft>
std::vector<hit> hits_of(Draft&& draft) {
  std::vector<hit> made;
  auto engine = std::forward<Draft>(draft).sink([&](const hit& h) { made.push_back(h); }).build();
  const topology_report report = engine.run();
  EXPECT_EQ(report.in, report.processed + report.late + report.dropped);
  EXPECT_EQ(report.records_out, made.size());
  EXPECT_EQ(report.refused, 0U);
  return made;
}

/// `add` gives a draft its patterns. Returns what comes out inline, after comparing it with 1, 2 and 4 shards.
template <class Add>
std::vector<hit> hits_everywhere(const std::vector<event<txn>>& events, Add&& add) {
  auto inline_feed = from_range(events);
  const auto expected = hits_of(add(on(inline_feed)));
  for (const unsigned shards : {1U, 2U, 4U}) {
    auto feed = from_range(events);
    EXPECT_EQ(hits_of(add(on(feed).shards(shards))), expected) << shards << " shards";
  }
  return expected;
}

// --- what comes out -------------------------------------------------------------------------------------

TEST(topology, finds_what_a_slow_search_finds) {
  const auto events = random_events(1, 20'000);
  std::map<std::uint64_t, std::vector<event<txn>>> by_user;
  std::vector<hit> expected;
  for (const auto& e : events) {
    auto& mine = by_user[e.data.user];
    mine.push_back(e);
    if (mine.size() < 3) continue;
    const auto& first = mine[mine.size() - 3];
    const bool fits = first.data.amount > 6 && mine[mine.size() - 2].data.amount > 6 && e.data.amount > 6;
    if (fits && e.header.time_ns - first.header.time_ns < 200)
      expected.push_back({e.data.user, first.header.time_ns, e.header.time_ns, e.header.time_ns, 0, 0});
  }
  ASSERT_GT(expected.size(), 100U);
  EXPECT_EQ(hits_everywhere(events, [](auto draft) { return std::move(draft).match(three_in_a_row(), report_hit<0>); }),
            expected);
}

TEST(topology, absence_comes_out_the_same_over_any_number_of_shards) {
  for (const std::uint64_t seed : {1U, 2U, 3U})
    EXPECT_GT(hits_everywhere(random_events(seed, 5'000),
                              [](auto draft) { return std::move(draft).match(absence(), report_hit<0>); })
                  .size(),
              100U);
}

TEST(topology, gaps_come_out_the_same_over_any_number_of_shards) {
  for (const std::uint64_t seed : {1U, 2U, 3U})
    EXPECT_GT(hits_everywhere(random_events(seed, 5'000),
                              [](auto draft) { return std::move(draft).match(by_gaps(), report_hit<0>); })
                  .size(),
              100U);
}

TEST(topology, skip_strategies_come_out_the_same_over_any_number_of_shards) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const auto events = random_events(seed, 5'000);
    EXPECT_GT(hits_everywhere(events, [](auto draft) { return std::move(draft).match(climb(), report_hit<0>); }).size(),
              100U);
    EXPECT_GT(
        hits_everywhere(events, [](auto draft) { return std::move(draft).match(held_back(), report_hit<0>); }).size(),
        100U);
    EXPECT_GT(
        hits_everywhere(events, [](auto draft) { return std::move(draft).match(to_last(), report_hit<0>); }).size(),
        100U);
  }
}

TEST(topology, several_patterns_come_out_in_one_order) {
  const auto all = [](auto draft) {
    return std::move(draft)
        .match(absence(), report_hit<0>)
        .match(climb(), report_hit<1>)
        .match(three_in_a_row(), report_hit<2>);
  };
  const auto hits = hits_everywhere(random_events(9, 5'000), all);
  std::map<std::uint32_t, int> by_rule;
  for (const hit& h : hits) ++by_rule[h.rule];
  EXPECT_EQ(by_rule.size(), 3U);
}

TEST(topology, an_absence_is_released_by_the_event_that_passes_its_time_and_the_rest_at_the_end) {
  const std::vector<event<txn>> events{at(0, 1, 9), at(10, 2, 9), at(150, 3, 5), at(155, 3, 9)};
  const auto hits =
      hits_everywhere(events, [](auto draft) { return std::move(draft).match(absence(), report_hit<0>); });
  EXPECT_EQ(hits, (std::vector<hit>{{1, 0, 0, 150, 0, 0}, {2, 10, 10, 160, 0, 0}, {3, 155, 155, 305, 0, 0}}));
}

TEST(topology, a_timeout_is_handed_on_as_one) {
  const auto pattern = cep::begin<txn>("a").where(big).then("b").where(small).within(100ns).report_timeouts();
  const std::vector<event<txn>> events{at(0, 1, 9), at(50, 2, 9), at(60, 2, 1)};
  const auto hits = hits_everywhere(events, [&](auto draft) { return std::move(draft).match(pattern, report_hit<0>); });
  EXPECT_EQ(hits, (std::vector<hit>{{2, 50, 60, 60, 0, 0}, {1, 0, 0, 100, 0, 1}}));
}

TEST(topology, without_a_key_all_events_are_one_partition) {
  std::vector<hit> made;
  const std::vector<event<txn>> events{at(0, 1, 9), at(1, 2, 9), at(2, 3, 9)};
  for (const bool threaded : {false, true}) {
    made.clear();
    auto draft = topology{}.source(from_range(events)).match(three_in_a_row(), report_hit<0>).sink([&](const hit& h) {
      made.push_back(h);
    });
    if (threaded)
      std::move(draft).shards(2).build().run();
    else
      std::move(draft).build().run();
    EXPECT_EQ(made, (std::vector<hit>{{1, 0, 2, 2, 0, 0}}));
  }
}

TEST(topology, a_handler_sees_all_of_a_match_and_emits_as_often_as_it_likes) {
  std::vector<std::int64_t> seen;
  const auto pattern = cep::begin<txn>("a")
                           .where(small)
                           .one_or_more()
                           .then("b")
                           .optional()
                           .where(big)
                           .then("c")
                           .where([](const txn& t) { return t.amount == 5; })
                           .skip_past_last();
  const std::vector<event<txn>> events{at(3, 1, 0), at(4, 1, 1), at(5, 1, 2), at(9, 1, 5)};
  auto engine = topology{}
                    .source(from_range(events))
                    .key_by([](const txn& t) { return t.user; })
                    .match(pattern,
                           [](const auto& m, auto& out) {
                             for (const txn& each : m.events("a")) out.emit(each.amount);
                             out.emit(static_cast<std::int64_t>(m.count("a") * 10 + m.count("b")));
                             out.emit(m["a"].amount + m["c"].amount);
                           })
                    .sink([&](std::int64_t n) { seen.push_back(n); })
                    .build();
  engine.run();
  EXPECT_EQ(seen, (std::vector<std::int64_t>{0, 1, 2, 30, 7}));
}

TEST(topology_death, asking_for_an_event_that_a_match_does_not_have_is_a_defect_of_the_program) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto asking = [](const auto& pattern) {
    topology{}
        .source(from_range(std::vector{at(0, 1, 9)}))
        .match(pattern, [](const auto& m, auto& out) { out.emit(m["b"]); })
        .sink([](const txn&) {})
        .build()
        .run();
  };
  EXPECT_DEATH(asking(cep::begin<txn>("a")), "found an unknown stage, expected one of a");
  EXPECT_DEATH(asking(cep::begin<txn>("a").then("b").optional()), "ask count");
}

// --- what is counted ------------------------------------------------------------------------------------

TEST(topology, an_event_earlier_than_the_last_is_late_and_one_as_late_as_it_is_not) {
  const std::vector<event<txn>> events{at(5, 1, 9), at(5, 1, 9), at(4, 1, 9), at(6, 1, 9)};
  for (const unsigned shards : {1U, 3U}) {
    auto engine = topology{}
                      .source(from_range(events))
                      .key_by(&txn::user)
                      .shards(shards)
                      .match(three_in_a_row(), report_hit<0>)
                      .sink([](const hit&) {})
                      .build();
    const topology_report report = engine.run();
    EXPECT_EQ(report.in, 4U);
    EXPECT_EQ(report.late, 1U);
    EXPECT_EQ(report.processed, 3U);
    EXPECT_EQ(report.matches, 1U);
    EXPECT_EQ(report.end, run_end::input_ended);
  }
}

TEST(topology, what_a_limit_keeps_from_being_is_counted) {
  const auto pattern = cep::begin<txn>("a").then("b").where(small).within(1us);
  const auto refused = [&](const topology_limits& bounds, std::uint64_t users) {
    std::vector<event<txn>> events;
    for (std::uint64_t user = 0; user < users; ++user) events.push_back(at(0, user, 9));
    auto engine = topology{}
                      .source(from_range(events))
                      .key_by(&txn::user)
                      .limits(bounds)
                      .match(pattern, report_hit<0>)
                      .sink([](const hit&) {})
                      .build();
    return engine.run().refused;
  };
  EXPECT_EQ(refused({.keys = 3}, 3), 0U);
  EXPECT_EQ(refused({.keys = 3}, 4), 1U);
  EXPECT_EQ(refused({.runs = 3}, 3), 0U);
  EXPECT_EQ(refused({.runs = 3}, 4), 1U);
  EXPECT_EQ(refused({.events = 3}, 3), 0U);
  EXPECT_EQ(refused({.events = 3}, 4), 1U);
}

// --- running --------------------------------------------------------------------------------------------

/// Gives events for ever.
struct endless_feed {
  poll_result poll(event<txn>& into) {
    if (next % 5 == 4 && next++ != 0) return poll_result::idle;
    into = at(next, static_cast<std::uint64_t>(next % 7), next % 10);
    ++next;
    polled.store(next, std::memory_order_relaxed);
    return poll_result::ready;
  }
  std::int64_t next = 0;
  std::atomic<std::int64_t> polled{0};
};

TEST(topology, a_started_engine_runs_until_it_is_stopped) {
  const auto stopped_run = [](auto engine, const endless_feed& feed) {
    engine.start();
    while (feed.polled.load(std::memory_order_relaxed) < 1'000) std::this_thread::yield();
    engine.stop();
    const topology_report report = engine.drain();
    EXPECT_EQ(report.end, run_end::stopped);
    EXPECT_GE(report.in, 800U);
    EXPECT_EQ(report.in, report.processed);
  };
  endless_feed one;
  stopped_run(on(one).match(absence(), report_hit<0>).sink([](const hit&) {}).build(), one);
  endless_feed two;
  stopped_run(on(two).shards(2).match(absence(), report_hit<0>).sink([](const hit&) {}).build(), two);
}

TEST(topology, an_engine_that_goes_away_while_it_runs_is_stopped) {
  endless_feed feed;
  auto engine = on(feed).shards(2).match(absence(), report_hit<0>).sink([](const hit&) {}).build();
  engine.start();
}

TEST(topology, a_sink_that_wants_no_more_ends_the_run) {
  endless_feed feed;
  int left = 10;
  auto engine = on(feed)
                    .shards(2)
                    .match(cep::begin<txn>("a").where(big), report_hit<0>)
                    .sink([&](const hit&) { return --left > 0; })
                    .build();
  const topology_report report = engine.run();
  EXPECT_EQ(report.end, run_end::sink_closed);
  EXPECT_EQ(report.records_out, 10U);
  EXPECT_EQ(left, 0);
  EXPECT_EQ(report.in, report.processed + report.late + report.dropped);
}

struct collecting_sink {
  void consume(const hit& h) { hits.push_back(h); }
  void flush() { ++flushes; }
  std::vector<hit> hits;
  int flushes = 0;
};

TEST(topology, a_sink_may_be_an_object_and_is_flushed_at_the_end) {
  collecting_sink sink;
  topology{}
      .source(from_range(std::vector{at(0, 1, 9)}))
      .match(cep::begin<txn>("a"), report_hit<0>)
      .sink(sink)
      .build()
      .run();
  EXPECT_EQ(sink.hits.size(), 1U);
  EXPECT_GT(sink.flushes, 0);
}

TEST(topology, a_generic_sink_names_its_type) {
  int seen = 0;
  topology{}
      .source(from_range(std::vector{at(0, 1, 9)}))
      .match(cep::begin<txn>("a"), report_hit<0>)
      .sink<hit>([&](const auto&) { ++seen; })
      .build()
      .run();
  EXPECT_EQ(seen, 1);
}

TEST(topology, what_a_handler_throws_comes_out) {
  const auto fails = [](const auto&, auto& out) {
    if (out.emit(hit{}); true) throw std::runtime_error("handler");
  };
  const std::vector events{at(0, 1, 9)};
  EXPECT_THROW(
      topology{}.source(from_range(events)).match(cep::begin<txn>("a"), fails).sink([](const hit&) {}).build().run(),
      std::runtime_error);
  auto engine = topology{}
                    .source(from_range(events))
                    .key_by(&txn::user)
                    .shards(2)
                    .match(cep::begin<txn>("a"), fails)
                    .sink([](const hit&) {})
                    .build();
  engine.start();
  EXPECT_THROW(engine.drain(), std::runtime_error);
}

TEST(topology, an_engine_runs_once) {
  auto engine = topology{}
                    .source(from_range(std::vector{at(0, 1, 9)}))
                    .match(cep::begin<txn>("a"), report_hit<0>)
                    .sink([](const hit&) {})
                    .build();
  EXPECT_THROW(engine.drain(), error);
  engine.run();
  EXPECT_THROW(engine.run(), error);
  EXPECT_THROW(engine.start(), error);
}

// --- what is refused ------------------------------------------------------------------------------------

TEST(topology, build_says_what_is_wrong) {
  const auto draft = [] { return topology{}.source(from_range(std::vector{at(0, 1, 9)})).sink([](const hit&) {}); };
  EXPECT_THROW(static_cast<void>(draft().match(cep::begin<txn>("a").then("a"), report_hit<0>).build()),
               cep::pattern_error);
  EXPECT_THROW(static_cast<void>(draft().match(cep::begin<txn>("a"), report_hit<0>).shards(0).build()), error);
  EXPECT_THROW(static_cast<void>(draft().match(cep::begin<txn>("a"), report_hit<0>).limits({.runs = 0}).build()),
               error);
  EXPECT_THROW(
      static_cast<void>(
          draft().match(cep::begin<txn>("a"), report_hit<0>).shards(1, placement::none(), {.ring_slots = 3}).build()),
      error);
}

TEST(topology, data_in_memory_takes_its_time_from_a_member) {
  struct reading {
    std::int64_t time_ns;
    std::int64_t value;
  };
  std::vector<std::int64_t> seen;
  topology{}
      .source(from_range(std::vector<reading>{{7, 1}, {8, 2}}, &reading::time_ns))
      .match(cep::begin<reading>("a").next("b"),
             [](const auto& m, auto& out) { out.emit(m.first_time_ns() * 100 + m["b"].value); })
      .sink([&](std::int64_t n) { seen.push_back(n); })
      .build()
      .run();
  EXPECT_EQ(seen, (std::vector<std::int64_t>{702}));
}

}  // namespace
}  // namespace millrace
