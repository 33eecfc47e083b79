// Typed patterns give the same records whichever class of matcher they have, inline and over shards.

#include <millrace/millrace.hpp>
#include <millrace/rules/compile.hpp>
#include <millrace/rules/engine.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {
namespace {

using namespace std::chrono_literals;

struct reading {
  std::uint64_t sensor;
  std::int32_t level;
  std::uint32_t number;  // from 1
};

/// A match: the numbers of its events, stage by stage.
struct seen {
  std::uint32_t rule;
  std::uint32_t count;
  std::int64_t at_ns;
  std::array<std::uint32_t, 6> numbers;

  friend bool operator==(const seen&, const seen&) = default;
  friend std::ostream& operator<<(std::ostream& out, const seen& s) {
    out << "{rule " << s.rule << " at " << s.at_ns << ':';
    for (std::uint32_t i = 0; i < s.count; ++i) out << ' ' << s.numbers[i];
    return out << '}';
  }
};

template <std::uint32_t Rule>
constexpr auto tell = [](const auto& m, auto& out) {
  seen made{Rule, 0, m.at_ns(), {}};
  for (const std::string_view stage : {"a", "b", "c"})
    for (const reading& each : m.events(stage)) made.numbers[made.count++] = each.number;
  out.emit(made);
};

template <std::int32_t Level>
constexpr auto at = [](const reading& r) { return r.level == Level; };
constexpr auto high = [](const reading& r) { return r.level > 3; };
constexpr auto rising = [](const reading& r, const cep::taken<reading>& so_far) {
  return r.level > so_far.last("a")->level;
};

auto branching() {
  return cep::begin<reading>("a").where(at<1>).then_any("b").where(high).then_any("c").where(at<2>).within(90ns);
}
auto counted() { return cep::begin<reading>("a").where(high).times(2).any().next("c").where(at<0>).within(120ns); }
auto skipping() {
  return cep::begin<reading>("a").where(high).then("b").where(at<1>).then("c").where(at<2>).skip_to_last("b");
}
auto absence() {
  return cep::begin<reading>("a").where(at<1>).then_any("b").where(at<2>).not_then("n").where(at<3>).within(70ns);
}
auto negated() {
  return cep::begin<reading>("a").where(at<1>).not_then("n").where(at<3>).then("b").where(at<2>).within(100ns);
}
auto iterative() { return cep::begin<reading>("a").where(at<1>).then("b").where(rising).within(60ns); }

/// Readings of two dozen sensors; several at one time, and numbers of the user's own that repeat.
std::vector<event<reading>> random_readings(std::uint64_t seed, std::uint32_t count) {
  std::mt19937_64 random(seed);
  std::vector<event<reading>> made;
  std::int64_t now_ns = 1'000;
  for (std::uint32_t i = 1; i <= count; ++i) {
    const std::uint64_t bits = random();
    now_ns += (bits >> 60) < 8 ? 0 : static_cast<std::int64_t>(bits >> 60) - 7;
    event<reading>& next = made.emplace_back();
    next.header.time_ns = now_ns;
    next.header.id.low = bits >> 8 & 63;
    next.data = {bits % 24, static_cast<std::int32_t>(bits >> 32 & 0xFFFF) % 6, i};
  }
  return made;
}

struct answer {
  std::vector<seen> records;
  topology_report report;
};

/// How the topology is run.
struct way {
  cep::class_choice classes = cep::class_choice::runs_only;
  unsigned shards = 0;  ///< 0: inline
  bool late = false;    ///< patterns are put before the run, and not given at build time
  std::uint32_t keys = 1U << 10;
};

template <class Draft>
answer run(Draft&& draft, const way& how) {
  answer made;
  auto engine = std::forward<Draft>(draft)
                    .limits({.keys = how.keys, .runs = 1U << 16, .steps = 1U << 16, .classes = how.classes})
                    .sink([&](const seen& s) { made.records.push_back(s); })
                    .build();
  if (how.late) {
    engine.put("1", counted(), tell<1>);
    engine.put("2", skipping(), tell<2>);
    engine.put("3", absence(), tell<3>);
  }
  made.report = engine.run();
  return made;
}

template <class Draft>
answer with_patterns(Draft&& draft, const way& how) {
  auto begun = std::forward<Draft>(draft).match("0", branching(), tell<0>);
  if (how.late) return run(std::move(begun), how);
  return run(std::move(begun)
                 .match("1", counted(), tell<1>)
                 .match("2", skipping(), tell<2>)
                 .match("3", absence(), tell<3>)
                 .match("4", negated(), tell<4>)
                 .match("5", iterative(), tell<5>),
             how);
}

answer answer_of(const std::vector<event<reading>>& events, const way& how) {
  auto draft = topology{}.source(from_range(events)).key_by(&reading::sensor);
  return how.shards == 0 ? with_patterns(std::move(draft), how)
                         : with_patterns(std::move(draft).shards(how.shards), how);
}

template <class Pattern>
cep::matcher_class fastest_class(const Pattern& pattern) {
  const auto compiled = pattern.compile();
  return cep::choose_class(*compiled.automaton,
                           [&](cep::condition_id id) { return compiled.conditions.reads_history(id); }, {})
      .chosen;
}

TEST(matcher_class, typed_patterns_on_the_event_alone_are_chains) {
  EXPECT_EQ(fastest_class(branching()), cep::matcher_class::chain);
  EXPECT_EQ(fastest_class(counted()), cep::matcher_class::chain);
  EXPECT_EQ(fastest_class(skipping()), cep::matcher_class::chain);
  EXPECT_EQ(fastest_class(absence()), cep::matcher_class::chain);
  EXPECT_EQ(fastest_class(negated()), cep::matcher_class::chain);
  EXPECT_EQ(fastest_class(iterative()), cep::matcher_class::runs);
}

TEST(matcher_class, gives_the_same_records_in_the_same_order) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const auto events = random_readings(seed, 4'000);
    const answer expected = answer_of(events, {});
    std::array<std::size_t, 6> by_rule{};
    for (const seen& each : expected.records) ++by_rule[each.rule];
    for (const std::size_t count : by_rule) EXPECT_GT(count, 40U);
    for (const auto classes : {cep::class_choice::runs_only, cep::class_choice::fastest}) {
      for (const unsigned shards : {0U, 1U, 2U, 4U}) {
        const answer found = answer_of(events, {classes, shards});
        EXPECT_EQ(found.records, expected.records) << shards << " shards";
        EXPECT_EQ(found.report.matches, expected.records.size());
        EXPECT_EQ(found.report.refused, 0U);
      }
    }
  }
}

