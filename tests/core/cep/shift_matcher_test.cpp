// Partial matches as the bits of a word: which patterns, its bounds, what keys give back. Its matches are held to those
// of single runs in chain_matcher_test.cpp.

#include <millrace/cep/pattern_matcher.hpp>
#include <millrace/cep/shift_matcher.hpp>

#include "by_type.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace millrace::cep {
namespace {

constexpr condition_id a = 0, b = 1, c = 2;

stage stage_of(std::string name, link how, condition_id condition) {
  stage made;
  made.name = std::move(name);
  made.link = how;
  made.condition = condition;
  return made;
}

stage times(stage of, std::uint32_t count, contiguity inner) {
  of.quantifier.counted = true;
  of.quantifier.least = of.quantifier.most = count;
  of.quantifier.inner = inner;
  of.quantifier.inner_given = true;
  return of;
}

pattern pattern_of(std::vector<stage> stages) {
  pattern made;
  made.name = std::string("p");
  made.stages = std::move(stages);
  return made;
}

pattern abc() {
  return pattern_of({stage_of("a", link::next, a), stage_of("b", link::next, b), stage_of("c", link::next, c)});
}

matcher_class class_of(const pattern& what) {
  return choose_class(compile(what), [](condition_id) { return false; }, {}).chosen;
}

TEST(shift_chain, is_a_strict_chain_or_a_count_of_one_condition) {
  const stage first = stage_of("a", link::next, a);
  EXPECT_EQ(class_of(abc()), matcher_class::shift);
  EXPECT_EQ(class_of(pattern_of({times(first, 5, contiguity::relaxed)})), matcher_class::shift);
  EXPECT_EQ(class_of(pattern_of({times(first, 5, contiguity::strict)})), matcher_class::shift);
  EXPECT_EQ(class_of(pattern_of({times(first, 32, contiguity::strict)})), matcher_class::shift);
  EXPECT_EQ(class_of(pattern_of({first, stage_of("b", link::then, a)})), matcher_class::shift) << "the same condition";

  EXPECT_EQ(class_of(pattern_of({first})), matcher_class::chain) << "one event";
  EXPECT_EQ(class_of(pattern_of({times(first, 33, contiguity::strict)})), matcher_class::chain) << "too long";
  EXPECT_EQ(class_of(pattern_of({first, stage_of("b", link::then, b)})), matcher_class::chain);
  EXPECT_EQ(class_of(pattern_of({first, stage_of("b", link::next, b), stage_of("c", link::then, c)})),
            matcher_class::chain);
  EXPECT_EQ(class_of(pattern_of({times(first, 3, contiguity::any)})), matcher_class::chain);
  EXPECT_EQ(class_of(pattern_of({first, stage_of("n", link::not_then, b), stage_of("b", link::then, a)})),
            matcher_class::chain)
      << "a negation ends it";
  pattern absent = pattern_of({times(first, 2, contiguity::strict), stage_of("n", link::not_then, b)});
  absent.within_ns = 10;
  EXPECT_EQ(class_of(absent), matcher_class::chain);
}

/// One pattern over keys that are their own partition numbers; a feed by letters, an event a nanosecond.
class shifted : public ::testing::Test {
 protected:
  void begin(const pattern& what, matcher_limits limits = {}, std::uint32_t events = 100) {
    limits.partitions = 16;
    compiled_ = std::make_shared<const automaton>(compile(what));
    const auto links = std::get<chain>(chain_of(*compiled_, [](condition_id) { return false; }));
    events_ = std::make_unique<held_events>(events, 0);
    matcher_ = std::make_unique<shift_matcher<by_type>>(compiled_, shift_chain_of(*compiled_, links).value(), by_type{},
                                                        std::uint16_t{0}, limits, *events_);
    for (partition_id id = 0; id < limits.partitions; ++id) matcher_->open(id);
  }

  /// The sequences of each match of the key's next events, in a row.
  std::string feed(partition_id id, const std::string& letters) {
    std::ostringstream found;
    for (const char letter : letters) {
      event_header e;
      e.sequence = e.id.low = static_cast<std::uint64_t>(++now_);
      e.time_ns = now_;
      e.type = static_cast<event_type>(letter - 'a');
      matcher_->advance(now_, out_);
      matcher_->begin_event();
      events_->pick_up(e);
      matcher_->process(id, e, out_);
      events_->put_down();
      out_.drain([&](const release& r) {
        matcher_->hand_out(r, [&](expr::history taken) {
          for (const auto& t : taken) found << (&t == &taken.front() ? "(" : " ") << t.event->sequence;
          found << ')';
        });
      });
    }
    return found.str();
  }

