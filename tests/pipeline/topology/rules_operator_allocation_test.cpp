// Every operator of the rules language, by each class of matcher: no allocation an event, nor a step of time.

#include <millrace/base/fixed_string.hpp>
#include <millrace/event/event.hpp>
#include <millrace/rules/compile.hpp>
#include <millrace/rules/engine.hpp>
#include <millrace/sink/match_line.hpp>

#include <gtest/gtest.h>
#include <allocation_counter.hpp>

#include <cstdint>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <vector>

namespace millrace {
namespace {

constexpr const char* declarations = R"(
event A { ts : timestamp  user : u64  x : i32  y : i32  name : string(12) }
event B { ts : timestamp  user : u64  x : i32  y : i32 }
)";

struct data_a {
  std::int64_t ts;
  std::uint64_t user;
  std::int32_t x;
  std::int32_t y;
  fixed_string<12> name;
};
struct data_b {
  std::int64_t ts;
  std::uint64_t user;
  std::int32_t x;
  std::int32_t y;
};

struct operator_case {
  const char* name;
  const char* header;  // what stands between the pattern's name and its stages
  const char* stages;

  friend std::ostream& operator<<(std::ostream& out, const operator_case& c) { return out << c.name; }
};

constexpr const char* keyed = "on A by user within 400ms";

constexpr operator_case operator_cases[] = {
    // Links and plain counts.
    {"one_stage", keyed, "a : x == 1"},
    {"strict", keyed, "a : x == 1  next b : x == 2  next c : x > 2"},
    {"relaxed", keyed, "a : x == 1  then b : x == 2  then c : x == 3"},
    {"any", keyed, "a : x == 1  then any b : x == 2  then any c : x == 3"},
    {"mixed_links", keyed, "a : x == 1  then any b : x == 2  then c : x == 3  next d : x > 1"},
    {"no_condition", keyed, "a : x == 1  next b  then c : x == 2"},
    {"no_key", "on A within 15ms", "a : x == 1  then b : x == 2 and y < 50"},
    {"no_bound", "on A by user", "a : x == 1  then b : x == 2  next c  skip past last"},
    {"several_keys", "on A by user, x within 1s", "a : y < 50  next b : y > 50"},
    {"times", keyed, "a{3} : x == 1  then b : x == 2"},
    {"times_strict", keyed, "a{2} strict : x < 3  then b : x == 4"},
    {"times_any", keyed, "a{2} any : x == 1  then b : x == 2"},
    {"times_between", keyed, "a{1,3} : x == 1  then b : x == 2"},
    {"times_or_more", keyed, "a{2,} : x == 1  then b : x == 2"},
    {"times_or_none", keyed, "a : x == 1  then b{0,2} : x == 2  then c : x == 3"},
    // Loops.
    {"one_or_more", keyed, "a : x == 1  then b+ : x == 2  then c : x == 3"},
    {"zero_or_more", keyed, "a : x == 1  then b* : x == 2  then c : x == 3"},
    {"loop_strict", keyed, "a+ strict : x < 3  then b : x == 4"},
    {"loop_any", keyed, "a+ any : x == 1  then b : x == 2"},
    {"loop_at_the_end", keyed, "a : x == 1  then b+ : x == 2"},
    {"greedy", keyed, "a+ greedy : x < 2  then b : x < 4"},
    {"greedy_times", keyed, "a{1,3} greedy : x < 2  then b : x < 4"},
    {"optional", keyed, "a : x == 1  then b? : x == 2  then c : x == 3"},
    {"optional_loop", keyed, "a : x == 1  then b{2,}? : x == 2  then c : x == 3"},
    {"until", keyed, "a : x == 1  then b+ until (x == 4) : x == 2  then c : x == 3"},
    {"until_of_what_was_taken", keyed, "a : x == 1  then b+ until (count(b) == 2) : x == 2  then c : x == 3"},
    // Groups.
    {"group", keyed, "a : x == 1  then ( b : x == 2  then c : x == 3 ){1,2}  then d : x == 4"},
    {"group_loop", keyed, "( a : x == 1  then b : x == 2 )+  then c : x == 3"},
    {"group_strict", keyed, "( a : x < 3  next b : x > 1 ){2} strict"},
    {"group_any", keyed, "( a : x == 1  then b : x == 2 ){2} any"},
    {"group_optional", keyed, "a : x == 1  then ( b : x == 2  next c )?  then d : x == 3"},
    {"group_until", keyed, "a : x == 0  then ( b : x == 1  then c : x == 2 )+ until (x == 5)  then d : x == 3"},
    {"group_nested", keyed, "( a : x == 1  then ( b : x == 2  then c : x == 3 )? ){1,2}  then d : x == 4"},
    {"all", keyed, "all ( a : x == 1, b{2} : x == 2, c : x == 3 )"},
    {"all_behind_a_stage", keyed, "a : x == 0  then all ( b : x == 1, c : x == 2 )  then d : x == 3"},
    // Negation and absence.
    {"not_next", keyed, "a : x == 1  not next n : x == 2  then b : x == 3"},
    {"not_then", keyed, "a : x == 1  not then n : x == 2  then b : x == 3"},
    {"not_then_any", keyed, "a : x == 1  then any b : x == 0  not then n : x == 2  then any c : x == 3"},
    {"absence", keyed, "a : x == 1  not then n : x == 2"},
    {"absence_of_any", keyed, "a : x == 1  then any b : x == 3  not then n : x == 2 and y < 50"},
    {"absence_behind_a_loop", keyed, "a : x == 1  then b+ : x == 3  not then n : x == 2 and y < 50"},
    {"absence_with_skip", keyed, "a : x == 1  not then n : x == 2  skip past last"},
    {"not_next_at_the_end", keyed, "a : x == 1  not next n : x == 2"},
    // Iterative conditions.
    {"last", keyed, "a : x == 1  then b : y > a.y  then c : y > last(b.y)"},
    {"count", keyed, "a+ : x < 3 and count(a) < 3  then b : x == 4 and count(a) > 1"},
    {"sum", keyed, "a+ : x < 2  then b : x == 4 and sum(a.y) > 80"},
    {"avg", keyed, "a+ : x < 2  then b : x == 4 and avg(a.y) > 40"},
    {"min_and_max", keyed, "a+ : x < 2  then b : x == 4 and max(a.y) - min(a.y) > 20"},
    {"distinct", keyed, "a+ : x < 2  then b : x == 4 and distinct(a.name) > 1"},
    {"distinct_in_a_loop", keyed, "a : x == 1  then b+ : distinct(b.y) < 2 and x == 2  then c : x == 3"},
    {"first_and_last", keyed, "a+ : x < 2  then b : x == 4 and last(a.y) > first(a.y)"},
    {"in", keyed, "a{2} : x < 2  then b : x == 4 and name in a.name"},
    {"not_in", keyed, "a{2} : x < 2  then b : x == 4 and name not in a.name"},
    {"own_stage", keyed, "a : x == 1  then b+ : y > a.y and (count(b) == 0 or y > b.y)  then c : x == 3  skip next"},
    {"text_functions", keyed,
     "a : starts_with(lower(name), \"ann\")  then b : contains(upper(a.name), \"B\") or x == 3"},
    {"time_of_what_was_taken", keyed, "a : x == 1  then b : ts - a.ts < 100ms and x == 2"},
    // Time.
    {"gap", keyed, "a : x == 1  then b within 100ms : x == 2  then c within 200ms : x == 3"},
    {"gaps_everywhere", "on A by user within 100ms between events", "a : x == 1  then b+ : x == 2  then c : x == 3"},
    {"absence_with_a_gap", keyed, "a : x == 1  then b : x == 3  not then n within 100ms : x == 2"},
    {"timeout", keyed, "a : x == 1  then b : x == 2  then c : x == 3 and y < 30  on timeout"},
    {"timeout_of_a_gap", keyed,
     "a : x == 1  then b within 50ms : x == 2 and y < 50  on timeout select user, n = count(a)"},
    // What a match does to others.
    {"skip_none", keyed, "a : x < 3  then b : x == 4  skip none"},
    {"skip_next", keyed, "a : x < 3  then b : x == 4  skip next"},
    {"skip_past_last", keyed, "a : x < 3  then b : x == 4  skip past last"},
    {"skip_to_first", keyed, "a : x < 3  then b : x == 4  then c : x == 5  skip to first b"},
    {"skip_to_last", keyed, "a : x < 3  then b{2} : x == 4  then c : x == 5  skip to last b"},
    {"skip_next_of_runs", keyed, "a : x == 1  then any b : x == 2  then c+ : x == 3  skip next"},
    {"skip_past_last_of_runs", keyed, "a+ : x == 1  then b : x == 2  skip past last"},
    {"skip_to_first_of_runs", keyed, "a+ : x == 1  then b+ : x == 2  then c : x == 3  skip to first b"},
    {"skip_to_last_of_runs", keyed, "a+ : x == 1  then b+ : x == 2  then c : x == 3  skip to last a"},
    // Types and lines.
    {"two_types", "on A, B by user within 400ms", "a is A : x == 1  then b is B : x == 2  then c : y > 50"},
    {"two_types_iterative", "on A, B by user within 400ms",
     "a is A : x == 1  then b is B : y > a.y  not then c : x == 5"},
    {"select", keyed,
     "a{2} : x == 1  then b : x == 2  select user, n = count(a), s = sum(a.y), m = avg(a.y), d = distinct(a.name), "
     "low = min(a.y), high = max(a.y), who = lower(b.name), then_ = first(a.y)"},
};

constexpr std::size_t events_a_period = 6'000;
constexpr std::size_t warm_up_periods = 2;
constexpr std::size_t periods = 4;
constexpr std::int64_t ms = 1'000'000;
constexpr std::uint64_t users = 25;

/// The same events again and again, with a pause in between that nothing outlives: whatever grows has grown in the
/// first period.
class periodic_feed {
 public:
  explicit periodic_feed(const std::shared_ptr<const rules::program>& rules) : router_(rules, 1) {}

