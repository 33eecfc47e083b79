// Passing over partial matches that an event leaves as they are changes no answer and no count: random patterns with
// comparisons of every kind, over events with NaN and infinities and stages that have none, against the same engine
// with a watcher, which looks at each partial match.
#include "rules_text.hpp"

#include <millrace/rules/engine.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace millrace::rules {
namespace {

constexpr const char* tick_event =
    "event Tick { ts : timestamp(ns)  kind : u8  i : i64  u : u64  x : f64  name : string(8) }\n";

/// In memory as the rules lay it out.
class tick {
 public:
  tick(const event_layout& layout, std::uint64_t number, std::int64_t ts) : layout_(layout) {
    header_.sequence = number + 1;
    header_.id.low = number;
    header_.time_ns = ts;
    header_.route = 0x8000 | 0x7FFF;
    std::memcpy(data_, layout.blank().data(), layout.bytes());
    put("ts", ts);
  }

  template <class T>
  void put(const char* name, T value) {
    const field& f = field_of(name);
    std::memcpy(data_ + f.offset, &value, sizeof value);
  }
  void put_text(const char* name, const std::string& text) {
    const field& f = field_of(name);
    ASSERT_TRUE(write_fixed_string(data_ + f.offset, f.capacity, text));
  }

  [[nodiscard]] const event_header& header() const { return header_; }

 private:
  [[nodiscard]] const field& field_of(const char* name) const { return layout_.fields()[layout_.find(name).value()]; }

  event_header header_;
  alignas(cache_line_bytes) std::byte data_[256]{};
  const event_layout& layout_;
};

std::vector<std::unique_ptr<tick>> random_ticks(std::mt19937& random, const event_layout& layout, std::size_t count) {
  constexpr std::array odd{0.0, -0.0, std::numeric_limits<double>::infinity(),
                           std::numeric_limits<double>::quiet_NaN()};
  std::vector<std::unique_ptr<tick>> made;
  std::int64_t now = 1'000;
  for (std::size_t i = 0; i < count; ++i) {
    now += static_cast<std::int64_t>(random() % 3);
    tick& each = *made.emplace_back(std::make_unique<tick>(layout, i, now));
    each.put("kind", static_cast<std::uint8_t>(random() % 3));
    const bool far = random() % 8 == 0;
    each.put("i", far ? std::numeric_limits<std::int64_t>::max() - static_cast<std::int64_t>(random() % 3)
                      : static_cast<std::int64_t>(random() % 9) - 4);
    each.put("u", far ? std::numeric_limits<std::uint64_t>::max() - random() % 3 : std::uint64_t{random() % 7});
    const double number = static_cast<double>(random() % 16) / 4;
    each.put("x", random() % 10 == 0 ? odd[random() % odd.size()] : number);
    each.put_text("name", random() % 2 == 0 ? "ab" : "cdefgh");
  }
  return made;
}

class random_pattern {
 public:
  explicit random_pattern(std::mt19937& random) : random_(random) {}

  std::string text() {
    static constexpr std::array links{"then", "then", "then", "next", "then any"};
    static constexpr std::array quantifiers{"", "", "", "+", "{2}", "?", "{1,3} greedy", "+ any"};
    static constexpr std::array skips{"", "", "skip next", "skip past last", "skip to first a", "skip to last b"};
    std::string made = "pattern p on Tick within " + std::to_string(5 + below(40)) + "ns {\n  a" +
                       (below(4) == 0 ? "+" : "") + " : kind == 0\n";
    if (below(4) == 0) return made + group() + "}\n";
    for (const char name : {'b', 'c'}) {
      if (below(4) == 0) made += std::string("  not then n") + name + " : " + condition() + "\n";
      made += std::string("  ") + pick(links) + " " + name + pick(quantifiers) + " : " + condition() + "\n";
    }
    if (below(5) == 0) made += "  not then z : " + condition() + "\n";
    made += std::string("  ") + pick(skips) + (below(3) == 0 ? " on timeout" : "") + "\n}\n";
    return made;
  }

 private:
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  template <std::size_t N>
  std::string pick(const std::array<const char*, N>& of) {
    return of[below(N)];
  }

  /// By which one match can be reached in several ways.
  std::string group() {
    static constexpr std::array quantifiers{"+", "{1,2}", "{2}", "?", "+ any"};
    return "  then ( b : " + condition() + "  then c : " + condition() + " )" + pick(quantifiers) +
           "\n  then d : " + condition() + "\n";
  }