TEST(matcher_class, gives_the_same_records_for_patterns_that_come_late) {
  const auto events = random_readings(4, 4'000);
  const answer expected = answer_of(events, {.late = true});
  EXPECT_GT(expected.records.size(), 500U);
  for (const unsigned shards : {0U, 2U})
    EXPECT_EQ(answer_of(events, {cep::class_choice::fastest, shards, true}).records, expected.records);
}

/// Numbers of keys change hands: also while matches that time has completed are on their way out.
TEST(matcher_class, gives_the_same_records_where_keys_give_way) {
  for (const std::uint32_t keys : {1U, 2U, 3U, 8U}) {
    const auto events = random_readings(5, 4'000);
    const answer expected = answer_of(events, {.late = true, .keys = keys});
    EXPECT_GT(expected.records.size(), 10U);
    EXPECT_GT(expected.report.refused, 100U);
    const answer found = answer_of(events, {.classes = cep::class_choice::fastest, .late = true, .keys = keys});
    EXPECT_EQ(found.records, expected.records) << keys << " keys";
    EXPECT_EQ(found.report.refused, expected.report.refused) << keys << " keys";
  }
}

TEST(matcher_class, gives_the_same_matches_of_rules_where_keys_give_way) {
  const auto rules = std::make_shared<const rules::program>(
      rules::compile({"keys.mr",
                      "event R { ts : timestamp  sensor : u64  level : i32  number : u32 }\n"
                      "pattern p on R by sensor within 60ns { a : level == 1  then any b : level == 2 }\n"
                      "pattern q on R by sensor within 60ns { a : level == 1  not then b : level == 2 }\n"}));
  struct timed_reading {
    std::int64_t ts;
    reading what;
  };
  const auto matches_of = [&](cep::class_choice classes, std::uint32_t keys) {
    rules::engine_limits limits;
    limits.matcher.runs = limits.matcher.steps = 1U << 12;
    limits.matcher.partitions = keys;
    limits.classes = classes;
    rules::engine engine(rules, limits);
    std::vector<seen> made;
    const auto keep = [&](const rules::released_match& match) {
      seen& next = made.emplace_back(seen{match.rule_index, 0, match.at_ns, {}});
      for (const expr::taken_event& t : match.taken)
        next.numbers[next.count++] = static_cast<std::uint32_t>(t.event->sequence);
    };
    event<timed_reading> in_hand{};
    for (const event<reading>& each : random_readings(6, 4'000)) {
      in_hand.header.sequence = in_hand.header.id.low = each.data.number;
      in_hand.header.time_ns = each.header.time_ns;
      in_hand.header.route = rules::counts_here | 1;
      in_hand.data = {each.header.time_ns, each.data};
      engine.process(in_hand.header, keep);
    }
    engine.finish(keep);
    EXPECT_GT(engine.counters().refused, 100U);
    return made;
  };
  for (const std::uint32_t keys : {1U, 2U, 3U}) {
    const auto expected = matches_of(cep::class_choice::runs_only, keys);
    EXPECT_GT(expected.size(), 50U);
    EXPECT_EQ(matches_of(cep::class_choice::fastest, keys), expected) << keys << " keys";
  }
}

}  // namespace
}  // namespace millrace
