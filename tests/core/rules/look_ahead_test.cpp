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

}  // namespace
}  // namespace millrace::rules
