// The stock queries of the CORE engine's experiments (VLDB 2022): sequences of `then any` within a window over one day
// of trades, from text and, for the first, in C++. The feed and the queries are those of the shared feeds and stay
// there.
//
//   stock/QUERY/FRONT_END/WINDOW   processor time an event, every match handed to a callback that touches all its
//   events stock/latency/QUERY/WINDOW     wall time of single events, by the time stamp counter, two readings included
//
// Each run plays the day twice: once to warm up, once to be measured. A run that takes too long ends early; its answers
// are checked up to there, and its label says so.
#include "smoke.hpp"
#include "stock_queries.hpp"
#include "timed_events.hpp"

#include <millrace/cep/builder.hpp>
#include <millrace/stats/histogram.hpp>
#include <millrace/time/cycle_clock.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace millrace::bench {
namespace {

constexpr std::int64_t day_ns = 86'400'000'000'000;

/// More stages for chains that begin as q2 does, on tickers common enough that matches come.
const std::vector<stock_stage> more_stages{{"SELL", "MSFT"}, {"BUY", "IPIX"},  {"SELL", "QQQ"},
                                           {"BUY", "INTC"},  {"SELL", "IPIX"}, {"BUY", "MSFT"}};

/// q1, q2 (which are chains of 3 and 6 stages), q6, chain9, chain12.
stock_query query_named(const std::string& name, std::int64_t within_ms) {
  if (!name.starts_with("chain")) return read_query(name + "_10s", within_ms);
  const auto more = static_cast<std::ptrdiff_t>(std::stoul(name.substr(5)) - 6);
  return extended(read_query("q2_10s", within_ms), {more_stages.begin(), more_stages.begin() + more});
}

double seconds_max() { return unless_smoke(0.5, 0.02); }

/// What a run took, and how far it came.
struct stock_run {
  std::uint64_t events;
  double ns;
  tally found;
  std::uint64_t refused;
};

tally operator-(const tally& a, const tally& b) {
  return {a.matches - b.matches, a.places - b.places, a.first_ns - b.first_ns, a.last_ns - b.last_ns};
}

/// Plays the day to warm up, and again, from its beginning, to be measured; `fill(place, event)` makes an event without
/// its header's sequence and with the first day's time.
template <event_data T, class Matcher, class Fill>
stock_run play(Matcher& matcher, std::uint64_t count, const Fill& fill) {
  event_slots<T> slots;
  std::uint64_t sequence = 0;
  std::int64_t day = 0;
  const auto numbered = [&](std::uint64_t place, event<T>& into) {
    fill(place, into);
    into.header.time_ns += day * day_ns;
    into.header.sequence = ++sequence;
    into.header.id.low = place;
    into.header.route = text_matcher::route;
  };
  const processed_by process{matcher};
  cpu_stopwatch warm_up, measured;
  static_cast<void>(slots.run(0, count, numbered, process, warm_up, seconds_max()));
  const tally before = matcher.found();
  if constexpr (requires { matcher.begin_measuring(); }) matcher.begin_measuring();
  day = 1;
  const std::uint64_t done = slots.run(0, count, numbered, process, measured, seconds_max());
  return {done, measured.ns(), matcher.found() - before, matcher.refused()};
}

stock_run play_text(const stock_query& query, std::uint64_t count) {
  text_matcher matcher(compiled(query.text));
  const auto& events = stocks().events;
  return play<std::array<std::byte, 64>>(matcher, count,
                                         [&](std::uint64_t place, stock_event& into) { into = events[place]; });
}

/// A trade in C++: side and ticker are one small number.
struct trade {
  std::uint64_t place;
  std::uint32_t what;
  std::int32_t volume;
  double price;
};

/// Trades of the feed by number: what stage `i` of a query asks for is `i + 1`, everything else 0.
std::vector<event<trade>> interned(const stock_query& query) {
  const stock_feed& feed = stocks();
  std::vector<event<trade>> made(feed.events.size());
  for (std::size_t i = 0; i < made.size(); ++i) {
    made[i].header = feed.events[i].header;
    made[i].data.place = i;
    for (std::uint32_t s = 0; s < query.stages.size(); ++s)
      if (feed.fits(i, query.stages[s])) made[i].data.what = s + 1;
  }
  return made;
}

stock_run play_typed(const stock_query& query, std::uint64_t count) {
  const auto is = [](std::uint32_t what) { return [what](const trade& each) { return each.what == what; }; };
  const bool completes = !query.stages.back().ticker.starts_with("Never");
  const auto pattern = cep::begin<trade>("s1")
                           .where(is(1))
                           .then_any("s2")
                           .where(is(2))
                           .then_any("s3")
                           .where(is(completes ? 3 : 4))
                           .within(std::chrono::milliseconds(query.within_ms));
  const auto places = [](const typed_match<trade>& match) {
    return match["s1"].place + match["s2"].place + match["s3"].place;
  };
  typed_matcher<trade, detail::one_partition, decltype(pattern), decltype(places)> matcher(pattern, {}, places);
  const auto events = interned(query);
  return play<trade>(matcher, count, [&](std::uint64_t place, event<trade>& into) { into = events[place]; });
}

using player = stock_run (*)(const stock_query&, std::uint64_t);

void check_run(benchmark::State& state, const stock_query& query, const stock_run& run) {
  const stock_answers& answers = answers_of(query);
  // Times are left out: places tell matches apart.
  check(state, {run.found.matches, run.found.places, 0, 0},
        {answers.matches[run.events], answers.places[run.events], 0, 0}, run.refused);
}

void an_event(benchmark::State& state, const std::string& name, player play_it) {
  const stock_query query = query_named(name, state.range(0) * 1'000);
  const std::uint64_t all = stocks().events.size();
  for (auto _ : state) {
    const stock_run run = play_it(query, all);
    const stock_run never = play_it(never_complete(query), run.events);
    check_run(state, query, run);
    if (never.found.matches != 0) state.SkipWithError("found matches where the last stage never comes");
    state.SetIterationTime(run.ns / 1e9);
    const auto matches = static_cast<double>(run.found.matches);
    const auto events = static_cast<double>(run.events);
    const auto never_events = static_cast<double>(never.events);
    state.counters["ns_per_event"] = run.ns / events;
    state.counters["ns_per_event_never"] = never.ns / never_events;
    // A run that ended early has spent much of its time on memory that it had not touched before.
    if (run.found.matches > 0 && run.events == all && never.events == all)
      state.counters["ns_per_match"] = (run.ns - never.ns) / matches;
    state.counters["matches"] = matches;
    state.counters["events"] = events;
    if (run.events < all) state.SetLabel("cut");
  }
}

/// Records how long each event takes by the clock on the wall, two readings of it included.
class watched_matcher {
 public:
  watched_matcher(text_matcher& matcher, histogram& wall) : matcher_(matcher), wall_(wall) {}

  void process(const event_header& each) {
    const std::uint64_t start = clock_.now();
    matcher_.process(each);
    wall_.record(clock_.ns_between(start, clock_.now()));
  }
  void begin_measuring() noexcept { wall_.reset(); }
  [[nodiscard]] const tally& found() const noexcept { return matcher_.found(); }
  [[nodiscard]] std::uint64_t refused() const noexcept { return matcher_.refused(); }

 private:
  text_matcher& matcher_;
  histogram& wall_;
  cycle_clock clock_;
};

void latency(benchmark::State& state, const std::string& name) {
  const stock_query query = query_named(name, state.range(0) * 1'000);
  const auto& events = stocks().events;
  histogram wall = histogram::of_latencies();
  for (auto _ : state) {
    text_matcher matcher(compiled(query.text));
    watched_matcher watched(matcher, wall);
    const stock_run run = play<std::array<std::byte, 64>>(
        watched, events.size(), [&](std::uint64_t place, stock_event& into) { into = events[place]; });
    check_run(state, query, run);
    state.SetIterationTime(run.ns / 1e9);
    if (run.events < events.size()) state.SetLabel("cut");
  }
  state.counters["p50_ns"] = static_cast<double>(wall.value_at_percentile(50));
  state.counters["p99_ns"] = static_cast<double>(wall.value_at_percentile(99));
  state.counters["p99.9_ns"] = static_cast<double>(wall.value_at_percentile(99.9));
  state.counters["max_ns"] = static_cast<double>(wall.max());
}

void no_feed(benchmark::State& state) {
  for (auto _ : state) benchmark::ClobberMemory();
  state.SetLabel("skipped: no feed in " + stock_folder());
}

bool register_all() {
  if (!has_stocks()) {
    benchmark::RegisterBenchmark("stock/skipped", no_feed)->Iterations(1);
    return true;
  }
  const auto settle = [](benchmark::internal::Benchmark* made) {
    made->ArgName("seconds")->Iterations(1)->UseManualTime()->Unit(benchmark::kMillisecond);
    return made;
  };
  const auto each = [&](const std::string& name, const std::string& front_end, player play_it) {
    return settle(benchmark::RegisterBenchmark(("stock/" + name + '/' + front_end).c_str(),
                                               [=](benchmark::State& state) { an_event(state, name, play_it); }));
  };
  for (const std::string name : {"q1", "q2", "q6"}) {
    each(name, "text", play_text)->Arg(10)->Arg(20)->Arg(40);
    settle(benchmark::RegisterBenchmark(("stock/latency/" + name).c_str(), [=](benchmark::State& state) {
      latency(state, name);
    }))->Arg(10);
  }
  each("q1", "typed", play_typed)->Arg(10)->Arg(20)->Arg(40);
  for (const std::string name : {"chain9", "chain12"}) each(name, "text", play_text)->Arg(10);
  return true;
}

[[maybe_unused]] const bool registered = register_all();

}  // namespace
}  // namespace millrace::bench
