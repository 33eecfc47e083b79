#include <millrace/cep/chain_matcher.hpp>
#include <millrace/cep/matcher.hpp>
#include <millrace/cep/pattern_matcher.hpp>
#include <millrace/cep/shift_matcher.hpp>

#include "letter_feeds.hpp"

#include <gtest/gtest.h>
#include <random>
#include <sstream>
#include <utility>

namespace millrace::cep {
namespace {

random_case make_case(std::mt19937& random) {
  const auto draw = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  random_case made;
  const std::uint32_t letters = 2 + draw(3);
  const std::uint32_t shape = draw(6);
  const bool strict = shape == 0;  // each event the next one
  const bool counts = shape == 1;  // one stage, so many times
  const std::uint32_t stages = counts ? 1 : 1 + draw(4);
  const bool deterministic = strict || counts || draw(2) == 0;
  const auto condition = [&]() -> condition_id {
    made.conditions.sets.push_back(random() & ((1U << letters) - 1));
    return static_cast<condition_id>(made.conditions.sets.size() - 1);
  };
  made.what.name = "p";
  bool after_not = false;
  for (std::uint32_t i = 0; i < stages; ++i) {
    stage s;
    s.name = std::string("s") + static_cast<char>('0' + i);
    if (i > 0)
      s.link = strict || draw(4) == 0 ? link::next : deterministic || draw(2) == 0 ? link::then : link::then_any;
    if (i > 0 && !strict && !after_not && draw(4) == 0) {
      stage negated;
      negated.name = std::string("n") + static_cast<char>('0' + i);
      negated.link = link::not_then;
      negated.condition = condition();
      made.what.stages.push_back(negated);
    }
    s.condition = draw(8) == 0 ? no_condition : condition();
    if (counts || draw(5) == 0) {
      s.quantifier.counted = true;
      s.quantifier.least = s.quantifier.most = 2 + draw(counts ? 4 : 2);
      const bool next_only = strict || draw(3) == 0;
      s.quantifier.inner = !deterministic && draw(2) == 0 ? contiguity::any
                           : next_only                    ? contiguity::strict
                                                          : contiguity::relaxed;
      s.quantifier.inner_given = true;
    }
    made.what.stages.push_back(s);
  }
  if (draw(3) != 0) made.what.within_ns = 1 + draw(12);
  if (made.what.within_ns != 0 && !strict && !counts && draw(3) == 0) {
    stage negated;
    negated.name = "absent";
    negated.link = link::not_then;
    negated.condition = condition();
    made.what.stages.push_back(negated);
  } else if (deterministic && draw(2) == 0) {
    made.what.skip = static_cast<skip_strategy>(1 + draw(4));
    made.what.skip_to = std::string("s") + static_cast<char>('0' + draw(stages));
  }
  if (strict && draw(2) == 0) made.conditions.readers = random();
  made.keys = 1 + draw(3);
  std::int64_t now = 1;
  const std::uint32_t count = draw(deterministic ? 60 : 20);  // the rest has millions of matches
  for (std::uint32_t i = 0; i < count; ++i) {
    event_header e;
    e.sequence = i;
    e.id.low = i + 100;
    e.time_ns = now += draw(3);
    e.type = static_cast<event_type>(draw(letters));
    e.key = draw(made.keys);
    made.events.push_back(e);
  }
  made.own_time = draw(3) == 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const bool last_of_its_time = i + 1 == count || made.events[i + 1].time_ns != made.events[i].time_ns;
    made.marks.push_back(made.own_time && last_of_its_time && draw(4) == 0);
  }
  return made;
}

/// What a run with single matches is as one that counts: those of one release, with one first and one last
/// event, stand one behind the other.
std::string counted_lines(const std::string& single, bool is_set) {
  std::istringstream in(single);
  std::ostringstream out;
  std::string line, begin, first, last;
  std::uint64_t count = 0;
  const auto flush = [&] {
    if (count != 0) out << begin << ": " << count << " like" << first << '\n';
    count = 0;
  };
  while (std::getline(in, line)) {
    const auto colon = line.find(':');
    const std::string last_event = line.substr(line.rfind(' ') + 1);
    if (colon == std::string::npos || !is_set || line.substr(0, colon) != begin || last_event != last) flush();
    last = last_event;
    if (colon == std::string::npos) {
      out << line << '\n';
    } else if (count++ == 0) {
      begin = line.substr(0, colon);
      first = line.substr(colon + 1);
    }
  }
  return out.str();
}

TEST(chain_matcher, gives_what_single_runs_give_on_random_chains) {
  std::mt19937 random(7);
  std::size_t chains = 0, with_matches = 0, any = 0, pending = 0, skips = 0, own_time = 0, strict = 0, counts = 0,
              readers = 0;
  const std::size_t rounds = 20'000;
  for (std::size_t round = 0; round < rounds; ++round) {
    const random_case made = make_case(random);
    const auto compiled = std::make_shared<const automaton>(compile(made.what));
    auto read = chain_of(*compiled, [&](condition_id id) { return made.conditions.reads_history(id); });
    if (std::holds_alternative<std::string>(read)) continue;
    const chain& links = std::get<chain>(read);
    ++chains;
    any += links.deterministic ? 0U : 1U;
    pending += links.pending ? 1U : 0U;
    skips += compiled->skip != skip_strategy::none ? 1U : 0U;
    own_time += made.own_time ? 1U : 0U;
    matcher_limits limits;
    limits.runs = 20'000;
    limits.steps = 20'000;
    limits.partitions = 4;
    held_events a(1'000, 0), b(1'000, 0);
    matcher<letter_sets> runs(compiled, made.conditions, 0, limits, a);
    std::size_t live = 0;
    const std::string expected = outcome_of(made, runs, a, live);
    if (!links.reads_history) {
      chain_matcher<letter_sets> set(compiled, links, made.conditions, 0, limits, b);
      ASSERT_EQ(outcome_of(made, set, b, live), expected) << "round " << round;
      ASSERT_EQ(live, 0U) << "round " << round;
      held_events c(1'000, 0);
      chain_matcher<letter_sets> counting(compiled, links, made.conditions, 0, limits, c);
      const bool is_set = compiled->skip == skip_strategy::none && !links.pending && links.links.size() > 1;
      ASSERT_EQ(outcome_of(made, counting, c, live, true), counted_lines(expected, is_set)) << "round " << round;
      ASSERT_EQ(live, 0U) << "round " << round;
    }
    with_matches += expected.find('=') != std::string::npos ? 1U : 0U;
    const auto shifts = shift_chain_of(*compiled, links);
    if (!shifts) continue;
    (shifts->reads_history ? readers
     : shifts->counts      ? counts
                           : strict) += expected.find('=') != std::string::npos ? 1U : 0U;
    for (const bool counted : {false, true}) {
      held_events d(1'000, 0);
      shift_matcher<letter_sets> shift(compiled, *shifts, made.conditions, 0, limits, d);
      ASSERT_EQ(outcome_of(made, shift, d, live, counted), counted ? counted_lines(expected, false) : expected)
          << "round " << round;
      ASSERT_EQ(live, 0U) << "round " << round;
    }
  }
  // The cases are worth something.
  EXPECT_GT(chains, rounds * 3 / 4);
  EXPECT_GT(with_matches, rounds / 3);
  EXPECT_GT(any, rounds / 10);
  EXPECT_GT(pending, rounds / 20);
  EXPECT_GT(skips, rounds / 20);
  EXPECT_GT(own_time, rounds / 5);
  EXPECT_GT(strict, rounds / 20);
  EXPECT_GT(counts, rounds / 20);
  EXPECT_GT(readers, rounds / 100);
}

}  // namespace
}  // namespace millrace::cep
