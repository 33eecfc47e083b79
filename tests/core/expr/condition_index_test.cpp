// Many conditions at one go against each of them alone.

#include <millrace/expr/condition_index.hpp>

#include "random_expression.hpp"
#include "trade.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <vector>

namespace millrace::expr {
namespace {

std::string random_comparison(random_expression& random) {
  const auto sign = [&] {
    constexpr const char* signs[]{"==", "!=", "<", "<=", ">", ">="};
    return std::string(" ") + signs[random.below(6)] + " ";
  };
  const auto number = [&] { return std::to_string(random.below(4)); };
  constexpr const char* truths[]{"ok", "not ok", "ok == true", "false == ok", "ok != true", "ok != false"};
  switch (random.below(9)) {
    case 0:
    case 1: {
      constexpr const char* words[]{"\"\"", "\"a\"", "\"b\"", "\"ab\"", "\"abcdef\"", "\"longer than any\""};
      return std::string(random.below(2) == 0 ? "name" : "note") + (random.below(4) == 0 ? " != " : " == ") +
             words[random.below(6)];
    }
    case 2: return "f64" + sign() + number() + ".25";
    case 3: return "f32" + sign() + number();
    case 4: return "u64" + sign() + (random.below(4) == 0 ? "9223372036854775807" : number());
    case 5: return number() + sign() + "i8";
    case 6: return "i32" + sign() + number();
    case 7: return std::string(truths[random.below(6)]);
    default: return "u16" + sign() + number();
  }
}

std::string random_condition(random_expression& random) {
  std::string made = random_comparison(random);
  for (std::uint32_t n = random.below(4); n > 0; --n) {
    switch (random.below(8)) {
      case 0: made += " and (" + random_comparison(random) + " or " + random_comparison(random) + ")"; break;
      case 1: made += " and ok"; break;
      case 2: made = "ok and " + made; break;
      case 3: made += " or " + random_comparison(random); break;
      default: made += " and " + random_comparison(random);
    }
  }
  return made;
}

TEST(condition_index, tells_what_each_condition_alone_tells) {
  const trade_scope scope;
  random_expression random(11);
  std::size_t exact = 0, ruled_out = 0, held = 0, all = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<program> programs;
    std::vector<condition_index::condition> conditions;
    const std::size_t count = 1 + random.below(140);
    for (std::size_t i = 0; i < count; ++i) {
      programs.push_back(random.below(20) == 0 ? program{} : compile(read(random_condition(random)), scope.names));
    }
    for (const program& each : programs)
      conditions.push_back({random.below(10) == 0 ? 2U : random.below(10) == 0 ? 3U : 1U, &each});
    const condition_index index(conditions, 2);
    std::vector<std::uint64_t> open(index.words());
    for (int n = 0; n < 20; ++n) {
      record cells = random.cells();
      if (random.below(10) == 0) cells["f64"] = std::numeric_limits<double>::quiet_NaN();
      const made_event event(scope.layout(), cells);
      index.select(*event.get(), open.data());
      for (std::size_t i = 0; i < count; ++i) {
        workspace room;
        room.reserve(programs[i].text_slots(), programs[i].text_bytes());
        const bool fits = (conditions[i].types & 1) != 0 &&
                          (programs[i].empty() || programs[i].test(event.get(), {}, room) == outcome::yes);
        const bool is_open = (open[i / 64] >> (i % 64) & 1) != 0;
        ASSERT_TRUE(is_open || !fits) << "round " << round << " condition " << i;
        if (condition_index::covers(programs[i])) {
          ASSERT_EQ(is_open, fits) << "round " << round << " condition " << i;
        }
        ++all;
        exact += condition_index::covers(programs[i]) ? 1U : 0U;
        ruled_out += is_open ? 0U : 1U;
        held += fits ? 1U : 0U;
      }
    }
  }
  EXPECT_GT(exact, all / 3);
  EXPECT_GT(ruled_out, all / 3);
  EXPECT_GT(held, all / 20);
}

/// Numbers as they lie in rules: evenly, in heaps, far apart, alone.
std::vector<double> random_constants(random_expression& random) {
  std::vector<double> made;
  const std::uint32_t how = random.below(5);
  const std::uint32_t count = how == 4 ? 1 : 2 + random.below(80);
  for (std::uint32_t i = 0; i < count; ++i) {
    const double step = random.below(1'000);
    switch (how) {
      case 0: made.push_back(i * 0.5); break;
      case 1: made.push_back(step / 8); break;
      case 2: made.push_back(random.below(4) == 0 ? step : step / 1e6); break;
      case 3: made.push_back(std::ldexp(1, static_cast<int>(random.below(2'000)) - 1'000)); break;
      default: made.push_back(step);
    }
  }
  return made;
}

TEST(condition_index, finds_a_number_among_any_constants) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const trade_scope scope;
  random_expression random(12);
  std::size_t held = 0, all = 0;
  for (int round = 0; round < 200; ++round) {
    const std::vector<double> constants = random_constants(random);
    std::vector<program> programs;
    for (const double each : constants) {
      constexpr const char* signs[]{"==", "!=", "<", "<=", ">", ">="};
      programs.push_back(compile(read(fmt::format("f64 {} {:.7f}", signs[random.below(6)], each)), scope.names));
    }
    std::vector<condition_index::condition> conditions;
    for (const program& each : programs) conditions.push_back({1U, &each});
    const condition_index index(conditions, 1);
    std::vector<std::uint64_t> open(index.words());
    const auto check = [&](double value) {
      record cells = random.cells();
      cells["f64"] = value;
      const made_event event(scope.layout(), cells);
      index.select(*event.get(), open.data());
      for (std::size_t i = 0; i < programs.size(); ++i) {
        ASSERT_TRUE(condition_index::covers(programs[i]));
        workspace room;
        const bool fits = programs[i].test(event.get(), {}, room) == outcome::yes;
        ASSERT_EQ((open[i / 64] >> (i % 64) & 1) != 0, fits) << "round " << round << " condition " << i << ' ' << value;
        held += fits ? 1U : 0U;
        ++all;
      }
    };
    for (const double each : {0.0, -0.0, -1.5, infinity, -infinity, std::numeric_limits<double>::quiet_NaN()})
      check(each);
    for (int n = 0; n < 6; ++n) {
      const double near = constants[random.below(static_cast<std::uint32_t>(constants.size()))];
      for (const double each : {near, std::nextafter(near, infinity), std::nextafter(near, -infinity)}) check(each);
    }
  }
  EXPECT_GT(held, all / 5);
  EXPECT_LT(held, all - all / 5);
}

TEST(condition_index, of_nothing_has_nothing) {
  const condition_index index({}, 1);
  const trade_scope scope;
  random_expression random(1);
  const made_event event(scope.layout(), random.cells());
  std::vector<std::uint64_t> open(index.words());
  index.select(*event.get(), open.data());
}

}  // namespace
}  // namespace millrace::expr
