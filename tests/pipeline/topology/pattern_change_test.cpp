#include <millrace/millrace.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace millrace {
namespace {

using namespace std::chrono_literals;

struct txn {
  std::uint64_t user;
  std::int64_t amount;
};

struct hit {
  std::uint64_t user;
  std::int64_t first_ns;
  std::int64_t at_ns;
  std::uint32_t version;
  std::uint32_t timeout;

  friend bool operator==(const hit&, const hit&) = default;
  friend std::ostream& operator<<(std::ostream& out, const hit& h) {
    return out << "{user " << h.user << " version " << h.version << ' ' << h.first_ns << ".." << h.at_ns << '}';
  }
};

constexpr auto big = [](const txn& t) { return t.amount > 6; };
constexpr auto small = [](const txn& t) { return t.amount < 3; };
constexpr auto rising = [](const txn& t, const cep::taken<txn>& so_far) { return t.amount > so_far.last("a")->amount; };

auto pair() { return cep::begin<txn>("a").where(big).then("b").where(small).within(90ns); }
auto absence() { return cep::begin<txn>("a").where(big).not_then("n").where(small).within(60ns); }
auto climb() {
  return cep::begin<txn>("a").where(small).then_any("b").where(rising).within(50ns).skip_to_next().report_timeouts();
}

auto tells(std::uint32_t version) {
  return [version](const auto& m, auto& out) {
    out.emit(hit{m["a"].user, m.first_time_ns(), m.at_ns(), version, m.is_timeout()});
  };
}

std::vector<event<txn>> random_events(std::uint64_t seed, std::size_t count) {
  std::mt19937_64 random(seed);
  std::vector<event<txn>> made(count);
  std::int64_t now_ns = 1'000;
  for (event<txn>& each : made) {
    now_ns += static_cast<std::int64_t>(random() % 3) * static_cast<std::int64_t>(random() % 4);
    each.header.time_ns = now_ns;
    each.data = {random() % 24, static_cast<std::int64_t>(random() % 10)};
  }
  return made;
}

/// Gives events, and asks for changes from within its poll: each holds from the event on that this poll gives.
class changing_feed {
 public:
  explicit changing_feed(std::vector<event<txn>> events) : events_(std::move(events)) {}

  void at(std::size_t position, std::function<void()> change) { changes_.emplace(position, std::move(change)); }

  poll_result poll(event<txn>& into) {
    for (auto [from, to] = changes_.equal_range(next_); from != to; ++from) from->second();
    if (next_ == events_.size()) return poll_result::ended;
    into = events_[next_++];
    return poll_result::ready;
  }

