// What it costs to change the patterns of an engine while 100,000 keys have a partial match of each. The time is the
// pause: from one event to the next, with the change in between.

#include <benchmark/benchmark.h>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <millrace/event/event.hpp>
#include <millrace/rules/compile.hpp>
#include <millrace/rules/engine.hpp>
#include <string>
#include <vector>

#include "smoke.hpp"

namespace millrace {
namespace {

using clock = std::chrono::steady_clock;

std::uint64_t ns_since(clock::time_point begin) {
  return static_cast<std::uint64_t>(std::chrono::nanoseconds(clock::now() - begin).count());
}

std::shared_ptr<const rules::program> compiled(const std::string& patterns) {
  return std::make_shared<const rules::program>(
      rules::compile({"change.mr", "event A { ts : timestamp  user : u64  x : i32 }\n" + patterns}));
}

struct data {
  std::int64_t ts;
  std::uint64_t user;
  std::int32_t x;
};

constexpr const char* stays = "pattern stays on A by user { a : x == 1  then b : x == 2 }\n";
constexpr const char* goes = "pattern goes on A by user within 1d { a : x == 1  then b : x == 3 }\n";
constexpr const char* comes = "pattern goes on A by user within 1d { a : x == 1  then b : x == 4 }\n";

/// One partial match a key of each pattern, then a change: `put` and `remove` are names.
void change(benchmark::State& state, const char* running, const char* put, const char* remove) {
  const auto keys = bench::unless_smoke<std::uint64_t>(100'000, 1'000);
  std::vector<std::uint64_t> pauses;
  std::vector<std::uint64_t> prepared;
  std::vector<std::uint64_t> events;
  for (auto _ : state) {
    const auto first = rules::first_revision(compiled(running));
    rules::engine engine(first, {});
    event<data> in_hand{};
    std::uint64_t matches = 0;
    const auto give = [&](std::uint64_t user, std::int32_t x) {
      ++in_hand.header.sequence;
      in_hand.header.time_ns = static_cast<std::int64_t>(in_hand.header.sequence);
      in_hand.header.route = 1 | rules::counts_here;
      in_hand.data = {in_hand.header.time_ns, user, x};
      engine.process(in_hand.header, [&](const rules::released_match&) { ++matches; });
    };
    for (std::uint64_t user = 0; user < keys; ++user) give(user, 1);
    rules::rules_change wanted{nullptr, {}, {}};
    if (*put != '\0') wanted = rules::put_all(compiled(put));
    if (*remove != '\0') wanted.remove = {remove};
    const auto to = rules::next_revision(*first, wanted);

    auto begin = clock::now();
    const auto made = engine.prepare(to);
    prepared.push_back(ns_since(begin));
    begin = clock::now();
    engine.apply(*made);
    pauses.push_back(ns_since(begin));
    for (std::uint64_t i = 0; !made->settled(); ++i) {
      begin = clock::now();
      give(i % keys, 0);
      events.push_back(ns_since(begin));
    }
    state.SetIterationTime(static_cast<double>(pauses.back()) / 1e9);
    // What stays has its state: every key completes it, and nothing of what went.
    for (std::uint64_t user = 0; user < keys; ++user) give(user, 3);
    for (std::uint64_t user = 0; user < keys; ++user) give(user, 2);
    if (matches != keys) state.SkipWithError("the pattern that stays has lost partial matches");
  }
  const auto at = [](std::vector<std::uint64_t>& of, double share) {
    if (of.empty()) return 0.0;
    const auto place = static_cast<std::size_t>(share * static_cast<double>(of.size() - 1));
    std::nth_element(of.begin(), of.begin() + static_cast<std::ptrdiff_t>(place), of.end());
    return static_cast<double>(of[place]);
  };
  state.counters["pause_ns"] = at(pauses, 0.5);
  state.counters["pause_max_ns"] = at(pauses, 1);
  state.counters["prepare_ns"] = at(prepared, 0.5);
  state.counters["events_until_settled"] = static_cast<double>(events.size()) / static_cast<double>(state.iterations());
  state.counters["event_p50_ns"] = at(events, 0.5);
  state.counters["event_p999_ns"] = at(events, 0.999);
}

void manually(benchmark::internal::Benchmark* b) { b->UseManualTime()->Iterations(20)->Unit(benchmark::kMicrosecond); }

const std::string both = std::string(stays) + goes;
BENCHMARK_CAPTURE(change, add, stays, comes, "")->Apply(manually);
BENCHMARK_CAPTURE(change, replace, both.c_str(), comes, "")->Apply(manually);
BENCHMARK_CAPTURE(change, remove, both.c_str(), "", "goes")->Apply(manually);

}  // namespace
}  // namespace millrace
