// What an engine does where a bound on its state is met, and with keys that come and go.

#include "bounds_model.hpp"
#include "engine_recorder.hpp"

#include <gtest/gtest.h>
#include <fstream>
#include <random>
#include <string>
#include <utility>

namespace millrace::rules {
namespace {

constexpr const char* two_bad = "pattern p on Login by user within 10ns { a : not ok  then b : not ok }";

/// Both classes of matchers, for patterns that may have either.
constexpr cep::class_choice classes[]{cep::class_choice::fastest, cep::class_choice::runs_only};

template <class Set>
engine_limits with(Set&& set) {
  engine_limits limits = recorder::small();
  set(limits);
  return limits;
}

login letter(std::uint64_t number, std::uint32_t user, char which) {
  login made = make_login(number, static_cast<std::int64_t>(number), user);
  const char text[]{which, 0};
  made.ip = text;
  return made;
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
  const engine_limits bounded[]{with([](auto& l) { l.matcher.runs = 7; }), with([](auto& l) { l.matcher.steps = 7; }),
                                with([](auto& l) { l.matcher.partitions = 7; }), with([](auto& l) { l.events = 7; })};
  for (engine_limits limits : bounded) {
    for (const auto choice : classes) {
      limits.classes = choice;
      EXPECT_EQ(refused(7, limits), 0u);
      EXPECT_EQ(refused(8, limits), 1u);
      EXPECT_EQ(refused(20, limits), 13u);
    }
  }
}

/// Where a pattern begins with a count, partial matches in it and those behind it share the bounds of the shard.
TEST(engine_bounds, of_a_shard_are_named_so_behind_a_beginning) {
  const char* const text = "pattern p on Login by user { a{2} : not ok  then any b+ : ok  then c : ip == \"c\" }";
  const std::pair<engine_limits, cep::bound> bounded[]{{with([](auto& l) { l.matcher.runs = 9; }), cep::bound::runs},
                                                       {with([](auto& l) { l.matcher.steps = 9; }), cep::bound::steps}};
  for (auto [limits, met] : bounded) {
    for (const auto choice : classes) {
      limits.classes = choice;
      recorder r(text, limits);
      // Of one key partial matches take nearly all of the bound, of the other a beginning has what is left.
      for (std::uint32_t i = 0; i < 20; ++i) {
        r.process(make_login(2 * i, 1, 1, i > 1));
        r.process(make_login(2 * i + 1, 1, 2, i != 0));
      }
      EXPECT_GT(r.counters().refused, 0u);
      EXPECT_EQ(r.counters().bounds_met, 1U << static_cast<unsigned>(met));
    }
  }
}

TEST(engine_bounds, a_match_has_so_many_events_and_not_one_more) {
  engine_limits limits = recorder::small();
  limits.matcher.match_events = 3;
  const char* const three = "pattern p on Login { a{3} strict : not ok }";
  const char* const four = "pattern p on Login { a{4} strict : not ok }";
  for (const auto& [text, matches] : {std::pair{three, 1U}, {four, 0U}}) {
    for (const auto choice : classes) {
      limits.classes = choice;
      recorder r(text, limits);
      for (std::uint64_t i = 0; i < 3; ++i) r.process(make_login(i, 1, 1));
      if (matches == 0) r.process(make_login(3, 1, 1));
      EXPECT_EQ(r.under_test().counters().matches, matches);
      EXPECT_EQ(r.under_test().counters().refused, 1U - matches);
    }
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

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t pages = 0;
  file >> pages >> pages;
  return pages * 4'096;
}

TEST(engine_keys, a_million_that_live_short_go_through_a_thousand_numbers) {
  // A new key every nanosecond, each alive for a thousand: the directory is full, and every new key takes the number of
  // the one that has expired just now. The third pattern's keys are done with sooner.
  const std::string chain = "pattern p on Login by user within 1us { a : not ok  then b : ok }";
  const std::string runs = "pattern q on Login by user within 1us { a : not ok  then b : ok and user == a.user }";
  const std::string soon = "pattern r on Login by user { a : not ok  then b : ok  skip past last }";
  for (const std::string& text : {chain, runs, chain + runs, soon}) {
    for (const auto choice : classes) {
      engine_limits limits = recorder::small();
      limits.matcher.partitions = 1'000;
      limits.classes = choice;
      recorder r(text, limits);
      constexpr std::uint32_t keys = 1'000'000;
      std::uint64_t matches = 0;
      std::size_t early = 0;
      const auto send = [&](const login& e) {
        r.under_test().process(e.header, [&](const released_match&) { ++matches; });
      };
      for (std::uint32_t user = 0; user < keys; ++user) {
        send(make_login(2 * user, user, user));
        // The events behind it: keys that are half as old as they may become, every tenth; all of them where nothing
        // else ends them.
        if (user >= 500 && (user % 10 == 0 || text == soon)) send(make_login(2 * user + 1, user, user - 500, true));
        if (user == keys / 100) early = resident_bytes();
      }
      const std::uint64_t patterns = text == chain + runs ? 2 : 1;
      EXPECT_EQ(matches, patterns * (keys - 500) / (text == soon ? 1 : 10)) << text;
      EXPECT_EQ(r.counters().refused + r.counters().dropped, 0u) << text;
      EXPECT_LE(r.under_test().held_event_count(), 1'000u);
      EXPECT_LT(resident_bytes(), early + (1U << 20)) << text;
    }
  }
}

// --- policies -------------------------------------------------------------------------------------------

TEST(engine_bounds, the_oldest_of_the_key_gives_way) {
  const engine_limits limits = with([](auto& l) {
    l.matcher.runs_per_key = 2;
    l.matcher.when_full = cep::full_policy::drop_oldest;
  });
  recorder r("pattern p on Login by user { a : not ok  then b : ok }", limits);
  for (std::uint64_t i = 0; i < 3; ++i) r.process(make_login(i, 1, 1));
  r.process(make_login(3, 1, 2));
  EXPECT_EQ(r.process(make_login(4, 2, 1, true)), (lines{"p@2:1,4", "p@2:2,4"}));
  EXPECT_EQ(r.process(make_login(5, 2, 2, true)), lines{"p@2:3,5"});
  EXPECT_EQ(r.counters().dropped, 1u);
  EXPECT_EQ(r.counters().refused, 0u);
  EXPECT_TRUE(r.counters().met(cep::bound::runs_per_key));
}

TEST(engine_bounds, an_old_partial_match_of_the_shard_gives_way) {
  for (const auto& [limits, met] : {std::pair{with([](auto& l) { l.matcher.runs = 4; }), cep::bound::runs},
                                    {with([](auto& l) { l.matcher.steps = 4; }), cep::bound::steps},
                                    {with([](auto& l) { l.events = 4; }), cep::bound::events},
                                    {with([](auto& l) { l.matcher.partitions = 4; }), cep::bound::keys}}) {
    engine_limits dropping = limits;
    dropping.matcher.when_full = cep::full_policy::drop_oldest;
    recorder r("pattern p on Login by user { a : not ok  then b : user == 0 }", dropping);
    for (std::uint32_t i = 0; i < 20; ++i) r.process(make_login(i, i, i + 1));
    EXPECT_EQ(r.counters().dropped, 16u) << name_of(met);
    EXPECT_EQ(r.counters().refused, 0u) << name_of(met);
    EXPECT_TRUE(r.counters().met(met)) << name_of(met);
    EXPECT_EQ(r.under_test().held_event_count(), 4u) << name_of(met);
  }
}

TEST(engine_bounds, a_dead_letter_changes_nothing_in_its_pattern_and_all_in_others) {
  const engine_limits limits = with([](auto& l) {
    l.matcher.runs_per_key = 2;
    l.matcher.when_full = cep::full_policy::dead_letter;
  });
  recorder r("pattern p on Login by user { a : not ok  then b : ok } pattern q on Login by user { a : not ok }",
             limits);
  for (std::uint64_t i = 0; i < 2; ++i) EXPECT_EQ(r.process(make_login(i, 1, 1)).size(), 1u);
  EXPECT_EQ(r.process(make_login(2, 1, 1)), (lines{"q@1:2", "p dead 2: partial matches of a key"}));
  EXPECT_EQ(r.process(make_login(3, 2, 1, true)), (lines{"p@2:0,3", "p@2:1,3"}));
  EXPECT_EQ(r.process(make_login(4, 3, 1)), lines{"q@3:4"});
  EXPECT_EQ(r.counters().dead, 1u);
  EXPECT_EQ(r.counters().refused + r.counters().dropped, 0u);
}

TEST(engine_bounds, dead_letters_for_bounds_of_the_shard_name_them) {
  for (const auto& [limits, met] : {std::pair{with([](auto& l) { l.matcher.runs = 4; }), cep::bound::runs},
                                    {with([](auto& l) { l.matcher.steps = 4; }), cep::bound::steps},
                                    {with([](auto& l) { l.events = 4; }), cep::bound::events},
                                    {with([](auto& l) { l.matcher.partitions = 4; }), cep::bound::keys}}) {
    engine_limits dead = limits;
    dead.matcher.when_full = cep::full_policy::dead_letter;
    recorder r("pattern p on Login by user { a : not ok  then b : user == 0 }", dead);
    for (std::uint32_t i = 0; i < 4; ++i) EXPECT_EQ(r.process(make_login(i, i, i + 1)), lines{});
    EXPECT_EQ(r.process(make_login(4, 4, 5)), lines{"p dead 4: " + std::string(name_of(met))});
    EXPECT_EQ(r.counters().dead, 1u);
  }
}

TEST(engine_bounds, matches_beyond_the_number_that_one_event_may_complete_are_cut) {
  for (const auto choice : classes) {
    recorder r("pattern p on Login { a : ip == \"a\"  then any b : ip == \"b\"  then c : ip == \"c\" }",
               with([&](auto& l) {
                 l.matcher.matches_at_once = 10;
                 l.classes = choice;
               }));
    std::uint64_t number = 0;
    for (const char each : {'a', 'a', 'a', 'b', 'b', 'b'}) r.process(letter(number++, 1, each));
    // Nine matches, and then twelve.
    EXPECT_EQ(r.process(letter(number++, 1, 'c')).size(), 9u);
    EXPECT_EQ(r.counters().cut, 0u);
    for (const char each : {'a', 'a', 'a', 'b', 'b', 'b', 'b'}) r.process(letter(number++, 1, each));
    EXPECT_EQ(r.process(letter(number++, 1, 'c')).size(), 10u);
    EXPECT_GT(r.counters().cut, 0u);
    EXPECT_TRUE(r.counters().met(cep::bound::matches_at_once));
    EXPECT_EQ(r.counters().matches, 19u);
  }
}

// --- hostile patterns -----------------------------------------------------------------------------------

/// Some 33 million matches from 25 events.
constexpr const char* explosive =
    "pattern p on Login by user { a+ any : ip == \"a\"  then any b+ any : ip == \"b\"  then any c+ any : ip == \"c\" }";

std::string hostile_letters() { return std::string(8, 'a') + std::string(8, 'b') + std::string(9, 'c'); }

TEST(engine_hostile, a_million_matches_from_25_events_are_counted_when_there_is_room) {
  engine_limits limits;
  limits.matcher.partitions = 4;
  recorder r(explosive, limits);
  std::uint64_t number = 0;
  std::uint64_t lines_seen = 0;
  // (2^6 - 1) * (2^6 - 1) * (2^8 - 1) = 1,012,095.
  for (const char each : std::string(6, 'a') + std::string(6, 'b') + std::string(8, 'c'))
    r.under_test().process(letter(number++, 1, each).header, [&](const released_match&) { ++lines_seen; });
  EXPECT_EQ(lines_seen, 1'012'095u);
  EXPECT_EQ(r.counters().matches, lines_seen);
  EXPECT_EQ(r.counters().refused + r.counters().cut, 0u);
}

TEST(engine_bounds, matches_of_one_event_are_cut_only_where_there_are_more) {
  // Five events that fit a and b, then one for c: ten matches of four beginnings.
  for (const bool counts_only : {false, true}) {
    for (const std::uint32_t bound : {1U, 3U, 9U, 10U, 11U}) {
      engine_limits limits = recorder::small();
      limits.matcher.matches_at_once = bound;
      limits.counts_only = counts_only;
      recorder r("pattern p on Login by user { a : not ok  then any b : not ok  then c : ok }", limits);
      std::uint64_t found = 0;
      for (std::uint64_t i = 0; i < 6; ++i)
        r.under_test().process(make_login(i, static_cast<std::int64_t>(i), 1, i == 5).header,
                               [&](const released_match& m) { found += m.count; });
      EXPECT_EQ(found, std::min(bound, 10U)) << bound;
      EXPECT_EQ(r.counters().matches, found) << bound;
      EXPECT_EQ(r.counters().cut, bound < 10 ? 1U : 0U) << bound;
    }
  }
}

TEST(engine_bounds, matches_of_an_absence_are_cut_only_where_there_are_more) {
  // Four events that fit a and b, then none for 10 ns: three, two and one matches come at one time.
  for (const std::uint32_t bound : {1U, 3U, 5U, 6U, 7U}) {
    engine_limits limits = recorder::small();
    limits.matcher.matches_at_once = bound;
    recorder r("pattern p on Login by user within 10ns { a : not ok  then any b : not ok  not then c : ok }", limits);
    for (std::uint64_t i = 0; i < 4; ++i) r.process(make_login(i, 1, 1));
    const std::size_t found = r.pass_time(100).size();
    EXPECT_EQ(found, std::min(bound, 6U)) << bound;
    EXPECT_EQ(r.counters().cut, bound < 6 ? 1U : 0U) << bound;
  }
}

TEST(engine_hostile, loops_that_reach_one_match_in_many_ways_do_not_compare_each_with_each) {
  // Comparing took minutes.
  recorder r("pattern p on Login by user { ( a+ any  then any b+ any )+ any }", {});
  std::uint64_t lines_seen = 0;
  for (std::uint64_t i = 0; i < 12; ++i)
    r.under_test().process(make_login(i, static_cast<std::int64_t>(i), 1).header,
                           [&](const released_match&) { ++lines_seen; });
  // Of k of the twelve events, the first is an a, the last is a b, and the others are either: the sum of
  // C(12, k) * 2^(k - 2) from k = 2 on.
  EXPECT_EQ(lines_seen, 132'854u);
  EXPECT_EQ(r.counters().refused + r.counters().cut, 0u);
}

TEST(engine_hostile, each_policy_meets_each_bound_in_time_and_memory_that_are_bounded) {
  for (const auto policy : {cep::full_policy::refuse, cep::full_policy::drop_oldest, cep::full_policy::dead_letter}) {
    for (const auto met : {cep::bound::runs_per_key, cep::bound::runs, cep::bound::steps_per_key, cep::bound::steps,
                           cep::bound::events, cep::bound::match_events, cep::bound::matches_at_once}) {
      engine_limits limits;
      limits.matcher = {1U << 16, 1U << 16, 4, 64};
      limits.events = 128;
      limits.matcher.matches_at_once = 1U << 12;
      limits.matcher.when_full = policy;
      if (met == cep::bound::runs_per_key) limits.matcher.runs_per_key = 1'000;
      if (met == cep::bound::runs) limits.matcher.runs = 1'000;
      if (met == cep::bound::steps_per_key) limits.matcher.steps_per_key = 1'000;
      if (met == cep::bound::steps) limits.matcher.steps = 1'000;
      if (met == cep::bound::events) limits.events = 5;
      if (met == cep::bound::match_events) limits.matcher.match_events = 4;
      if (met == cep::bound::matches_at_once) limits.matcher.matches_at_once = 100;
      recorder r(explosive, limits);
      std::uint64_t number = 0;
      std::uint64_t most_at_once = 0;
      for (int rounds = 0; rounds < 4; ++rounds) {
        for (const char each : hostile_letters()) {
          std::uint64_t at_once = 0;
          r.under_test().process(letter(number++, 1, each).header, [&](const released_match&) { ++at_once; });
          most_at_once = std::max(most_at_once, at_once);
          ASSERT_LE(r.under_test().held_event_count(), limits.events);
        }
      }
      const std::string which = std::string(name_of(policy)) + ", " + std::string(name_of(met));
      const engine_counters of = r.counters();
      EXPECT_TRUE(of.met(met)) << which;
      EXPECT_LE(most_at_once, limits.matcher.matches_at_once) << which;
      if (policy == cep::full_policy::dead_letter) {
        EXPECT_GT(of.dead, 0u) << which;
        EXPECT_EQ(of.refused + of.dropped + of.cut, 0u) << which;
      } else if (met == cep::bound::matches_at_once) {
        EXPECT_GT(of.cut, 0u) << which;
      } else if (policy == cep::full_policy::drop_oldest && met != cep::bound::match_events) {
        EXPECT_GT(of.dropped, 0u) << which;
      } else {
        EXPECT_GT(of.refused, 0u) << which;
      }
      // Another key is as well off as ever, but for what the shard shares.
      if (met == cep::bound::runs_per_key || met == cep::bound::steps_per_key) {
        lines made;
        for (const char each : {'a', 'b', 'c'}) made = r.process(letter(number++, 2, each));
        EXPECT_EQ(made.size(), 1u) << which;
      }
    }
  }
}

// --- against the slow model -----------------------------------------------------------------------------

TEST(engine_bounds, policies_do_what_a_slow_model_does) {
  const char* const patterns[]{
      "{ a : ip == \"a\"  then any b : ip == \"b\"  then c : ip == \"c\" }",
      "{ a : ip == \"a\"  then b{2} any : ip == \"b\"  then any c : ip != \"a\" }",
      "{ a+ any : ip == \"a\"  then any b+ any : ip == \"b\"  then any c+ any : ip == \"c\" }",
      "{ a : ip == \"a\"  not then n : ip == \"c\"  then any b+ : ip == \"b\" }",
      "{ a{1,3} : ip != \"c\"  next b? : ip == \"b\"  then any c : ip == \"c\" }",
  };
  std::mt19937 random(11);
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  std::uint64_t refused = 0;
  std::uint64_t dropped = 0;
  std::uint64_t dead = 0;
  std::uint64_t cut = 0;
  std::uint64_t released = 0;
  for (unsigned trial = 0; trial < 600; ++trial) {
    const std::string text = std::string("pattern p on Login by user ") + (trial % 2 == 0 ? "within 12ns " : "") +
                             patterns[trial % std::size(patterns)];
    engine_limits limits = recorder::small();
    limits.matcher.when_full = static_cast<cep::full_policy>(trial / 2 % 3);
    // Far more of the shard than two keys may have.
    limits.matcher.runs = limits.matcher.steps = 1U << 14;
    const unsigned bounded = below(4);
    if (bounded != 1) limits.matcher.runs_per_key = 1 + below(20);
    if (bounded != 0) limits.matcher.steps_per_key = 1 + below(30);
    if (bounded == 3) limits.matcher.matches_at_once = 1 + below(6);
    if (bounded == 2) limits.matcher.match_events = 1 + below(8);
    recorder r(text, limits);
    bounds_model model(r.rules().patterns.front(), limits.matcher);
    for (std::uint64_t i = 0; i < 40; ++i) {
      const auto user = below(2);
      const login e = letter(i, user, "abc"[below(3)]);
      const lines expected = model.process(user, e.header);
      ASSERT_EQ(r.process(e), expected) << text << ", trial " << trial << ", event " << i;
      released += expected.size();
    }
    const engine_counters of = r.counters();
    ASSERT_EQ(of.refused, model.refused) << text << ", trial " << trial;
    ASSERT_EQ(of.dropped, model.dropped) << text << ", trial " << trial;
    ASSERT_EQ(of.dead, model.dead) << text << ", trial " << trial;
    ASSERT_EQ(of.cut, model.cut) << text << ", trial " << trial;
    if (limits.matcher.runs_per_key != 0) {
      ASSERT_LE(model.runs_most, limits.matcher.runs_per_key);
    }
    if (limits.matcher.steps_per_key != 0) {
      ASSERT_LE(model.steps_most, limits.matcher.steps_per_key);
    }
    refused += of.refused;
    dropped += of.dropped;
    dead += of.dead;
    cut += of.cut;
  }
  EXPECT_GT(std::min({refused, dropped, dead, cut, released}), 100u);
}

TEST(engine_bounds, keys_whose_partial_matches_are_over_give_way_though_their_timers_are_late) {
  engine_limits limits = recorder::small();
  limits.matcher.partitions = 16;  // two keys at a time may have a late timer
  recorder r("pattern p on Login by user within 10ns { a : not ok  then b : ok and ip == a.ip }", limits);
  std::uint64_t number = 0;
  for (std::int64_t now = 0; now < 100; now += 10)
    for (std::uint32_t key = 0; key < 16; ++key) {
      r.process(make_login(number, now, static_cast<std::uint32_t>(now) * 100 + key));
      ++number;
    }
  EXPECT_EQ(r.counters().refused, 0u);
  EXPECT_EQ(r.process(make_login(number, 99, 9'003, true)), (lines{"p@99:147,160"})) << "theirs were not";
}

}  // namespace
}  // namespace millrace::rules
