#include "engine_recorder.hpp"

#include <gtest/gtest.h>
#include <limits>
#include <random>

namespace millrace::rules {
namespace {

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

TEST(engine, counts_conditions_that_fault) {
  recorder r("pattern p on Login { a : not ok  then b : user % (user - 7) == 0 }");
  r.process(make_login(0, 1, 1));
  r.process(make_login(1, 1, 7));
  EXPECT_GE(r.under_test().counters().faults, 1u);
}

}  // namespace
}  // namespace millrace::rules
