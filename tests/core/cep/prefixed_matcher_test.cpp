// Beginnings as the bits of a word, held to runs from the first event on.
#include <millrace/cep/automaton.hpp>
#include <millrace/cep/matcher.hpp>
#include <millrace/cep/pattern_error.hpp>
#include <millrace/cep/pattern_matcher.hpp>
#include <millrace/cep/prefixed_matcher.hpp>

#include "letter_feeds.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>

namespace millrace::cep {
namespace {

/// A strict beginning or a count, and then anything.
class case_maker {
 public:
  explicit case_maker(std::mt19937& random) : random_(random) {}

  random_case make() {
    letters_ = 2 + draw(3);
    made_.what.name = "p";
    begin();
    const std::uint32_t rest = 1 + draw(3);
    for (std::uint32_t i = 0; i < rest; ++i) go_on();
    if (draw(3) != 0) made_.what.within_ns = 1 + draw(14);
    if (made_.what.within_ns != 0 && draw(3) == 0) add_negated();
    if (draw(2) == 0) {
      made_.what.skip = static_cast<skip_strategy>(1 + draw(4));
      made_.what.skip_to = made_.what.stages[draw(static_cast<std::uint32_t>(made_.what.stages.size()))].name;
    }
    if (draw(2) == 0) made_.conditions.readers = random_();
    made_.conditions.counts_all_looks = draw(2) == 0;
    feed();
    return made_;
  }

 private:
  std::uint32_t draw(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  condition_id condition() {
    made_.conditions.sets.push_back(random_() & ((1U << letters_) - 1));
    return static_cast<condition_id>(made_.conditions.sets.size() - 1);
  }
  stage& add(link how) {
    stage& made = made_.what.stages.emplace_back();
    made.name = std::string("s") + static_cast<char>('a' + made_.what.stages.size());
    made.link = how;
    made.condition = condition();
    return made;
  }
  void add_negated() { add(draw(3) == 0 ? link::not_next : link::not_then); }

  void begin() {
    stage& first = add(link::next);
    if (draw(2) == 0) {
      first.quantifier.counted = true;
      first.quantifier.least = first.quantifier.most = 2 + draw(3);
      first.quantifier.inner = draw(2) == 0 ? contiguity::strict : contiguity::relaxed;
      first.quantifier.inner_given = true;
    } else {
      for (std::uint32_t i = 1 + draw(2); i > 0; --i) add(link::next);
    }
  }

  void go_on() {
    if (draw(5) == 0) add_negated();
    const std::uint32_t how = draw(4);
    stage& made = add(how == 0 ? link::next : how == 1 ? link::then_any : link::then);
    const std::uint32_t shape = draw(8);
    if (shape > 3) return;
    made.quantifier.counted = true;
    made.quantifier.inner_given = true;
    made.quantifier.inner = static_cast<contiguity>(draw(3));
    if (shape == 0) made.quantifier.unbounded = true;
    if (shape == 1) made.quantifier.most = 2;
    if (shape == 2) made.quantifier.least = made.quantifier.most = 2;
    if (shape == 3) {
      made.quantifier = {};
      made.quantifier.optional = true;
    }
    if (shape < 2) made.quantifier.greedy = draw(3) == 0 && made.quantifier.inner != contiguity::any;
  }

  void feed() {
    made_.keys = 1 + draw(3);
    made_.own_time = draw(3) == 0;
    std::int64_t now = 1;
    const std::uint32_t count = draw(32);
    for (std::uint32_t i = 0; i < count; ++i) {
      event_header e;
      e.sequence = i;
      e.id.low = i + 100;
      now += draw(3);
      e.time_ns = now;
      e.type = static_cast<event_type>(draw(letters_));
      e.key = draw(made_.keys);
      made_.events.push_back(e);
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      const bool last_of_its_time = i + 1 == count || made_.events[i + 1].time_ns != made_.events[i].time_ns;
      const bool marks = draw(4) == 0;
      made_.marks.push_back(made_.own_time && last_of_its_time && marks);
    }
  }

  std::mt19937& random_;
  std::uint32_t letters_ = 2;
  random_case made_;
};

TEST(prefixed_matcher, gives_what_runs_from_the_first_event_on_give) {
  std::mt19937 random(11);
  std::size_t compared = 0, with_matches = 0, counts = 0, strict = 0, readers = 0, skips = 0, absences = 0, indexed = 0;
  const std::size_t rounds = 20'000;
  for (std::size_t round = 0; round < rounds; ++round) {
    const random_case made = case_maker(random).make();
    std::shared_ptr<const automaton> compiled;
    try {
      compiled = std::make_shared<const automaton>(compile(made.what));
    } catch (const pattern_error&) {
      continue;  // that has no meaning
    }
    auto prefix = shift_prefix_of(*compiled, [&](condition_id id) { return made.conditions.reads_history(id); });
    if (!prefix) continue;
    matcher_limits limits;
    limits.runs = 60'000;
    limits.steps = 60'000;
    limits.partitions = 4;
    limits.matches_at_once = 50'000;
    limits.indexed_runs = round % 2 == 0 ? 4 : 0;
    held_events a(1'000, 0), b(1'000, 0);
    matcher<letter_sets> runs(compiled, made.conditions, 0, limits, a);
    std::size_t live = 0;
    const std::string expected = outcome_of(made, runs, a, live);
    if (runs.counters().bounds_met != 0) continue;
    ++compared;
    const bool is_count = prefix->links.counts;
    const bool reads = prefix->links.reads_history;
    prefixed_matcher<letter_sets> prefixed(compiled, std::move(*prefix), made.conditions, 0, limits, b);
    ASSERT_EQ(outcome_of(made, prefixed, b, live), expected) << "round " << round;
    ASSERT_EQ(live, 0U) << "round " << round;
    if (expected.find('=') == std::string::npos) continue;
    ++with_matches;
    ++(is_count ? counts : strict);
    readers += reads ? 1U : 0U;
    skips += compiled->skip != skip_strategy::none ? 1U : 0U;
    absences += compiled->has_pending ? 1U : 0U;
    indexed += limits.indexed_runs != 0 ? 1U : 0U;
  }
  // The cases are worth something.
  EXPECT_GT(compared, rounds / 2);
  EXPECT_GT(with_matches, rounds / 8);
  EXPECT_GT(counts, rounds / 50);
  EXPECT_GT(strict, rounds / 50);
  EXPECT_GT(readers, rounds / 100);
  EXPECT_GT(skips, rounds / 50);
  EXPECT_GT(absences, rounds / 100);
  EXPECT_GT(indexed, rounds / 50);
}

}  // namespace
}  // namespace millrace::cep