  std::string condition() {
    static constexpr std::array fields{"i", "u", "x", "x * 2", "u + 1"};
    static constexpr std::array taken{"a.i", "a.u",       "a.x",      "first(a.x)", "a.some",
                                      "b.x", "a.x * 1.2", "max(a.x)", "count(a)",   "a.u + 1"};
    static constexpr std::array signs{"==", "<", "<=", ">", ">="};
    std::string made;
    switch (below(8)) {
      case 0: made = "kind == 1"; break;
      case 1: made = "name == a.name"; break;
      case 2: made = "not (x > a.x)"; break;
      case 3: made = "x > a.x or kind == 2"; break;
      default: made = pick(fields) + " " + pick(signs) + " " + pick(taken);
    }
    if (below(2) == 0) made += " and " + pick(fields) + " " + pick(signs) + " " + pick(taken);
    if (below(3) == 0) made = "kind != 1 and " + made;
    return made;
  }

  std::mt19937& random_;
};

struct nobody final : cep::run_watcher {
  void see(const cep::automaton&, const cep::run_step&) override {}
};

struct outcome {
  std::string text;
  engine_counters counters;
};

/// `looked_at_from`: the event from which on each partial match is looked at.
outcome run(const std::shared_ptr<const program>& rules, engine_limits limits, std::size_t looked_at_from,
            const std::vector<std::unique_ptr<tick>>& events) {
  limits.shows_all = looked_at_from < events.size();
  engine under_test(rules, limits);
  nobody watcher;
  std::ostringstream out;
  const auto write = [&](const released_match& m) {
    out << m.at_ns << (m.timeout ? "!" : "");
    for (const auto& taken : m.taken) out << ' ' << taken.event->id.low;
    out << '\n';
  };
  const auto write_dead = [&](const dead_event& dead) { out << "dead " << dead.event->id.low << '\n'; };
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (i == looked_at_from) under_test.watch(0, {}, watcher);
    under_test.process(events[i]->header(), write, write_dead);
  }
  under_test.finish(write);
  return {out.str(), under_test.counters()};
}

engine_limits random_limits(std::mt19937& random) {
  engine_limits limits;
  limits.matcher = {512, 1'024, 1, 16};
  limits.matcher.matches_at_once = 64;
  limits.events = 256;
  limits.classes = cep::class_choice::runs_only;
  if (random() % 3 == 0) {
    limits.matcher.runs_per_key = static_cast<std::uint32_t>(2 + random() % 6);
    limits.matcher.steps_per_key = static_cast<std::uint32_t>(random() % 2 == 0 ? 0 : 6 + random() % 10);
  }
  limits.matcher.when_full = static_cast<cep::full_policy>(random() % 3);
  constexpr std::array indexed{0U, 1U, 1U, 12U};
  limits.matcher.indexed_runs = indexed[random() % indexed.size()];
  return limits;
}

TEST(waiting_partial_matches, that_are_passed_over_change_no_answer_and_no_count) {
  std::mt19937 random(20'261'123);
  engine_counters all;
  int compared = 0;
  for (int i = 0; i < 3'000; ++i) {
    const std::string text = random_pattern(random).text();
    std::shared_ptr<const program> rules;
    try {
      rules = compiled(tick_event + text);
    } catch (const rules_error&) {
      continue;  // that has no meaning
    }
    const auto events = random_ticks(random, *rules->layouts[0], random() % 4 == 0 ? 200 : 60);
    const engine_limits limits = random_limits(random);
    const outcome each_looked_at = run(rules, limits, 0, events);
    const outcome passed_over = run(rules, limits, events.size(), events);
    ASSERT_EQ(passed_over.text, each_looked_at.text) << text;
    ASSERT_EQ(run(rules, limits, events.size() / 2, events).text, each_looked_at.text) << text;
    const auto counts = [](const engine_counters& c) {
      return std::array{c.matches,     c.timeouts, c.refused,
                        c.dropped,     c.dead,     c.cut,
                        c.skip_misses, c.faults,   std::uint64_t{c.bounds_met}};
    };
    ASSERT_EQ(counts(passed_over.counters), counts(each_looked_at.counters)) << text;
    all += passed_over.counters;
    ++compared;
  }
  // Nothing of this is worth much unless all of it happened.
  EXPECT_GT(compared, 1'500);
  EXPECT_GT(all.matches, 10'000u);
  EXPECT_GT(all.timeouts, 1'000u);
  EXPECT_GT(all.refused, 100u);
  EXPECT_GT(all.dropped, 100u);
  EXPECT_GT(all.dead, 100u);
  EXPECT_GT(all.faults, 100u);
}

}  // namespace
}  // namespace millrace::rules
