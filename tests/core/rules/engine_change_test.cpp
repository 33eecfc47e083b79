#include "rules_text.hpp"

#include <millrace/rules/engine.hpp>

#include <gtest/gtest.h>
#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <sstream>
#include <tuple>

namespace millrace::rules {
namespace {

engine_limits roomy() {
  engine_limits limits;
  limits.matcher.runs = 1U << 16;
  limits.matcher.steps = 1U << 16;
  limits.matcher.partitions = 1'024;
  limits.matcher.match_events = 64;
  limits.events = 1U << 16;
  return limits;
}

/// What a release says, and where it stands among those of one event.
struct line {
  std::int64_t release_ns;
  std::uint32_t phase;
  std::uint64_t first;
  std::uint32_t rule;
  std::string text;
};

line line_of(const released_match& m) {
  std::ostringstream text;
  text << m.rule->name << '@' << m.at_ns << (m.timeout ? "!" : "");
  for (const auto& taken : m.taken) text << (&taken == m.taken.data() ? ':' : ',') << taken.event->id.low;
  return {m.release_ns, m.phase, m.taken.front().event->id.low, m.rule_index, text.str()};
}

std::vector<std::string> texts(const std::vector<line>& lines) {
  std::vector<std::string> made;
  for (const line& each : lines) made.push_back(each.text);
  return made;
}

/// An engine with the router in front of it.
class routed_engine {
 public:
  explicit routed_engine(std::shared_ptr<const program> rules)
      : rules_(first_revision(std::move(rules))), router_(rules_, 1), engine_(rules_, roomy()) {}

  void change(const rules_change& wanted) {
    rules_ = next_revision(*rules_, wanted);
    router_ = router(rules_, 1);
    engine_.change(rules_);
  }

  std::vector<line> process(login event) {
    if (event.header.type != time_mark) event.header.route = router_.route(event.header)[0];
    std::vector<line> made;
    engine_.process(event.header, [&](const released_match& m) { made.push_back(line_of(m)); });
    return made;
  }
  std::vector<line> finish() {
    std::vector<line> made;
    engine_.finish([&](const released_match& m) { made.push_back(line_of(m)); });
    return made;
  }

  [[nodiscard]] const revision& rules() const { return *rules_; }
  [[nodiscard]] engine& under_test() { return engine_; }

 private:
  std::shared_ptr<const revision> rules_;
  router router_;
  engine engine_;
};

/// Bodies of patterns, which names take on and put off; every part of the matcher is in one of them.
const std::vector<std::string> bodies{
    "on Login by user within 30ns { a : not ok  then b : ok }",
    "on Login by user within 40ns { a : not ok  not then b : ok }",
    "on Login by ip within 25ns { a : ok  then any b : not ok  then c : ok  skip next }",
    "on Login { a : not ok  next b : not ok  next c : ok }",
    "on Login by user, ip within 60ns { a{2} any : ok  then b : user == a.user  skip past last  on timeout }",
    "on Login by ip within 50ns { (a : ok next b : not ok)+ then c : ok and count(a) > 1 }",
    "on Login within 12ns { a : user == 3  then b : user == 4 and ip == a.ip  on timeout }",
};

class random_changes : public testing::TestWithParam<std::tuple<int, const char*>> {
 protected:
  int seed() const { return std::get<0>(GetParam()); }
  bool marks() const { return *std::get<1>(GetParam()) != '\0'; }
  std::string head() const { return login_event + std::string(std::get<1>(GetParam())); }

  std::shared_ptr<const program> of(const std::string& name, std::size_t body) const {
    return compiled(head() + "pattern " + name + " " + bodies[body]);
  }

  login event(std::uint64_t number) {
    now_ns_ += static_cast<std::int64_t>(random_() % 3) * static_cast<std::int64_t>(random_() % 5);
    login made = make_login(number, now_ns_, static_cast<std::uint32_t>(random_() % 6), random_() % 2 == 0);
    EXPECT_TRUE(made.ip.try_assign(std::string(1, static_cast<char>('a' + random_() % 4))));
    return made;
  }

  std::mt19937 random_{static_cast<unsigned>(seed())};
  std::int64_t now_ns_ = 100;
};

/// The slow reading: each version of each pattern runs in an engine of its own, from the change that brings it to the
/// one that ends it, and sees every event in between.
class lives {
 public:
  void begin(const std::string& name, std::uint32_t number, std::shared_ptr<const program> rules) {
    living_.insert_or_assign(number, life{name, std::make_unique<routed_engine>(std::move(rules))});
  }
  void end(std::uint32_t number) { living_.erase(number); }

  template <class F>
  std::vector<line> each(F&& step) {
    std::vector<line> all;
    for (auto& [number, one] : living_)
      for (line& made : step(*one.engine)) {
        made.rule = number;
        all.push_back(std::move(made));
      }
    std::ranges::stable_sort(all, {}, [](const line& l) { return std::tuple(l.release_ns, l.phase, l.first, l.rule); });
    return all;
  }