  [[nodiscard]] const matcher_counters& counted() const { return matcher_->counters(); }
  [[nodiscard]] bool met(bound which) const { return (counted().bounds_met >> static_cast<unsigned>(which) & 1) != 0; }

  std::shared_ptr<const automaton> compiled_;
  std::unique_ptr<held_events> events_;
  std::unique_ptr<shift_matcher<by_type>> matcher_;
  releases out_;
  std::int64_t now_ = 0;
};

TEST_F(shifted, holds_the_events_that_still_count_and_no_other) {
  begin(abc());
  EXPECT_EQ(feed(0, "a"), "");
  EXPECT_EQ(events_->size(), 1U);
  EXPECT_EQ(feed(0, "b"), "");
  EXPECT_EQ(events_->size(), 2U);
  EXPECT_EQ(feed(0, "c"), "(1 2 3)");
  EXPECT_EQ(events_->size(), 0U);
  EXPECT_EQ(feed(0, "ab"), "");
  EXPECT_EQ(feed(0, "a"), "");
  EXPECT_EQ(events_->size(), 1U) << "the last one begins anew";
  EXPECT_EQ(feed(1, "ab"), "") << "keys are apart";
  EXPECT_EQ(feed(0, "bc"), "(6 9 10)");
}

TEST_F(shifted, one_event_can_be_in_many_partial_matches) {
  begin(pattern_of({times(stage_of("a", link::next, a), 3, contiguity::relaxed)}));
  EXPECT_EQ(feed(0, "abaca"), "(1 3 5)");
  EXPECT_EQ(events_->size(), 2U);
  EXPECT_EQ(feed(0, "bba"), "(3 5 8)");
}

TEST_F(shifted, partial_matches_of_all_keys_meet_their_bound_exactly) {
  begin(abc(), {.runs = 2});
  feed(0, "a");
  feed(1, "a");
  EXPECT_EQ(counted().refused, 0U);
  feed(2, "a");
  EXPECT_EQ(counted().refused, 1U);
  EXPECT_TRUE(met(bound::runs));
  EXPECT_EQ(feed(2, "bc"), "");
  EXPECT_EQ(feed(0, "bc"), "(1 6 7)") << "those that there are go on";
  feed(2, "a");
  EXPECT_EQ(counted().refused, 1U) << "there is room again";
}

TEST_F(shifted, events_of_all_keys_meet_their_bound_exactly) {
  begin(abc(), {.steps = 3});
  feed(0, "ab");
  feed(1, "a");
  EXPECT_EQ(counted().refused, 0U);
  feed(2, "a");
  EXPECT_EQ(counted().refused, 1U);
  EXPECT_TRUE(met(bound::steps));
  EXPECT_EQ(feed(0, "c"), "(1 2 5)") << "a match needs no more room";
}

TEST_F(shifted, copies_of_events_meet_their_bound_exactly) {
  begin(abc(), {}, 2);
  feed(0, "ab");
  EXPECT_EQ(counted().refused, 0U);
  feed(1, "a");
  EXPECT_EQ(counted().refused, 1U);
  EXPECT_TRUE(met(bound::events));
  EXPECT_TRUE(matcher_->idle(1));
  EXPECT_EQ(feed(0, "c"), "(1 2 4)") << "the last event needs no copy";
  EXPECT_EQ(counted().refused, 1U);
  EXPECT_EQ(events_->size(), 0U);
  EXPECT_EQ(feed(1, "a"), "");
  EXPECT_EQ(counted().refused, 1U);
}

TEST_F(shifted, keys_that_are_done_are_named_once) {
  begin(abc());
  EXPECT_EQ(matcher_->next_idle(), null_handle);
  feed(3, "ab");
  feed(5, "a");
  EXPECT_FALSE(matcher_->idle(3));
  feed(3, "c");
  EXPECT_TRUE(matcher_->idle(3));
  EXPECT_EQ(matcher_->next_idle(), 3U);
  EXPECT_EQ(matcher_->next_idle(), null_handle);
  feed(5, "c");
  EXPECT_EQ(matcher_->next_idle(), 5U);
}

TEST_F(shifted, what_has_expired_goes_with_time_or_when_its_place_is_wanted) {
  pattern what = abc();
  what.within_ns = 10;
  begin(what);
  feed(0, "a");   // at 1
  feed(1, "ab");  // at 2 and 3
  EXPECT_FALSE(matcher_->has_only_expired(0, 10));
  EXPECT_TRUE(matcher_->has_only_expired(0, 11));
  EXPECT_EQ(events_->size(), 2U);
  now_ = 11;
  EXPECT_EQ(feed(1, "c"), "") << "ten nanoseconds are too many";
  EXPECT_EQ(events_->size(), 0U);
  feed(2, "a");
  matcher_->advance(now_ + 1'000, out_);
  EXPECT_EQ(events_->size(), 0U) << "by its timer";
  EXPECT_FALSE(matcher_->next_deadline().has_value());
}

TEST_F(shifted, a_key_that_gives_way_counts_what_it_loses) {
  begin(pattern_of({times(stage_of("a", link::next, a), 4, contiguity::relaxed)}));
  feed(0, "aaa");
  matcher_->drop_key(0, now_, out_);
  EXPECT_EQ(counted().dropped, 3U);
  EXPECT_TRUE(met(bound::keys));
  EXPECT_EQ(events_->size(), 0U);
  EXPECT_EQ(feed(0, "a"), "");
  matcher_->refuse_key(out_);
  EXPECT_EQ(counted().refused, 1U);
}

TEST_F(shifted, skip_strategies_leave_what_begins_behind_them) {
  const auto matches_of = [&](skip_strategy how, const std::string& to) {
    pattern what = pattern_of({times(stage_of("x", link::next, a), 2, contiguity::strict),
                               times(stage_of("y", link::next, a), 2, contiguity::strict)});
    what.skip = how;
    what.skip_to = to;
    now_ = 0;
    begin(what);
    return feed(0, "aaaaaaa");
  };
  EXPECT_EQ(matches_of(skip_strategy::none, ""), "(1 2 3 4)(2 3 4 5)(3 4 5 6)(4 5 6 7)");
  EXPECT_EQ(matches_of(skip_strategy::next, ""), "(1 2 3 4)(2 3 4 5)(3 4 5 6)(4 5 6 7)");
  EXPECT_EQ(matches_of(skip_strategy::past_last, ""), "(1 2 3 4)");
  EXPECT_EQ(matches_of(skip_strategy::to_last, "x"), "(1 2 3 4)(2 3 4 5)(3 4 5 6)(4 5 6 7)");
  EXPECT_EQ(matches_of(skip_strategy::to_first, "y"), "(1 2 3 4)(3 4 5 6)");
  EXPECT_EQ(matches_of(skip_strategy::to_last, "y"), "(1 2 3 4)(4 5 6 7)");
}

/// As `by_type`, and every evaluation of condition `c` counts as a fault.
struct faulty : by_type {
  std::uint64_t faults = 0;
  verdict test_event(condition_id id, const event_header& event) noexcept {
    faults += id == c ? 1U : 0U;
    return by_type::test_event(id, event);
  }
  std::uint64_t faulted() noexcept { return std::exchange(faults, 0); }
};

TEST(shift_matcher, what_is_over_asks_no_condition) {
  pattern what = abc();
  what.within_ns = 10;
  const auto compiled = std::make_shared<const automaton>(compile(what));
  const auto links = std::get<chain>(chain_of(*compiled, [](condition_id) { return false; }));
  held_events events(100, 0);
  shift_matcher<faulty> matcher(compiled, shift_chain_of(*compiled, links).value(), faulty{}, 0, {}, events);
  matcher.open(0);
  releases out;
  const auto feed = [&](event_type type, std::int64_t now) {
    event_header e;
    e.time_ns = now;
    e.type = type;
    matcher.begin_event();
    events.pick_up(e);
    matcher.process(0, e, out);
    events.put_down();
  };
  feed(a, 0);
  feed(b, 1);
  EXPECT_EQ(matcher.counters().faults, 0U);
  feed(b, 10);  // its timer is late
  EXPECT_EQ(matcher.counters().faults, 0U);
  EXPECT_TRUE(matcher.idle(0));
  EXPECT_EQ(matcher.next_idle(), 0U);
}

}  // namespace
}  // namespace millrace::cep
