#include "rules_text.hpp"

#include <millrace/rules/engine.hpp>

#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <sstream>

namespace millrace::rules {
namespace {

/// Runs events through an engine and writes down what it releases: "rule@at:0,1,2", a timeout with "!".
class recorder {
 public:
  explicit recorder(const std::string& text, const engine_limits& limits = small())
      : rules_(compiled(login_event + text)), engine_(rules_, limits) {}

  static engine_limits small() {
    engine_limits limits;
    limits.matcher = {4'096, 8'192, 1'024, 64};
    limits.events = 4'096;
    return limits;
  }

  std::vector<std::string> process(const login& e) {
    return collected([&](const auto& hand_on) { engine_.process(e.header, hand_on); });
  }
  std::vector<std::string> finish() {
    return collected([&](const auto& hand_on) { engine_.finish(hand_on); });
  }
  std::vector<std::string> pass_time(std::int64_t ns) {
    login mark = make_login(0, ns, 0);
    mark.header.type = time_mark;
    return process(mark);
  }

  engine& under_test() { return engine_; }

 private:
  template <class F>
  static std::vector<std::string> collected(F&& run) {
    std::vector<std::string> lines;
    run([&](const released_match& m) {
      std::ostringstream line;
      line << m.rule->name << '@' << m.at_ns << (m.timeout ? "!" : "");
      for (const auto& taken : m.taken) line << (&taken == m.taken.data() ? ':' : ',') << taken.event->id.low;
      lines.push_back(line.str());
    });
    return lines;
  }

  std::shared_ptr<const program> rules_;
  engine engine_;
};

using lines = std::vector<std::string>;
constexpr const char* two_bad = "pattern p on Login by user within 10ns { a : not ok  then b : not ok }";

TEST(engine, matches_within_a_key) {
  recorder r(two_bad);
  EXPECT_EQ(r.process(make_login(0, 1, 1)), lines{});
  EXPECT_EQ(r.process(make_login(1, 2, 2)), lines{});
  EXPECT_EQ(r.process(make_login(2, 3, 1)), lines{"p@3:0,2"});
  EXPECT_EQ(r.process(make_login(3, 11, 1)), lines{"p@11:2,3"});
  EXPECT_EQ(r.under_test().counters().matches, 2u);
  EXPECT_EQ(r.under_test().counters().processed, 4u);
}

TEST(engine, counts_an_event_only_where_its_route_says_so) {
  recorder r(two_bad);
  login e = make_login(0, 1, 1);
  e.header.route = 1;
  r.process(e);
  EXPECT_EQ(r.under_test().counters().processed, 0u);
  r.pass_time(5);
  EXPECT_EQ(r.under_test().counters().processed, 0u);
}

TEST(engine, time_alone_releases_absences_and_timeouts) {
  recorder absent("pattern p on Login by user within 10ns { a : not ok  not then b : ok }");
  absent.process(make_login(0, 1, 1));
  absent.process(make_login(1, 2, 2));
  EXPECT_EQ(absent.pass_time(10), lines{});
  EXPECT_EQ(absent.pass_time(11), lines{"p@11:0"});
  EXPECT_EQ(absent.finish(), lines{"p@12:1"});
  recorder late(std::string("pattern p on Login by user within 10ns { a : not ok  then b : ok  on timeout }"));
  late.process(make_login(0, 1, 1));
  EXPECT_EQ(late.process(make_login(1, 11, 2, true)), lines{"p@11!:0"});
  EXPECT_EQ(late.under_test().counters().timeouts, 1u);
}

TEST(engine, the_final_watermark_goes_from_deadline_to_deadline) {
  recorder r("pattern p on Login by user within 10ns { a : not ok  not then b : ok }");
  for (std::uint64_t i = 0; i < 5; ++i)
    r.process(make_login(i, static_cast<std::int64_t>(i), static_cast<std::uint32_t>(9 - i)));
  EXPECT_EQ(r.finish(), (lines{"p@10:0", "p@11:1", "p@12:2", "p@13:3", "p@14:4"}));
  EXPECT_EQ(r.finish(), lines{});
}

TEST(engine, a_deadline_beyond_time_is_none) {
  recorder r("pattern p on Login by user within 10ns { a : not ok  not then b : ok }");
  r.process(make_login(0, std::numeric_limits<std::int64_t>::max() - 3, 1));
  EXPECT_EQ(r.finish(), lines{});
}

TEST(engine, releases_over_all_keys_by_first_event) {
  recorder r("pattern p on Login within 5ns { a  not then b : ok }");
  for (std::uint64_t i = 0; i < 3; ++i) r.process(make_login(i, 1, 1));
  EXPECT_EQ(r.pass_time(6), (lines{"p@6:0", "p@6:1", "p@6:2"}));
}

TEST(engine, holds_no_event_when_all_is_over) {
  for (const char* const text :
       {two_bad,
        "pattern p on Login by user within 10ns { a{1,3} any : not ok  then any b+ : ok  skip past last  on timeout }",
        "pattern p on Login within 20ns { (a : not ok then b : ok)+ then c : user == 1 } pattern q on Login by ip "
        "within 5ns { a not then b : ok }"}) {
    recorder r(text);
    std::mt19937 random(3);
    std::uint32_t most = 0;
    for (std::uint64_t i = 0; i < 500; ++i) {
      r.process(
          make_login(i, static_cast<std::int64_t>(i), static_cast<std::uint32_t>(random() % 5), random() % 3 == 0));
      most = std::max(most, r.under_test().held_event_count());
    }
    EXPECT_GT(most, 2u) << text;
    r.finish();
    EXPECT_EQ(r.under_test().held_event_count(), 0u) << text;
    EXPECT_EQ(r.under_test().counters().refused, 0u) << text;
  }
}

TEST(engine, holds_an_event_once_however_many_matches_hold_it) {
  recorder r(std::string(two_bad) + " pattern q on Login { a : not ok then any b : not ok then c : not ok and ok }");
  r.process(make_login(0, 1, 1));
  EXPECT_EQ(r.under_test().held_event_count(), 1u);
  r.process(make_login(1, 1, 1));
  r.process(make_login(2, 1, 1, true));
  EXPECT_EQ(r.under_test().held_event_count(), 2u);
}

// --- bounds ---------------------------------------------------------------------------------------------

/// Partial matches that `starts` events begin and none ends, under one bound; how many were refused.
std::uint64_t refused(std::uint32_t starts, const engine_limits& limits,
                      const char* text = "pattern p on Login by user { a : not ok  then b : ok }") {
  recorder r(text, limits);
  for (std::uint32_t i = 0; i < starts; ++i) r.process(make_login(i, 1, i));
  return r.under_test().counters().refused;
}

TEST(engine_bounds, are_met_exactly_and_refuse_one_more) {
  const auto with = [](auto&& set) {
    engine_limits limits = recorder::small();
    set(limits);
    return limits;
  };
  const engine_limits bounded[]{with([](auto& l) { l.matcher.runs = 7; }), with([](auto& l) { l.matcher.steps = 7; }),
                                with([](auto& l) { l.matcher.partitions = 7; }), with([](auto& l) { l.events = 7; })};
  for (const engine_limits& limits : bounded) {
    EXPECT_EQ(refused(7, limits), 0u);
    EXPECT_EQ(refused(8, limits), 1u);
    EXPECT_EQ(refused(20, limits), 13u);
  }
}

TEST(engine_bounds, a_match_has_so_many_events_and_not_one_more) {
  engine_limits limits = recorder::small();
  limits.matcher.match_events = 3;
  const char* const three = "pattern p on Login { a{3} strict : not ok }";
  const char* const four = "pattern p on Login { a{4} strict : not ok }";
  for (const auto& [text, matches] : {std::pair{three, 1U}, {four, 0U}}) {
    recorder r(text, limits);
    for (std::uint64_t i = 0; i < 3; ++i) r.process(make_login(i, 1, 1));
    if (matches == 0) r.process(make_login(3, 1, 1));
    EXPECT_EQ(r.under_test().counters().matches, matches);
    EXPECT_EQ(r.under_test().counters().refused, 1U - matches);
  }
}

TEST(engine_bounds, what_is_refused_leaves_nothing_behind) {
  engine_limits limits = recorder::small();
  limits.matcher.runs = 5;
  limits.events = 4;
  recorder r("pattern p on Login by user within 10ns { a+ any : not ok  then b : ok  on timeout }", limits);
  for (std::uint64_t i = 0; i < 200; ++i)
    r.process(make_login(i, static_cast<std::int64_t>(i), static_cast<std::uint32_t>(i % 3), i % 5 == 0));
  EXPECT_GT(r.under_test().counters().refused, 0u);
  r.finish();
  EXPECT_EQ(r.under_test().held_event_count(), 0u);
  r.process(make_login(200, 300, 1));
  EXPECT_EQ(r.process(make_login(201, 301, 1, true)), lines{"p@301:200,201"});
}

// --- keys that give way ---------------------------------------------------------------------------------

TEST(engine_keys, idle_ones_give_way_and_others_never) {
  // Few keys at a time, many over time: a directory of 4 must answer as one without bounds.
  engine_limits tight = recorder::small();
  tight.matcher.partitions = 4;
  for (const char* const text : {two_bad,
                                 "pattern p on Login by user within 10ns { a{2} : not ok then b : ok  skip past last  "
                                 "on timeout } pattern q on Login by user within 6ns { a "
                                 ": ok  not then b }"}) {
    recorder few(text, tight);
    recorder many(text);
    std::mt19937 random(4);
    std::uint32_t user = 0;
    std::uint64_t released = 0;
    for (std::uint64_t i = 0; i < 5'000; ++i) {
      // Within a window of ten events two new users appear at most, so four have partial matches.
      if (i % 6 == 0) ++user;
      const login e = make_login(i, static_cast<std::int64_t>(i), user - static_cast<std::uint32_t>(random() % 2),
                                 random() % 3 == 0);
      const lines expected = many.process(e);
      ASSERT_EQ(few.process(e), expected) << text << " event " << i;
      released += expected.size();
    }
    EXPECT_EQ(few.finish(), many.finish());
    EXPECT_EQ(few.under_test().counters().refused, 0u) << text;
    EXPECT_GT(released, 100u);
  }
}

TEST(engine_keys, a_key_with_a_partial_match_is_kept_and_the_new_one_refused) {
  engine_limits tight = recorder::small();
  tight.matcher.partitions = 2;
  recorder r("pattern p on Login by user { a : not ok  then b : ok }", tight);
  r.process(make_login(0, 1, 1));
  r.process(make_login(1, 1, 2));
  r.process(make_login(2, 1, 3));
  EXPECT_EQ(r.under_test().counters().refused, 1u);
  EXPECT_EQ(r.process(make_login(3, 2, 1, true)), lines{"p@2:0,3"});
  r.process(make_login(4, 3, 3));
  EXPECT_EQ(r.process(make_login(5, 4, 3, true)), lines{"p@4:4,5"});
  EXPECT_EQ(r.process(make_login(6, 4, 2, true)), lines{"p@4:1,6"});
}

TEST(engine_keys, an_event_that_begins_nothing_takes_no_key) {
  engine_limits tight = recorder::small();
  tight.matcher.partitions = 1;
  recorder r("pattern p on Login by user { a : not ok  then b : ok }", tight);
  for (std::uint32_t user = 0; user < 10; ++user) r.process(make_login(user, 1, user, true));
  r.process(make_login(10, 1, 99));
  EXPECT_EQ(r.under_test().counters().refused, 0u);
}

TEST(engine, counts_conditions_that_fault) {
  recorder r("pattern p on Login { a : not ok  then b : user % (user - 7) == 0 }");
  r.process(make_login(0, 1, 1));
  r.process(make_login(1, 1, 7));
  EXPECT_GE(r.under_test().counters().faults, 1u);
}

}  // namespace
}  // namespace millrace::rules
