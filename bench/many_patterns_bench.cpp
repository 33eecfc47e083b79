// A hundred patterns over one stream and one key, against one of them.
//
//   many/WHAT/count    processor time an event; `ratio` is to one pattern of the same kind, measured in the same run
//
// by_literal: `a : kind == "k17" and amount > 17`, a literal of its own for each pattern; by_range: `a : amount > 17
// and amount < 19`, overlapping ranges and nothing to look up. Matches are compared with those of a plain loop over all
// patterns.
#include "keyed_stream.hpp"
#include "matching.hpp"
#include "smoke.hpp"
#include "timed_events.hpp"

#include <millrace/base/fixed_string.hpp>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace millrace::bench {
namespace {

constexpr std::uint32_t pattern_count = 100;
constexpr std::uint64_t key_count = 2'000;
constexpr std::int64_t within_ns = 60'000'000'000;
constexpr std::int64_t time_step_ns = 1'000'000'000 / key_count;  // an event a second and key

/// Of each pattern.
constexpr rules::engine_limits limits{.matcher = {.runs = 1U << 20, .steps = 1U << 20, .partitions = 1U << 14},
                                      .events = 1U << 22};

/// Laid out as the text rules' `event Order` is.
struct order {
  std::int64_t ts;
  std::uint64_t key;
  fixed_string<6> kind;
  double amount;
};

constexpr const char* order_text = "event Order { ts : timestamp(ns)  key : u64  kind : string(6)  amount : f64 }\n";

/// What a stage asks for. A kind of -1: any.
struct order_condition {
  std::int32_t kind;
  double above;
  double below;

  [[nodiscard]] bool fits(std::int32_t of_kind, double amount) const noexcept {
    return (kind < 0 || kind == of_kind) && amount > above && amount < below;
  }
  [[nodiscard]] std::string text() const {
    const std::string over = "amount > " + std::to_string(above);
    if (kind >= 0) return "kind == \"k" + std::to_string(kind) + "\" and " + over;
    return over + " and amount < " + std::to_string(below);
  }
};

struct order_pattern {
  order_condition a;
  order_condition b;
};

enum class variety : std::uint8_t { by_literal, by_range };

/// The i-th pattern of a kind: number 17 first, so that "one" is an ordinary one.
order_pattern pattern_of(variety what, std::uint32_t i) {
  const std::uint32_t n = (i + 17) % pattern_count;
  const auto follower = static_cast<std::int32_t>((n + 1) % pattern_count);
  if (what == variety::by_literal) return {{static_cast<std::int32_t>(n), n * 0.5, 1e9}, {follower, 50 - n * 0.5, 1e9}};
  return {{-1, n * 0.98, n * 0.98 + 2}, {-1, follower * 0.98, follower * 0.98 + 2}};
}

std::string rules_of(variety what, std::uint32_t count) {
  std::string text = order_text;
  for (std::uint32_t i = 0; i < count; ++i) {
    const order_pattern p = pattern_of(what, i);
    text += "pattern p" + std::to_string(i) + " on Order by key within 1m { a : " + p.a.text() +
            "  then b : " + p.b.text() + " }\n";
  }
  return text;
}

/// The order at a place, and the number of its kind.
std::pair<order, std::int32_t> order_at(std::uint64_t place) {
  const std::uint64_t bits = scrambled(place);
  const std::uint64_t more = scrambled(~place);
  const auto kind = static_cast<std::int32_t>(more >> 40) % 100;
  order made{static_cast<std::int64_t>(place) * time_step_ns, place_of(bits, key_count), {}, 0};
  static_cast<void>(made.kind.try_assign('k' + std::to_string(kind)));
  made.amount = 100 * (static_cast<double>(more & 0xFFFF'FFFF) / 0x1p32);
  return {made, kind};
}

struct extent {
  std::uint64_t warm_up;
  std::uint64_t measured;
};
extent extent_of_run() {
  return {unless_smoke<std::uint64_t>(150'000, 10'000), unless_smoke<std::uint64_t>(150'000, 10'000)};
}

/// Each pattern's begun matches of each key, in a plain list; `first_ns` is all that is kept of one.
tally count_matches(variety what, std::uint32_t count) {
  const auto [warm_up, measured] = extent_of_run();
  std::vector<order_pattern> patterns;
  for (std::uint32_t i = 0; i < count; ++i) patterns.push_back(pattern_of(what, i));
  std::vector<std::vector<std::int64_t>> begun(count * key_count);
  tally found;
  for (std::uint64_t place = 0; place < warm_up + measured; ++place) {
    const auto [now, kind] = order_at(place);
    for (std::uint32_t i = 0; i < count; ++i) {
      std::vector<std::int64_t>& firsts = begun[i * key_count + now.key];
      if (patterns[i].b.fits(kind, now.amount)) {
        for (const std::int64_t first_ns : firsts) {
          if (now.ts - first_ns >= within_ns) continue;
          ++found.matches;
          found.first_ns += static_cast<std::uint64_t>(first_ns);
          found.last_ns += static_cast<std::uint64_t>(now.ts);
        }
        firsts.clear();
      }
      if (patterns[i].a.fits(kind, now.amount)) firsts.push_back(now.ts);
    }
  }
  return found;
}

const tally& expected_of(variety what, std::uint32_t count) {
  static std::map<std::pair<variety, std::uint32_t>, tally> known;
  const auto [at, is_new] = known.try_emplace({what, count});
  if (is_new) at->second = count_matches(what, count);
  return at->second;
}

struct patterns_run {
  double ns_per_event;
  double seconds;
  double matches;
};

patterns_run play(benchmark::State& state, variety what, std::uint32_t count) {
  const auto [warm_up, measured] = extent_of_run();
  text_matcher matcher(compiled(rules_of(what, count)), limits);
  event_slots<order> slots;
  const auto fill = [](std::uint64_t place, event<order>& into) {
    into.header = {};
    into.data = order_at(place).first;
    into.header.sequence = place + 1;
    into.header.id.low = place;
    into.header.time_ns = into.data.ts;
    into.header.route = text_matcher::route;
  };
  const processed_by process{matcher};
  cpu_stopwatch before, watch;
  slots.run(0, warm_up, fill, process, before);
  const std::uint64_t matches_before = matcher.found().matches;
  slots.run(warm_up, measured, fill, process, watch);
  const auto matches = static_cast<double>(matcher.found().matches - matches_before);
  matcher.finish();
  tally found = matcher.found();
  found.places = 0;
  check(state, found, expected_of(what, count), matcher.refused());
  return {watch.ns() / static_cast<double>(measured), watch.seconds(), matches};
}

void many(benchmark::State& state, variety what) {
  for (auto _ : state) {
    const patterns_run one = play(state, what, 1);
    const patterns_run all = play(state, what, pattern_count);
    state.SetIterationTime(all.seconds);
    state.counters["ns_per_event"] = all.ns_per_event;
    state.counters["ns_per_event_one"] = one.ns_per_event;
    state.counters["ratio"] = all.ns_per_event / one.ns_per_event;
    state.counters["matches"] = all.matches;
    state.counters["matches_one"] = one.matches;
  }
}

void settle(benchmark::internal::Benchmark* made) {
  made->Iterations(1)->UseManualTime()->Unit(benchmark::kMillisecond);
}

BENCHMARK_CAPTURE(many, by_literal, variety::by_literal)->Name("many/by_literal/100")->Apply(settle);
BENCHMARK_CAPTURE(many, by_range, variety::by_range)->Name("many/by_range/100")->Apply(settle);

}  // namespace
}  // namespace millrace::bench