  template <class Take>
  void period(Take&& take) {
    std::mt19937_64 random(7);
    for (std::size_t i = 0; i < events_a_period; ++i) {
      const std::uint64_t bits = random();
      if ((bits >> 60) < 3) now_ns_ += static_cast<std::int64_t>(bits >> 56 & 15) * ms;
      now_ns_ += ms;
      if ((bits >> 48 & 3) == 0)
        give_b(bits, take);
      else
        give_a(bits, take);
      if (i % 16 == 0) mark(take);
    }
    now_ns_ += 3'600'000 * ms;
    mark(take);
  }

 private:
  template <class Take>
  void give_a(std::uint64_t bits, Take& take) {
    a_.data = {now_ns_,
               bits % users,
               static_cast<std::int32_t>(bits >> 8 & 0xFFFF) % 6,
               static_cast<std::int32_t>(bits >> 24 & 0xFFFF) % 100,
               {}};
    static constexpr const char* names[] = {"ann", "bob", "Annabel", "carol of the", "ed"};
    ASSERT_TRUE(a_.data.name.try_assign(names[(bits >> 40 & 0xFF) % 5]));
    give(a_.header, 0, take);
  }
  template <class Take>
  void give_b(std::uint64_t bits, Take& take) {
    b_.data = {now_ns_, bits % users, static_cast<std::int32_t>(bits >> 8 & 0xFFFF) % 6,
               static_cast<std::int32_t>(bits >> 24 & 0xFFFF) % 100};
    give(b_.header, 1, take);
  }
  template <class Take>
  void give(event_header& header, event_type type, Take& take) {
    header.sequence = ++sequence_;
    header.id.low = sequence_ - 1;
    header.time_ns = now_ns_;
    header.type = type;
    header.route = router_.route(header)[0];
    take(header);
  }
  template <class Take>
  void mark(Take& take) {
    event_header header{};
    header.sequence = sequence_;
    header.type = time_mark;
    header.time_ns = now_ns_;
    take(header);
  }

