#include <millrace/millrace.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <tuple>
#include <vector>

namespace millrace {
namespace {

using namespace std::chrono_literals;

struct txn {
  std::uint64_t user;
  std::int64_t amount;
};

/// A match, by the times of its events.
struct hit {
  std::uint64_t user;
  std::int64_t first_ns;
  std::int64_t last_ns;
  std::uint64_t events;

  friend bool operator==(const hit&, const hit&) = default;
};

constexpr auto big = [](const txn& t) { return t.amount > 6; };
constexpr auto small = [](const txn& t) { return t.amount < 3; };

constexpr auto report_hit = [](const auto& m, auto& out) {
  out.emit(hit{m["a"].user, m.first_time_ns(), m.last_time_ns(), m.count("a") + m.count("b")});
};

std::vector<event<txn>> random_events(std::size_t count) {
  std::mt19937 random(5);
  std::vector<event<txn>> made(count);
  for (std::size_t i = 0; i < count; ++i) {
    made[i].header.time_ns = static_cast<std::int64_t>(i);
    made[i].data.user = random() % 7;
    made[i].data.amount = static_cast<std::int64_t>(random() % 10);
  }
  return made;
}

struct outcome {
  std::vector<hit> hits;
  topology_report report;
};

/// `shards`: 0 runs inline.
outcome run(const std::vector<event<txn>>& events, const topology_limits& limits, unsigned shards) {
  outcome made;
  auto draft = topology{}
                   .source(from_range(events))
                   .key_by(&txn::user)
                   .limits(limits)
                   .match(cep::begin<txn>("a").where(big).one_or_more().any().then_any("b").where(small).within(400ns),
                          report_hit)
                   .sink([&](const hit& h) { made.hits.push_back(h); });
  if (shards == 0)
    made.report = std::move(draft).build().run();
  else
    made.report = std::move(draft).shards(shards).build().run();
  return made;
}

auto counts(const topology_report& of) {
  return std::tuple(of.in, of.processed, of.dead, of.refused, of.runs_dropped, of.cut, of.matches);
}

TEST(topology_bounds, of_single_keys_mean_the_same_for_any_number_of_shards) {
  const auto events = random_events(3'000);
  for (const auto policy : {cep::full_policy::refuse, cep::full_policy::drop_oldest, cep::full_policy::dead_letter}) {
    for (topology_limits limits : {topology_limits{.runs_per_key = 5}, topology_limits{.steps_per_key = 9},
                                   topology_limits{.match_events = 4, .matches_at_once = 3}}) {
      limits.keys = 100;
      limits.runs = limits.steps = 1U << 16;
      limits.events = 1U << 14;
      limits.when_full = policy;
      if (limits.runs_per_key + limits.steps_per_key == 0) limits.runs_per_key = 50;
      const outcome whole = run(events, limits, 0);
      EXPECT_FALSE(whole.hits.empty());
      EXPECT_EQ(whole.report.in, whole.report.processed + whole.report.dead);
      if (policy == cep::full_policy::dead_letter) {
        EXPECT_GT(whole.report.dead, 0U);
        EXPECT_EQ(whole.report.refused + whole.report.runs_dropped + whole.report.cut, 0U);
      } else {
        EXPECT_GT(whole.report.refused + whole.report.runs_dropped, 0U);
        EXPECT_EQ(whole.report.dead, 0U);
      }
      EXPECT_TRUE(policy == cep::full_policy::drop_oldest || whole.report.runs_dropped == 0U);
      for (const unsigned shards : {1U, 2U, 4U}) {
        const outcome other = run(events, limits, shards);
        EXPECT_EQ(other.hits, whole.hits) << shards;
        EXPECT_EQ(counts(other.report), counts(whole.report)) << shards;
      }
    }
  }
}

TEST(topology_bounds, a_limit_of_nothing_is_refused) {
  const auto events = random_events(1);
  for (const topology_limits& limits :
       {topology_limits{.keys = 0}, topology_limits{.runs = 0}, topology_limits{.steps = 0},
        topology_limits{.events = 0}, topology_limits{.match_events = 0}})
    EXPECT_THROW(run(events, limits, 0), error);
}

}  // namespace
}  // namespace millrace
