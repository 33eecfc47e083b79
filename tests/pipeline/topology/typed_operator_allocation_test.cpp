// Every operator of the typed builder, by each class of matcher: no allocation an event, nor a step of time.

#include <millrace/millrace.hpp>

#include <gtest/gtest.h>
#include <allocation_counter.hpp>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <tuple>

namespace millrace {
namespace {

using namespace std::chrono_literals;

struct data {
  std::uint64_t user;
  std::int32_t x;
  std::int32_t y;
};

template <std::int32_t X>
constexpr auto is = [](const data& d) { return d.x == X; };
template <std::int32_t X>
constexpr auto below = [](const data& d) { return d.x < X; };

auto first() { return cep::begin<data>("a").where(is<1>); }
auto first_two() { return cep::begin<data>("a").where(below<2>); }

/// What `taken` tells, in each of its words.
constexpr auto higher_than_last = [](const data& d, const cep::taken<data>& so_far) {
  return d.y > so_far.last("a")->y;
};
constexpr auto after_two = [](const data& d, const cep::taken<data>& so_far) {
  return d.x == 4 && so_far.count("a") > 1;
};
constexpr auto above_the_mean = [](const data& d, const cep::taken<data>& so_far) {
  std::int64_t sum = 0;
  for (const data& each : so_far.events("a")) sum += each.y;
  return d.x == 4 && d.y * static_cast<std::int64_t>(so_far.count("a")) > sum;
};

constexpr std::size_t events_a_period = 4'000;
constexpr std::size_t warm_up_periods = 2;
constexpr std::size_t periods = 4;
constexpr std::int64_t ms = 1'000'000;

/// A shard's output that keeps nothing.
struct counting_output {
  alignas(8) std::byte room[64];
  std::uint64_t records = 0;

  std::byte* claim(const output_order&, std::size_t bytes) {
    EXPECT_LE(bytes, sizeof room);
    return room;
  }
  void publish() { ++records; }
};

/// The same events again and again, with a pause in between that nothing outlives: whatever grows has grown in the
/// first period.
class periodic_feed {
 public:
  template <class Shard>
  void period(Shard& shard, counting_output& out) {
    std::mt19937_64 random(11);
    for (std::size_t i = 0; i < events_a_period; ++i) {
      const std::uint64_t bits = random();
      if ((bits >> 60) < 3) now_ns_ += static_cast<std::int64_t>(bits >> 56 & 15) * ms;
      now_ns_ += ms;
      in_hand_.data = {bits % 25, static_cast<std::int32_t>(bits >> 8 & 0xFFFF) % 6,
                       static_cast<std::int32_t>(bits >> 24 & 0xFFFF) % 100};
      event_header& header = in_hand_.header;
      header.sequence = ++sequence_;
      header.id.low = sequence_;
      header.time_ns = now_ns_;
      header.key = cep::key_directory::hash(detail::bytes_of(in_hand_.data.user));
      shard.process(header, out);
    }
    now_ns_ += 3'600'000 * ms;
    event_header mark{};
    mark.sequence = sequence_;
    mark.type = time_mark;
    mark.time_ns = now_ns_;
    shard.process(mark, out);
  }