 private:
  struct life {
    std::string name;
    std::unique_ptr<routed_engine> engine;
  };
  std::map<std::uint32_t, life> living_;
};

TEST_P(random_changes, answer_as_an_engine_a_pattern_from_its_change_on) {
  constexpr std::uint64_t event_count = 1'500;
  routed_engine changing(compiled(head()));
  lives expected;
  const std::vector<std::string> names{"p", "q", "r", "s", "t"};
  std::size_t lines = 0;
  std::size_t changes = 0;
  for (std::uint64_t i = 0; i < event_count; ++i) {
    if (i == 0 || random_() % 40 == 0) {
      rules_change wanted;
      std::string text = head();
      std::map<std::string, std::shared_ptr<const program>> coming;
      for (const std::string& name : names) {
        if (random_() % 3 != 0) continue;
        if (changing.rules().find(name) != nullptr && random_() % 3 == 0) {
          wanted.remove.push_back(name);
          continue;
        }
        const std::size_t body = random_() % bodies.size();
        coming[name] = of(name, body);
        wanted.put.push_back(name);
        text += "pattern " + name + " " + bodies[body] + "\n";
      }
      wanted.from = compiled(text);
      changing.change(wanted);
      ++changes;
      const auto number_of = [&](const std::string& name) {
        const auto& known = changing.rules().names;
        return static_cast<std::uint32_t>(std::ranges::find(known, name) - known.begin());
      };
      for (const std::string& name : wanted.remove) expected.end(number_of(name));
      for (const auto& [name, rules] : coming) expected.begin(name, number_of(name), rules);
    }
    login next = event(i);
    const auto both = [&](const login& given) {
      const auto found = changing.process(given);
      lines += found.size();
      ASSERT_EQ(texts(found), texts(expected.each([&](routed_engine& e) { return e.process(given); })))
          << "event " << i << " after " << changes << " changes";
    };
    both(next);
    if (marks()) {
      next.header.type = time_mark;
      both(next);
    }
  }
  EXPECT_EQ(texts(changing.finish()), texts(expected.each([](routed_engine& e) { return e.finish(); })));
  EXPECT_GT(lines, 300U);
  EXPECT_GT(changes, 20U);
  rules_change all{nullptr, {}, {}};
  for (const rule_in_force& each : changing.rules().rules) all.remove.push_back(each.rule->name);
  changing.change(all);
  changing.finish();
  EXPECT_EQ(changing.under_test().held_event_count(), 0U);
  EXPECT_EQ(changing.under_test().counters().refused, 0U);
  EXPECT_GE(changing.under_test().counters().matches + changing.under_test().counters().timeouts, lines);
}

INSTANTIATE_TEST_SUITE_P(engine_change, random_changes,
                         testing::Combine(testing::Range(1, 21), testing::Values("", "time watermarks\n")));

// --- what goes, and what stays --------------------------------------------------------------------------

constexpr const char* waits = "pattern p on Login by user { a : not ok  then b : ok }";

rules_change removed(const std::string& name) { return {nullptr, {}, {name}}; }

TEST(engine_change, what_a_removed_pattern_held_is_given_back_with_the_events_to_come) {
  routed_engine engine(compiled(login_event + std::string(waits)));
  constexpr std::uint32_t keys = 500;
  for (std::uint32_t i = 0; i < keys; ++i) engine.process(make_login(i, 1, i));
  EXPECT_EQ(engine.under_test().held_event_count(), keys);
  engine.change(removed("p"));
  EXPECT_EQ(engine.under_test().held_event_count(), keys);
  for (std::uint64_t i = 0; i < keys && engine.under_test().held_event_count() != 0; ++i) {
    const std::uint32_t before = engine.under_test().held_event_count();
    engine.process(make_login(keys + i, 2, 1));
    EXPECT_LE(before - engine.under_test().held_event_count(), 8U);
  }
  EXPECT_EQ(engine.under_test().held_event_count(), 0U);
}

TEST(engine_change, one_key_with_many_partial_matches_is_given_back_bit_by_bit_too) {
  routed_engine engine(compiled(login_event + std::string(waits)));
  for (std::uint32_t i = 0; i < 200; ++i) engine.process(make_login(i, 1, 7));
  engine.change(removed("p"));
  std::uint64_t number = 200;
  for (std::uint32_t held = 200; held != 0; held = engine.under_test().held_event_count()) {
    engine.process(make_login(number++, 2, 1));
    ASSERT_LE(held - engine.under_test().held_event_count(), 8U);
    ASSERT_LT(number, 400U);
  }
}

TEST(engine_change, a_change_has_settled_when_nothing_is_left) {
  const auto rules = first_revision(compiled(login_event + std::string(waits)));
  engine under_test(rules, roomy());
  const auto ignore = [](const released_match&) {};
  for (std::uint32_t i = 0; i < 40; ++i) under_test.process(make_login(i, 1, i).header, ignore);
  const auto change = under_test.prepare(next_revision(*rules, removed("p")));
  EXPECT_FALSE(change->settled());
  under_test.apply(*change);
  under_test.process(make_login(40, 1, 1).header, ignore);
  EXPECT_FALSE(change->settled());
  for (std::uint32_t i = 41; i < 60; ++i) under_test.process(make_login(i, 1, i).header, ignore);
  EXPECT_TRUE(change->settled());
  EXPECT_EQ(under_test.held_event_count(), 0U);
}

TEST(engine_change, what_came_late_goes_without_a_look_at_every_key_that_may_be) {
  engine_limits limits = roomy();
  limits.matcher.partitions = 1U << 16;
  const auto first = first_revision(compiled(login_event + std::string(waits)));
  engine under_test(first, limits);
  const auto ignore = [](const released_match&) {};
  for (std::uint32_t i = 0; i < 200; ++i) under_test.process(make_login(i, 1, i, i % 2 == 0).header, ignore);
  const auto joined = next_revision(
      *first, put_all(compiled(login_event + std::string("pattern q on Login by user { c : ok  then d : not ok }"))));
  under_test.change(joined);
  for (std::uint32_t i = 0; i < 20; ++i) under_test.process(make_login(200 + i, 2, 2 * i, true).header, ignore);
  EXPECT_EQ(under_test.held_event_count(), 120U);
  const auto change = under_test.prepare(next_revision(*joined, removed("q")));
  under_test.apply(*change);
  std::uint32_t events = 0;
  for (; !change->settled(); ++events) under_test.process(make_login(220 + events, 3, 1).header, ignore);
  EXPECT_LT(events, 200U);
  EXPECT_EQ(under_test.held_event_count(), 100U + events);
}

TEST(engine_change, a_key_group_that_goes_and_comes_again_knows_no_keys) {
  routed_engine engine(compiled(login_event + std::string(waits)));
  engine.process(make_login(0, 1, 7));
  engine.change(removed("p"));
  engine.change(put_all(compiled(login_event + std::string("pattern q on Login by ip { a : ok then b : ok }"))));
  engine.change(put_all(compiled(login_event + std::string(waits))));
  EXPECT_TRUE(engine.process(make_login(1, 2, 7, true)).empty());
  engine.process(make_login(2, 3, 7));
  EXPECT_EQ(texts(engine.process(make_login(3, 4, 7, true))), (std::vector<std::string>{"q@4:1,3", "p@4:2,3"}));
}

TEST(engine_change, keys_give_way_only_when_no_pattern_old_or_new_holds_them) {
  engine_limits limits = roomy();
  limits.matcher.partitions = 4;
  const auto first = first_revision(compiled(login_event + std::string(waits)));
  engine under_test(first, limits);
  const auto ignore = [](const released_match&) {};
  std::uint64_t matches = 0;
  for (std::uint32_t user = 0; user < 4; ++user) under_test.process(make_login(user, 1, user).header, ignore);
  // The new pattern joins four keys; the old one lets go of two of them, which then hold nothing at all.
  under_test.change(next_revision(
      *first, put_all(compiled(login_event + std::string("pattern q on Login by user { c : ok  then d : not ok }")))));
  for (std::uint32_t user = 0; user < 2; ++user) under_test.process(make_login(4 + user, 2, user, true).header, ignore);
  for (std::uint32_t user = 0; user < 2; ++user) under_test.process(make_login(6 + user, 3, user).header, ignore);
  for (std::uint32_t user = 0; user < 2; ++user)
    under_test.process(make_login(8 + user, 4, user, true).header, [&](const released_match&) { ++matches; });
  EXPECT_EQ(matches, 2U);
  EXPECT_EQ(under_test.counters().refused, 0U);
  under_test.process(make_login(10, 5, 50).header, ignore);
  EXPECT_EQ(under_test.counters().refused, 1U);
}

TEST(engine_change, counters_go_on_over_versions) {
  routed_engine engine(compiled(login_event + std::string("pattern p on Login { a : ok }")));
  engine.process(make_login(0, 1, 1, true));
  engine.change(put_all(compiled(login_event + std::string("pattern p on Login { a : not ok }"))));
  engine.process(make_login(1, 1, 1));
  EXPECT_EQ(engine.under_test().counters().matches, 2U);
  EXPECT_EQ(engine.under_test().counters_of(0).matches, 1U);
  engine.change(removed("p"));
  EXPECT_TRUE(engine.process(make_login(2, 1, 1)).empty());
  EXPECT_EQ(engine.under_test().counters().matches, 2U);
  EXPECT_EQ(engine.under_test().counters().processed, 3U);
}

}  // namespace
}  // namespace millrace::rules