 private:
  std::vector<event<txn>> events_;
  std::multimap<std::size_t, std::function<void()>> changes_;
  std::size_t next_ = 0;
};

struct outcome {
  std::vector<hit> hits;
  topology_report report;
};

/// `shards` 0: inline. `keyed`: by user. The pattern "kept" is version 0, "turns" is there from the start as version 1.
template <class Script>
outcome run(const std::vector<event<txn>>& events, unsigned shards, Script&& script) {
  outcome made;
  changing_feed feed(events);
  const auto with = [&](auto draft) {
    auto engine = std::move(draft)
                      .match("kept", pair(), tells(0))
                      .match("turns", absence(), tells(1))
                      .sink([&](const hit& h) { made.hits.push_back(h); })
                      .build();
    script(engine, feed);
    made.report = engine.run();
  };
  if (shards == 0)
    with(topology{}.source(feed).key_by(&txn::user));
  else
    with(topology{}.source(feed).key_by(&txn::user).shards(shards));
  EXPECT_EQ(made.report.in, made.report.processed + made.report.late + made.report.dropped);
  EXPECT_EQ(made.report.refused, 0U);
  return made;
}

constexpr auto nothing = [](auto&, auto&) {};

std::vector<hit> of_version(const std::vector<hit>& all, std::uint32_t version) {
  std::vector<hit> made;
  for (const hit& each : all)
    if (each.version == version) made.push_back(each);
  return made;
}

TEST(pattern_change, comes_out_the_same_inline_and_over_any_number_of_shards) {
  const auto events = random_events(5, 6'000);
  const auto script = [](auto& engine, auto& feed) {
    feed.at(1'000, [&] { engine.put("late", climb(), tells(2)); });
    feed.at(2'000, [&] { engine.put("turns", climb(), tells(3)); });
    feed.at(2'000, [&] { engine.remove("late"); });
    feed.at(3'001, [&] { engine.put("late", absence(), tells(4)); });
    feed.at(4'000, [&] { engine.remove("turns"); });
    feed.at(5'000, [&] { engine.put("late", pair(), tells(5)); });
  };
  const outcome expected = run(events, 0, script);
  std::map<std::uint32_t, std::size_t> by_version;
  for (const hit& each : expected.hits) ++by_version[each.version];
  for (std::uint32_t version = 0; version < 6; ++version) EXPECT_GT(by_version[version], 50U) << version;
  for (const unsigned shards : {1U, 2U, 4U}) {
    const outcome found = run(events, shards, script);
    EXPECT_EQ(found.hits, expected.hits) << shards << " shards";
    EXPECT_EQ(found.report.matches, expected.report.matches);
    EXPECT_EQ(found.report.timeouts, expected.report.timeouts);
  }
  EXPECT_EQ(of_version(expected.hits, 0), of_version(run(events, 0, nothing).hits, 0));
}

TEST(pattern_change, a_pattern_that_comes_answers_as_an_engine_that_begins_there) {
  const auto events = random_events(6, 5'000);
  for (const std::size_t at : {std::size_t{0}, std::size_t{1}, std::size_t{777}, std::size_t{4'990}}) {
    const auto found =
        run(events, 2, [&](auto& engine, auto& feed) { feed.at(at, [&] { engine.put("turns", climb(), tells(2)); }); });
    const std::vector<event<txn>> rest(events.begin() + static_cast<std::ptrdiff_t>(at), events.end());
    const auto expected = run(rest, 0, [&](auto& engine, auto&) { engine.put("turns", climb(), tells(2)); });
    EXPECT_EQ(of_version(found.hits, 2), of_version(expected.hits, 2)) << at;
  }
}

TEST(pattern_change, holds_from_the_event_that_the_poll_gives_which_asks_for_it) {
  std::shared_ptr<const change_position> position;
  run(random_events(1, 300), 2,
      [&](auto& engine, auto& feed) { feed.at(123, [&] { position = engine.put("late", pair(), tells(2)); }); });
  EXPECT_EQ(position->value(), std::optional<std::uint64_t>(123));
}

TEST(pattern_change, without_a_key_a_pattern_comes_and_goes_too) {
  std::vector<hit> hits;
  changing_feed feed(random_events(2, 2'000));
  auto engine =
      topology{}.source(feed).match("first", pair(), tells(0)).sink([&](const hit& h) { hits.push_back(h); }).build();
  feed.at(500, [&] { engine.put("second", pair(), tells(1)); });
  feed.at(1'000, [&] { engine.remove("first"); });
  engine.run();
  EXPECT_GT(of_version(hits, 0).size(), 50U);
  EXPECT_GT(of_version(hits, 1).size(), 100U);
  EXPECT_LT(of_version(hits, 0).back().at_ns, of_version(hits, 1).back().at_ns);
}

TEST(pattern_change, refuses_names_that_cannot_be) {
  const auto message = [](auto&& f) -> std::string {
    try {
      f();
    } catch (const error& e) {
      return e.what();
    }
    return "accepted";
  };
  run({}, 0, [&](auto& engine, auto&) {
    EXPECT_EQ(message([&] { engine.remove("x"); }), "remove: found no pattern 'x', expected one that is in force");
    EXPECT_EQ(message([&] { engine.remove(""); }), "remove: found no pattern '', expected one that is in force");
    EXPECT_EQ(message([&] { engine.put("", pair(), tells(1)); }),
              "put: found a pattern without a name, expected one to replace or remove it by");
    engine.remove("turns");
    EXPECT_EQ(message([&] { engine.remove("turns"); }),
              "remove: found no pattern 'turns', expected one that is in force");
  });
  auto feed = from_range(std::vector<event<txn>>{});
  EXPECT_EQ(message([&] {
              static_cast<void>(topology{}
                                    .source(feed)
                                    .match("p", pair(), tells(0))
                                    .match("p", pair(), tells(0))
                                    .sink([](const hit&) {})
                                    .build());
            }),
            "match: found a second pattern 'p', expected a name of its own");
}

/// Gives events until it is told to end.
struct endless {
  std::atomic<bool>& ends;
  std::uint64_t next = 0;

  poll_result poll(event<txn>& into) {
    if (ends.load()) return poll_result::ended;
    into.header.time_ns = static_cast<std::int64_t>(++next);
    into.data = {next * 7 % 1'000, next % 2 == 0 ? 9 : 1};
    return poll_result::ready;
  }
};

TEST(pattern_change, is_asked_for_by_another_thread_while_events_flow) {
  for (const unsigned shards : {1U, 2U, 4U}) {
    std::atomic<bool> ends{false};
    std::uint64_t of_late = 0;
    auto engine = topology{}
                      .source(endless{ends})
                      .key_by(&txn::user)
                      .shards(shards)
                      .match("kept", pair(), tells(0))
                      .limits({.keys = 2'000, .runs = 1U << 14, .steps = 1U << 15, .events = 1U << 15})
                      .sink([&](const hit& h) { of_late += h.version != 0; })
                      .build();
    engine.start();
    std::uint64_t last = 0;
    for (std::uint32_t i = 1; i <= 40; ++i) {
      const auto position = i % 4 == 0   ? engine.remove("late")
                            : i % 2 == 0 ? engine.put("late", climb(), tells(i))
                                         : engine.put("late", absence(), tells(i));
      while (!position->value()) std::this_thread::yield();
      EXPECT_GE(*position->value(), last);
      last = *position->value();
    }
    engine.put("late", climb(), tells(99));
    std::this_thread::sleep_for(20ms);
    ends = true;
    const topology_report report = engine.drain();
    EXPECT_EQ(report.in, report.processed + report.late + report.dropped);
    EXPECT_GT(of_late, 0U);
  }
}

}  // namespace
}  // namespace millrace
