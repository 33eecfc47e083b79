// Patterns by key over a stream made in memory, from text rules and in C++.
//
//   keyed/PATTERN/FRONT_END/keys/fit   processor time an event, every match handed to a callback that touches its
//   events
//
// `keys` are equally frequent and come in no order; `fit` is the share of events, in percent, that fit the first stage
// (and of those that fit the second, and the third). A run warms up until each key has had its events, and is then
// measured; the matches of all of it are compared with those of a plain loop (expected_matches.hpp).
#include "expected_matches.hpp"
#include "keyed_stream.hpp"
#include "matching.hpp"
#include "smoke.hpp"
#include "timed_events.hpp"

#include <millrace/base/prefetch.hpp>
#include <millrace/cep/builder.hpp>
#include <millrace/cep/taken.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace millrace::bench {
namespace {

using namespace std::chrono_literals;

/// How much of the stream a run sees.
struct extent {
  std::uint64_t warm_up;
  std::uint64_t measured;
};

/// Twelve events a key to warm up with, or so: time enough for windows to fill, for timers to fire, and for all but a
/// few keys to have begun something, so that memory is not touched for the first time later.
extent extent_of(std::uint64_t keys) {
  return {unless_smoke(std::max<std::uint64_t>(500'000, 12 * keys), std::uint64_t{20'000}),
          unless_smoke(std::uint64_t{1'000'000}, std::uint64_t{50'000})};
}

/// In a smoke run few enough keys that matches come.
std::uint64_t keys_of(const benchmark::State& state) {
  const auto keys = static_cast<std::uint64_t>(state.range(0));
  return unless_smoke(keys, std::min<std::uint64_t>(keys, 5'000));
}

keyed_stream stream_of(const benchmark::State& state, std::chrono::nanoseconds key_gap) {
  return keyed_stream({keys_of(state), static_cast<std::uint32_t>(state.range(1)), key_gap});
}

/// What the plain loop finds; counted once.
template <class Expected>
const tally& expected_of(const benchmark::State& state, const keyed_stream& stream) {
  static std::map<std::pair<std::int64_t, std::int64_t>, tally> known;
  const auto [at, is_new] = known.try_emplace({state.range(0), state.range(1)});
  if (!is_new) return at->second;
  const auto [warm_up, measured] = extent_of(keys_of(state));
  Expected loop(keys_of(state));
  for (std::uint64_t place = 0; place < warm_up + measured; ++place) loop.take(stream.at(place));
  loop.finish();
  return at->second = loop.found();
}

/// `make()` gives a matcher, fresh for each run.
template <class Expected, class Make>
void an_event(benchmark::State& state, std::chrono::nanoseconds key_gap, const Make& make) {
  const keyed_stream stream = stream_of(state, key_gap);
  const auto [warm_up, measured] = extent_of(keys_of(state));
  for (auto _ : state) {
    const auto matcher = make();
    event_slots<step> slots;
    const auto fill = [&](std::uint64_t place, event<step>& into) { stream.fill(place, into); };
    const processed_by process{*matcher};
    cpu_stopwatch before, watch;
    slots.run(0, warm_up, fill, process, before);
    const std::uint64_t matches_before = matcher->found().matches;
    slots.run(warm_up, measured, fill, process, watch);
    const std::uint64_t matches = matcher->found().matches - matches_before;
    matcher->finish();
    tally found = matcher->found();
    found.places = 0;  // the loop does not know the events in the middle
    check(state, found, expected_of<Expected>(state, stream), matcher->refused());
    state.SetIterationTime(watch.seconds());
    state.counters["ns_per_event"] = watch.ns() / static_cast<double>(measured);
    state.counters["matches"] = static_cast<double>(matches);
  }
}

template <class Expected>
void text(benchmark::State& state, const char* pattern, std::chrono::nanoseconds key_gap) {
  const auto rules = compiled(std::string(step_text) + pattern);
  an_event<Expected>(state, key_gap, [&] { return std::make_unique<text_matcher>(rules); });
}

template <class Expected, class Pattern>
void typed(benchmark::State& state, const Pattern& pattern, std::chrono::nanoseconds key_gap) {
  const auto places = [](const typed_match<step>& match) {
    return match["a"].place + match["b"].place + match["c"].place;
  };
  const detail::partition_by<std::uint64_t step::*> by_key{&step::key};
  using matcher = typed_matcher<step, decltype(by_key), Pattern, decltype(places)>;
  an_event<Expected>(state, key_gap, [&] { return std::make_unique<matcher>(pattern, by_key, places); });
}

constexpr auto is(std::uint32_t kind) {
  return [kind](const step& each) { return each.kind == kind; };
}

// --- the patterns ---------------------------------------------------------------------------------------

void strict_chain_text(benchmark::State& state) {
  text<expected_strict_chain>(
      state, "pattern chain on Step by key { a : kind == 0  next b : kind == 1  next c : kind == 2 }", 10s);
}
void strict_chain_typed(benchmark::State& state) {
  const auto pattern = cep::begin<step>("a").where(is(0)).next("b").where(is(1)).next("c").where(is(2));
  typed<expected_strict_chain>(state, pattern, 10s);
}

/// What the strict chain takes that is written by hand for nothing but this pattern, where keys are places in an array:
/// no hash, no conditions but these, no time, no bounds. Copies are kept, as a ring's slots are used again.
class strict_chain_by_hand {
 public:
  explicit strict_chain_by_hand(std::uint64_t keys) : begun_(keys) {}

  void process(const event_header& event) noexcept {
    const step& now = cep::data_as<step>(event);
    chain& of = begun_[now.key];
    if (now.kind != of.length) {
      of.length = 0;
      if (now.kind != 0) return;
    }
    if (of.length == 2) {
      of.length = 0;
      ++found_.matches;
      found_.places += of.taken[0].header.id.low + of.taken[1].header.id.low + event.id.low;
      found_.first_ns += static_cast<std::uint64_t>(of.taken[0].header.time_ns);
      found_.last_ns += static_cast<std::uint64_t>(event.time_ns);
      return;
    }
    of.taken[of.length++] = {event, now};
  }
  void look_ahead(std::span<const event_header* const> next) const noexcept {
    for (const event_header* const event : next) {
      const chain& of = begun_[cep::data_as<step>(*event).key];
      prefetch_line(&of);
      prefetch_line(&of.taken[1]);
    }
  }
  void finish() noexcept {}
  [[nodiscard]] const tally& found() const noexcept { return found_; }
  [[nodiscard]] static std::uint64_t refused() noexcept { return 0; }

 private:
  struct chain {
    std::uint32_t length = 0;
    event<step> taken[2];
  };
  std::vector<chain> begun_;
  tally found_;
};
void strict_chain_hand(benchmark::State& state) {
  an_event<expected_strict_chain>(state, 10s, [&] { return std::make_unique<strict_chain_by_hand>(keys_of(state)); });
}

void relaxed_chain_text(benchmark::State& state) {
  text<expected_relaxed_chain>(
      state, "pattern chain on Step by key within 1m { a : kind == 0  then b : kind == 1  then c : kind == 2 }", 10s);
}
void relaxed_chain_typed(benchmark::State& state) {
  const auto pattern = cep::begin<step>("a").where(is(0)).then("b").where(is(1)).then("c").where(is(2)).within(1min);
  typed<expected_relaxed_chain>(state, pattern, 10s);
}

void five_times_text(benchmark::State& state) {
  text<expected_five_times>(state, "pattern five on Step by key within 1m { a{5} : kind == 0 }", 10s);
}

void absence_text(benchmark::State& state) {
  text<expected_absence>(state, "pattern absence on Step by key within 30m { a : kind == 0  not then b : kind == 1 }",
                         10min);
}

void price_surge_text(benchmark::State& state) {
  text<expected_price_surge>(state, R"(
pattern surge on Step by key within 1h {
  base    : kind == 0
  then r1 : amount > base.amount
  then r2 : amount > r1.amount
  then r3 : amount > r2.amount and amount >= base.amount * 1.2
})",
                             10min);
}

void loop_text(benchmark::State& state) {
  text<expected_loop>(state,
                      "pattern looped on Step by key within 1m { a : kind == 0  then b+ : kind == 1  then c : kind == "
                      "2  skip past last }",
                      10s);
}

/// All figures with a quarter of the events for each stage; fewer of them with a twentieth.
void settle(benchmark::internal::Benchmark* made) {
  made->ArgNames({"keys", "fit"})
      ->Args({1'000, 25})
      ->Args({100'000, 25})
      ->Args({1'000'000, 25})
      ->Args({100'000, 5})
      ->Iterations(1)
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
}

BENCHMARK(strict_chain_text)->Name("keyed/strict_chain/text")->Apply(settle);
BENCHMARK(strict_chain_typed)->Name("keyed/strict_chain/typed")->Apply(settle);
BENCHMARK(strict_chain_hand)->Name("keyed/strict_chain/by_hand")->Apply(settle);
BENCHMARK(relaxed_chain_text)->Name("keyed/relaxed_chain/text")->Apply(settle);
BENCHMARK(relaxed_chain_typed)->Name("keyed/relaxed_chain/typed")->Apply(settle);
BENCHMARK(five_times_text)->Name("keyed/five_times/text")->Apply(settle);
BENCHMARK(absence_text)->Name("keyed/absence/text")->Apply(settle);
BENCHMARK(price_surge_text)->Name("keyed/price_surge/text")->Apply(settle);
BENCHMARK(loop_text)->Name("keyed/loop_skip_past_last/text")->Apply(settle);

}  // namespace
}  // namespace millrace::bench
