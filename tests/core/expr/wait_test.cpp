// A condition's wait against the condition itself: what does not pass it does not hold.

#include "random_expression.hpp"
#include "trade.hpp"

#include <millrace/expr/wait.hpp>

#include <array>
#include <cmath>
#include <limits>

namespace millrace::expr {
namespace {

bool passes(const wait& w, std::int64_t probe, std::int64_t bound) {
  return w.is_equality() ? probe == bound : probe > bound;
}

std::optional<wait> wait_of(const std::string& text, const trade_scope& scope) {
  return compile_split(read(text), scope.names).waits_for;
}

/// A comparison of what an event tells with what was taken, on whichever side.
std::string random_comparison(random_expression& random) {
  static constexpr std::array numbers{"i8",  "i16", "i32", "i64", "u8",      "u16",     "u32",
                                      "u64", "f32", "f64", "f64", "f64 * 2", "abs(f32)"};
  static constexpr std::array taken{"a.i8",        "b.i64",      "b.u64",        "a.u32",
                                    "a.f64",       "b.f32",      "first(a.f64)", "first(b.i64)",
                                    "max(a.f64)",  "min(b.u64)", "count(a)",     "never.i8",
                                    "a.f64 * 1.2", "avg(a.f64)", "never.f64",    "distinct(b.i8)"};
  static constexpr std::array others{"name == a.name",
                                     "lower(name) == lower(b.name)",
                                     "ok == a.ok",
                                     "a.ts < ts",
                                     "wait >= first(a.wait)",
                                     "note == b.note",
                                     "name < a.name",
                                     "name != a.name"};
  static constexpr std::array signs{"==", "<", "<=", ">", ">=", "!="};
  if (random.below(4) == 0) return others[random.below(others.size())];
  const std::string left = numbers[random.below(numbers.size())];
  const std::string sign = signs[random.below(signs.size())];
  const std::string right = taken[random.below(taken.size())];
  return random.below(2) == 0 ? left + " " + sign + " " + right : right + " " + sign + " " + left;
}

record random_cells(random_expression& random) {
  static constexpr std::array odd{0.0,
                                  -0.0,
                                  std::numeric_limits<double>::infinity(),
                                  -std::numeric_limits<double>::infinity(),
                                  std::numeric_limits<double>::quiet_NaN(),
                                  std::numeric_limits<double>::denorm_min(),
                                  9007199254740993.0};
  record made = random.cells();
  if (random.below(3) == 0) made["f64"] = odd[random.below(odd.size())];
  return made;
}

TEST(wait, whatever_does_not_pass_does_not_hold) {
  const trade_scope scope;
  random_expression random(5);
  int waits = 0;
  int stopped = 0;
  int held = 0;
  int exact = 0;
  for (int i = 0; i < 4'000; ++i) {
    std::string text = random_comparison(random);
    for (std::uint32_t n = random.below(3); n > 0; --n) text += " and " + random_comparison(random);
    const split_condition parts = compile_split(read(text), scope.names);
    if (!parts.waits_for) continue;
    ++waits;
    workspace room;
    room.reserve(parts.history_part.text_slots(), parts.history_part.text_bytes());
    parts.waits_for->reserve(room);
    for (int n = 0; n < 10; ++n) {
      const made_event now(scope.layout(), random_cells(random));
      std::vector<made_event> events;
      std::vector<taken_event> taken;
      for (std::uint32_t before = random.below(4); before > 0; --before)
        events.emplace_back(scope.layout(), random_cells(random));
      for (const made_event& each : events) taken.push_back({each.get(), static_cast<std::uint16_t>(random.below(2))});
      const bool holds = parts.history_part.test(now.get(), taken, room) == outcome::yes;
      const wait_probe probe = parts.waits_for->probe(*now.get(), room);
      const bool passed = passes(*parts.waits_for, probe.number, parts.waits_for->bound(taken, room));
      ASSERT_TRUE(passed || !holds) << text;
      if (probe.is_exact) {
        ASSERT_EQ(passed, holds) << text;
        ++exact;
      }
      held += holds ? 1 : 0;
      stopped += passed ? 0 : 1;
    }
  }
  EXPECT_GT(waits, 2'000);
  EXPECT_GT(stopped, 5'000);
  EXPECT_GT(held, 2'000);
  EXPECT_GT(exact, 5'000);
}

TEST(wait, is_a_comparison_of_the_event_with_what_was_taken) {
  const trade_scope scope;
  EXPECT_TRUE(wait_of("f64 > a.f64", scope));
  EXPECT_TRUE(wait_of("i8 == 1 and a.f64 * 2 <= f64", scope));
  EXPECT_TRUE(wait_of("(ok or a.ok) and f64 > a.f64", scope)) << "a term of a conjunction";
  EXPECT_FALSE(wait_of("ok", scope));
  EXPECT_FALSE(wait_of("f64 > a.f64 or ok", scope));
  EXPECT_FALSE(wait_of("not (f64 > a.f64)", scope));
  EXPECT_FALSE(wait_of("f64 != a.f64", scope));
  EXPECT_FALSE(wait_of("f64 - a.f64 > 1", scope)) << "the sides are not apart";
  EXPECT_FALSE(wait_of("a.f64 > 1", scope)) << "the event is not in it";
  EXPECT_FALSE(wait_of("name < a.name", scope)) << "texts have no order of numbers";
  EXPECT_TRUE(wait_of("name == a.name", scope)->is_equality());
}

TEST(wait, the_highest_bound_counts) {
  const trade_scope scope;
  const auto both = wait_of("f64 > a.f64 and f64 >= b.f64", scope);
  const made_event low(scope.layout(), {{"f64", 1.0}});
  const made_event high(scope.layout(), {{"f64", 5.0}});
  const std::array rising{taken_event{low.get(), 0}, taken_event{high.get(), 1}};
  const std::array falling{taken_event{high.get(), 0}, taken_event{low.get(), 1}};
  workspace room;
  const wait_probe five = both->probe(*high.get(), room);
  EXPECT_TRUE(five.is_exact);
  EXPECT_GT(five.number, both->bound(rising, room)) << "above 1, at least 5";
  EXPECT_LE(five.number, both->bound(falling, room)) << "not above 5";
}

}  // namespace
}  // namespace millrace::expr