 private:
  event<data> in_hand_{};
  std::uint64_t sequence_ = 0;
  std::int64_t now_ns_ = 0;
};

struct outcome {
  std::uint64_t allocated = 0;
  std::uint64_t records = 0;  // of the measured periods
  detail::match_shard_counters counters;
};

template <class Key, class Pattern>
outcome run(const Key& key, const Pattern& pattern, const topology_limits& limits) {
  const auto handler = [](const auto& m, auto& out) { out.emit(m.first_time_ns()); };
  using rule = detail::match_rule<decltype(pattern.compile()), decltype(handler)>;
  const std::tuple<rule> rules{{pattern.compile(), handler, ""}};
  detail::match_shard<data, Key, std::int64_t, rule> shard(key, rules, limits);
  counting_output out;
  periodic_feed feed;
  outcome made;
  for (std::size_t i = 0; i < warm_up_periods; ++i) feed.period(shard, out);
  out.records = 0;
  const std::uint64_t before = allocations.load();
  for (std::size_t i = warm_up_periods; i < periods; ++i) feed.period(shard, out);
  made.allocated = allocations.load() - before;
  made.records = out.records;
  made.counters = shard.counters();
  return made;
}

/// Returns the class that was the fastest.
template <class Key, class Pattern>
cep::matcher_class expect_no_allocation(const char* name, const Key& key, const Pattern& pattern) {
  SCOPED_TRACE(name);
  const auto compiled = pattern.compile();
  const auto chosen = cep::choose_class(
      *compiled.automaton, [&](cep::condition_id id) { return compiled.conditions.reads_history(id); }, {});
  topology_limits limits;
  limits.keys = 256;
  limits.runs = limits.steps = 1U << 16;
  limits.events = 1U << 12;
  std::uint64_t records[2] = {};
  for (const auto classes : {cep::class_choice::fastest, cep::class_choice::runs_only}) {
    limits.classes = classes;
    const outcome found = run(key, pattern, limits);
    EXPECT_EQ(found.allocated, 0U);
    EXPECT_GT(found.records, 10U);
    EXPECT_EQ(found.counters.matchers.refused, 0U);
    records[classes == cep::class_choice::fastest ? 0 : 1] = found.records;
  }
  EXPECT_EQ(records[0], records[1]);
  topology_limits tight;
  tight.keys = 8;
  tight.runs = 12;
  tight.steps = 16;
  tight.events = 14;
  tight.match_events = 4;
  tight.matches_at_once = 2;
  for (const auto policy : {cep::full_policy::refuse, cep::full_policy::drop_oldest, cep::full_policy::dead_letter}) {
    tight.when_full = policy;
    EXPECT_EQ(run(key, pattern, tight).allocated, 0U) << cep::name_of(policy);
  }
  return chosen.chosen;
}

template <class Pattern>
cep::matcher_class expect_no_allocation(const char* name, const Pattern& pattern) {
  return expect_no_allocation(name, detail::partition_by<std::uint64_t data::*>{&data::user}, pattern);
}

TEST(typed_operators, links_allocate_nothing_an_event) {
  expect_no_allocation("one stage", first().within(400ms));
  expect_no_allocation("strict", first().next("b").where(is<2>).next("c").within(400ms));
  EXPECT_EQ(expect_no_allocation("relaxed", first().then("b").where(is<2>).then("c").where(is<3>).within(400ms)),
            cep::matcher_class::chain);
  expect_no_allocation("any", first().then_any("b").where(is<2>).then_any("c").where(is<3>).within(400ms));
  expect_no_allocation("alternatives", first().or_where(is<3>).then("b").where(is<2>).or_where(is<4>).within(400ms));
  expect_no_allocation("without a key", detail::one_partition{}, first().then("b").where(is<2>).within(15ms));
}

TEST(typed_operators, counts_and_loops_allocate_nothing_an_event) {
  expect_no_allocation("times", first().times(3).then("b").where(is<2>).within(400ms));
  expect_no_allocation("times, strict", cep::begin<data>("a").where(below<3>).times(2).strict().within(400ms));
  expect_no_allocation("times, any", first().times(2).any().then("b").where(is<2>).within(400ms));
  expect_no_allocation("times between", first().times(1, 3).then("b").where(is<2>).within(400ms));
  expect_no_allocation("times or more", first().times_or_more(2).then("b").where(is<2>).within(400ms));
  expect_no_allocation("one or more", first().one_or_more().then("b").where(is<2>).within(400ms));
  expect_no_allocation("zero or more",
                       first().then("b").where(is<2>).zero_or_more().then("c").where(is<3>).within(400ms));
  expect_no_allocation("strict loop", first_two().one_or_more().strict().then("b").where(is<4>).within(400ms));
  expect_no_allocation("loop of any", first().one_or_more().any().then("b").where(is<2>).within(400ms));
  expect_no_allocation("greedy", first_two().one_or_more().greedy().then("b").where(below<4>).within(400ms));
  expect_no_allocation("until", first().one_or_more().until(is<4>).then("b").where(is<2>).within(400ms));
  expect_no_allocation("optional", first().then("b").where(is<2>).optional().then("c").where(is<3>).within(400ms));
}

TEST(typed_operators, groups_allocate_nothing_an_event) {
  const auto pair = cep::group(cep::begin<data>("b").where(is<2>).then("c").where(is<3>));
  expect_no_allocation("group", first().then(pair).times(1, 2).then("d").where(is<4>).within(400ms));
  expect_no_allocation("looping group", first().then(pair).one_or_more().then("d").where(is<4>).within(400ms));
  expect_no_allocation("optional group", first().then(pair).optional().then("d").where(is<4>).within(400ms));
  expect_no_allocation("group, any", first().then(pair).times(2).any().within(400ms));
  expect_no_allocation(
      "all", cep::begin(cep::all_of(cep::member<data>("a").where(is<1>), cep::member<data>("b").where(is<2>).times(2)))
                 .within(400ms));
}

TEST(typed_operators, negations_allocate_nothing_an_event) {
  expect_no_allocation("not next", first().not_next("n").where(is<2>).then("b").where(is<3>).within(400ms));
  expect_no_allocation("not then", first().not_then("n").where(is<2>).then("b").where(is<3>).within(400ms));
  expect_no_allocation("absence", first().not_then("n").where(is<2>).within(400ms));
  expect_no_allocation("absence of any", first().then_any("b").where(is<3>).not_then("n").where(is<0>).within(400ms));
}

TEST(typed_operators, conditions_on_what_was_taken_allocate_nothing_an_event) {
  EXPECT_EQ(expect_no_allocation("last", first().then("b").where(higher_than_last).within(400ms)),
            cep::matcher_class::runs);
  expect_no_allocation("count", first_two().one_or_more().then("b").where(after_two).within(400ms));
  expect_no_allocation("each", first_two().one_or_more().then("b").where(above_the_mean).within(400ms));
  expect_no_allocation("both kinds", first().then("b").where(below<4>).where(higher_than_last).within(400ms));
}

TEST(typed_operators, time_allocates_nothing_an_event) {
  expect_no_allocation("gap", first().then("b").where(is<2>).within_previous(100ms).within(400ms));
  expect_no_allocation("absence with a gap", first().not_then("n").where(is<2>).within_previous(100ms));
  expect_no_allocation("timeouts",
                       first().then("b").where(is<2>).then("c").where(is<3>).within(400ms).report_timeouts());
}

TEST(typed_operators, skip_strategies_allocate_nothing_an_event) {
  const auto chain = first().then("b").where(is<2>).then("c").where(is<3>).within(400ms);
  expect_no_allocation("next", chain.skip_to_next());
  expect_no_allocation("past last", chain.skip_past_last());
  expect_no_allocation("to first", chain.skip_to_first("b"));
  expect_no_allocation("to last", chain.skip_to_last("c"));
  const auto loops = first().one_or_more().then("b").where(is<2>).one_or_more().then("c").where(is<3>).within(400ms);
  expect_no_allocation("next, loops", loops.skip_to_next());
  expect_no_allocation("past last, loops", loops.skip_past_last());
  expect_no_allocation("to first, loops", loops.skip_to_first("b"));
  expect_no_allocation("to last, loops", loops.skip_to_last("a"));
}

}  // namespace
}  // namespace millrace