  rules::router router_;
  event<data_a> a_{};
  event<data_b> b_{};
  std::uint64_t sequence_ = 0;
  std::int64_t now_ns_ = 0;
};

struct outcome {
  std::uint64_t allocated = 0;
  std::uint64_t lines = 0;  // that the measured periods print
  std::uint64_t bytes = 0;  // of all lines
  rules::engine_counters counters;
};

outcome run(const std::shared_ptr<const rules::program>& rules, const rules::engine_limits& limits) {
  rules::engine engine(rules, limits);
  sink::match_line line(rules::first_revision(rules));
  periodic_feed feed(rules);
  outcome made;
  std::uint64_t bytes = 0;
  const auto take = [&](const event_header& event) {
    engine.process(
        event,
        [&](const rules::released_match& match) {
          bytes += line.write(match).size();
          ++made.lines;
        },
        [&](const rules::dead_event& dead) { bytes += dead.rule_index; });
  };
  for (std::size_t i = 0; i < warm_up_periods; ++i) feed.period(take);
  made.lines = 0;
  const std::uint64_t before = allocations.load();
  for (std::size_t i = warm_up_periods; i < periods; ++i) feed.period(take);
  made.allocated = allocations.load() - before;
  made.counters = engine.counters();
  made.bytes = bytes;
  return made;
}

std::shared_ptr<const rules::program> compiled(const operator_case& of, const char* time) {
  const std::string text = std::string(declarations) + time + "pattern p " + of.header + " {\n" + of.stages + "\n}\n";
  return std::make_shared<const rules::program>(rules::compile({of.name, text}));
}

class rules_operators : public testing::TestWithParam<operator_case> {};

TEST_P(rules_operators, allocate_nothing_an_event) {
  for (const char* const time : {"", "time out of order 5ms\n"}) {
    const auto rules = compiled(GetParam(), time);
    outcome by_class[2];
    for (const auto classes : {cep::class_choice::fastest, cep::class_choice::runs_only}) {
      rules::engine_limits limits;
      limits.classes = classes;
      limits.matcher.runs = limits.matcher.steps = 1U << 16;
      limits.matcher.partitions = 256;
      limits.events = 1U << 12;
      const outcome found = run(rules, limits);
      EXPECT_EQ(found.allocated, 0U) << (classes == cep::class_choice::fastest ? "fastest " : "runs ") << time;
      EXPECT_GT(found.lines, 10U);
      EXPECT_GT(found.bytes, found.lines);
      EXPECT_EQ(found.counters.refused, 0U);
      EXPECT_EQ(found.counters.cut, 0U);
      by_class[classes == cep::class_choice::fastest ? 0 : 1] = found;
    }
    EXPECT_EQ(by_class[0].lines, by_class[1].lines) << time;
  }
}

std::string name_of(const testing::TestParamInfo<operator_case>& of) { return of.param.name; }
INSTANTIATE_TEST_SUITE_P(each, rules_operators, testing::ValuesIn(operator_cases), name_of);

TEST(rules_operators, are_matched_by_each_class) {
  std::size_t chains = 0;
  for (const operator_case& each : operator_cases) {
    const auto rules = compiled(each, "");
    const rules::pattern_rule& rule = rules->patterns[0];
    const rules::condition_programs conditions(rule.conditions);
    const auto chosen =
        cep::choose_class(*rule.automaton, [&](cep::condition_id id) { return conditions.reads_history(id); }, {});
    chains += chosen.chosen == cep::matcher_class::chain ? 1U : 0U;
  }
  EXPECT_GE(chains, 15U);
  EXPECT_GE(std::size(operator_cases) - chains, 15U);
}

TEST(rules_operators, allocate_nothing_where_a_bound_is_met) {
  for (const operator_case& each : operator_cases) {
    const auto rules = compiled(each, "");
    for (const auto policy : {cep::full_policy::refuse, cep::full_policy::drop_oldest, cep::full_policy::dead_letter}) {
      rules::engine_limits limits;
      limits.matcher.runs = 4;
      limits.matcher.steps = 6;
      limits.matcher.partitions = 3;
      limits.matcher.match_events = 4;
      limits.matcher.matches_at_once = 2;
      limits.matcher.when_full = policy;
      limits.events = 5;
      const outcome found = run(rules, limits);
      EXPECT_EQ(found.allocated, 0U) << each.name << ' ' << cep::name_of(policy);
      EXPECT_TRUE(found.counters.bounds_met != 0 || each.stages == std::string("a : x == 1")) << each.name;
    }
  }
}

}  // namespace
}  // namespace millrace
