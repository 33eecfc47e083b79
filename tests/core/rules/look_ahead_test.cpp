// An engine that is shown events ahead of their turn gives what one gives that is not.
#include "rules_text.hpp"

#include <millrace/rules/engine.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace millrace::rules {
namespace {

/// More keys than the engine looks ahead for, so that numbers go from key to key when there are `partitions`.
std::vector<login> many_keys(std::uint64_t count) {
  std::mt19937 random(11);
  std::vector<login> made;
  std::int64_t now = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    now += static_cast<std::int64_t>(random() % 3);
    const auto user = static_cast<std::uint32_t>(random() % 9'000);
    const bool ok = random() % 2 == 0;
    made.push_back(make_login(i, now, user, ok));
    const char letter[2]{static_cast<char>('a' + random() % 4), '\0'};
    static_cast<void>(made.back().ip.try_assign(letter));
  }
  return made;
}

struct outcome {
  std::string text;
  std::uint64_t matches;
  std::uint64_t refused;
};

outcome run(const std::string& patterns, const std::string& late, std::uint32_t partitions, bool looks_ahead,
            const std::vector<login>& events) {
  const auto first = first_revision(compiled(login_event + patterns));
  engine_limits limits;
  limits.matcher = {1U << 16, 1U << 17, partitions, 64};
  limits.events = 1U << 16;
  engine under_test(first, limits);
  std::ostringstream out;
  const auto write = [&](const released_match& m) {
    out << m.rule->name << '@' << m.at_ns;
    for (const auto& taken : m.taken) out << ' ' << taken.event->id.low;
    out << '\n';
  };
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (looks_ahead && i % engine::look_ahead_max == 0) {
      std::vector<const event_header*> next;
      for (std::size_t j = i; j < std::min(events.size(), i + engine::look_ahead_max); ++j)
        next.push_back(&events[j].header);
      under_test.look_ahead(next);
    }
    // In the middle of what was looked at ahead.
    if (i == events.size() / 2 / engine::look_ahead_max * engine::look_ahead_max + 5)
      under_test.change(next_revision(*first, put_all(compiled(login_event + late))));
    under_test.process(events[i].header, write);
  }
  under_test.finish(write);
  return {out.str(), under_test.counters().matches, under_test.counters().refused};
}

TEST(look_ahead, changes_nothing_in_the_answers) {
  const auto events = many_keys(120'000);
  const std::string strict = " pattern p on Login by user within 1us { a : not ok  next b : ok }";
  const std::string woken =
      " pattern p on Login by user within 20us { a : not ok and ip == \"a\"  then b : ip == \"b\" }";
  const std::string runs =
      " pattern q on Login by user within 20us { a : not ok and ip == \"a\"  then b : ok and ip == a.ip }";
  const std::string absent = " pattern r on Login by user within 5us { a : ip == \"a\"  not then b : ok }";
  const std::string by_two = " pattern s on Login by user, ip within 20us { a : not ok  then b : ok }";
  const std::string late = " pattern z on Login by user within 20us { a : ip == \"c\"  then b : ip == \"d\" }";
  for (const std::string& patterns : {strict, woken, runs, absent, woken + by_two, strict + runs + absent}) {
    for (const std::uint32_t partitions : {1U << 16, 4'500U}) {
      const outcome plain = run(patterns, late, partitions, false, events);
      const outcome ahead = run(patterns, late, partitions, true, events);
      EXPECT_EQ(ahead.text, plain.text) << patterns << partitions;
      EXPECT_EQ(ahead.refused, plain.refused) << patterns << partitions;
      EXPECT_GT(plain.matches, 100u) << patterns << partitions;
    }
  }
}

/// A shard sees some of the events, and of some of them the keys of one group only.
TEST(look_ahead, of_events_of_one_shard_changes_nothing_in_the_answers) {
  auto events = many_keys(60'000);
  std::mt19937 random(12);
  std::uint64_t sequence = 0;
  for (login& each : events) {
    each.header.sequence = sequence += 1 + random() % 40;
    each.header.route = static_cast<std::uint16_t>(1 + random() % 3);
  }
  const std::string patterns =
      " pattern w on Login by user within 20us { a : ip == \"a\" and not ok  then b : ip == \"b\" }"
      " pattern s on Login by user, ip within 20us { a : not ok  then b : ok }";
  const outcome plain = run(patterns, patterns, 1U << 16, false, events);
  EXPECT_EQ(run(patterns, patterns, 1U << 16, true, events).text, plain.text);
  EXPECT_GT(plain.matches, 100u);
}

/// A hundred patterns or more: what the index says of them takes several words. Most wake few of them, high users more
/// than are named one by one.
std::string many_patterns() {
  std::string made;
  const auto add = [&](const std::string& key, const std::string& stages) {
    made += " pattern p" + std::to_string(std::count(made.begin(), made.end(), '{')) + " on Login by " + key +
            " within 40us { " + stages + " }\n";
  };
  for (std::uint32_t i = 0; i < 60; ++i) {
    const std::string from = std::to_string(i * 150);
    const std::string to = std::to_string(i * 150 + 400);
    add("user", "a : user > " + from + " and user < " + to + "  then b : ok and user < " + to + " and user > " + from);
  }
  for (std::uint32_t i = 0; i < 30; ++i)
    add("user", "a : user >= " + std::to_string(8'400 + i * 10) + " and ip == \"a\"  then b : ip == \"b\"");
  for (const char* const letter : {"a", "b", "c"}) {
    add("user, ip", std::string("a : not ok and ip == \"") + letter + "\"  then b : ok and ip == \"" + letter + "\"");
    add("user", std::string("a : ip == \"") + letter + "\"  then b : ok and ip != a.ip");
  }
  return made;
}

TEST(look_ahead, of_many_patterns_changes_nothing_in_the_answers) {
  const auto events = many_keys(40'000);
  const std::string late = " pattern z on Login by user within 20us { a : ip == \"c\"  then b : ip == \"d\" }" +
                           std::string(" pattern y on Login by user within 20us { a : ok  then b : not ok }");
  const std::string awake = " pattern always on Login by user within 9us { a : not ok  next b : ok }";
  for (const std::string& patterns : {many_patterns(), many_patterns() + awake}) {
    for (const std::uint32_t partitions : {1U << 16, 4'500U}) {
      const outcome plain = run(patterns, late, partitions, false, events);
      const outcome ahead = run(patterns, late, partitions, true, events);
      EXPECT_EQ(ahead.text, plain.text) << partitions;
      EXPECT_EQ(ahead.refused, plain.refused) << partitions;
      EXPECT_GT(plain.matches, 1'000u) << partitions;
    }
  }
}

}  // namespace
}  // namespace millrace::rules
