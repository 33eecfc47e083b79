// The login anomaly (three failed logins, then a success from another address) in C++ and as a text rule, on the same
// events in memory: events a second, and the time from an event to its match.
#include "smoke.hpp"

#include <millrace/millrace.hpp>
#include <millrace/placement/machine.hpp>
#include <millrace/placement/pinning.hpp>
#include <millrace/ring/spsc_ring.hpp>
#include <millrace/rules/compile.hpp>
#include <millrace/rules/engine.hpp>
#include <millrace/stage/idle_strategy.hpp>
#include <millrace/stats/histogram.hpp>
#include <millrace/time/cycle_clock.hpp>

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using seconds = std::chrono::duration<double>;
using steady = std::chrono::steady_clock;

/// Laid out as the text rule's `event Login` is, with a stamp behind.
struct login {
  std::int64_t ts;
  std::uint64_t user;
  std::uint32_t ip;
  bool ok;
  std::uint64_t intended;  // cycle counter when the event was to come in
};

constexpr const char* rule_text = R"(
event Login { ts : timestamp(ns)  user : u64  ip : u32  ok : bool  intended : u64 }
pattern login_anomaly on Login by user within 10m {
  failed{3}    : ok == false
  then success : ok and ip not in failed.ip
  skip past last
}
)";

auto login_anomaly() {
  return cep::begin<login>("failed")
      .where([](const login& e) { return !e.ok; })
      .times(3)
      .then("success")
      .where([](const login& e) { return e.ok; })
      .where([](const login& e, const cep::taken<login>& so_far) {
        for (const login& failed : so_far.events("failed"))
          if (failed.ip == e.ip) return false;
        return true;
      })
      .within(10min)
      .skip_past_last();
}

std::size_t event_count() { return bench::unless_smoke<std::size_t>(2'000'000, 100'000); }
std::size_t warm_up() { return event_count() / 2; }  // partial matches begin to run out before its end

/// A user's events are 100 s apart in the mean, whatever the number of users.
const std::vector<event<login>>& logins_of(std::uint64_t users) {
  static std::map<std::uint64_t, std::vector<event<login>>> known;
  auto& made = known[users];
  if (!made.empty()) return made;
  std::mt19937_64 random(users);
  const auto step_ns = static_cast<std::int64_t>(100'000'000'000 / users);
  made.resize(event_count());
  for (std::size_t i = 0; i < made.size(); ++i) {
    const std::uint64_t bits = random();
    made[i].header.time_ns = static_cast<std::int64_t>(i) * step_ns;
    made[i].data = {made[i].header.time_ns, bits % users, static_cast<std::uint32_t>(bits >> 32) % 3,
                    (bits >> 60 & 1) != 0, 0};
  }
  return made;
}

/// Gives events from memory, and notes when the warm-up is over.
struct timed_feed {
  poll_result poll(event<login>& into) noexcept {
    if (next == warm_up()) begun = steady::now();
    if (next == events.size()) {
      ended = steady::now();
      return poll_result::ended;
    }
    into = events[next++];
    return poll_result::ready;
  }

  const std::vector<event<login>>& events;
  std::size_t next = 0;
  steady::time_point begun{};
  steady::time_point ended{};
};

struct run_result {
  std::uint64_t matches;
  double seconds;
};

run_result run_typed(const std::vector<event<login>>& events) {
  timed_feed feed{events};
  std::uint64_t users = 0;
  auto engine = topology{}
                    .source(feed)
                    .key_by(&login::user)
                    .match(login_anomaly(), [](const auto& m, auto& out) { out.emit(m["success"].user); })
                    .sink([&](std::uint64_t user) { users += user; })
                    .build();
  const auto report = engine.run();
  benchmark::DoNotOptimize(users);
  return {report.matches, seconds(feed.ended - feed.begun).count()};
}

run_result run_text(const std::vector<event<login>>& events) {
  const auto rules = std::make_shared<const rules::program>(rules::compile({"login_anomaly.mr", rule_text}));
  rules::router router(rules, 1);
  rules::engine engine(rules, {});
  std::uint64_t users = 0;
  const auto hand_on = [&](const rules::released_match& match) {
    users += cep::data_as<login>(*match.taken.back().event).user;
  };
  event<login> in_hand{};
  steady::time_point begun{};
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (i == warm_up()) begun = steady::now();
    in_hand = events[i];
    in_hand.header.sequence = i + 1;
    in_hand.header.id.low = i;
    in_hand.header.route = router.route(in_hand.header)[0];
    engine.process(in_hand.header, hand_on);
  }
  const auto ended = steady::now();
  engine.finish(hand_on);
  benchmark::DoNotOptimize(users);
  return {engine.counters().matches, seconds(ended - begun).count()};
}

std::uint64_t matches_expected(std::uint64_t users) {
  static std::map<std::uint64_t, std::uint64_t> known;
  if (!known.contains(users)) known[users] = run_text(logins_of(users)).matches;
  return known[users];
}

template <run_result (*Run)(const std::vector<event<login>>&)>
void events_per_second(benchmark::State& state) {
  const auto users = static_cast<std::uint64_t>(state.range(0));
  const auto& events = logins_of(users);
  std::uint64_t matches = 0;
  for (auto _ : state) {
    const run_result result = Run(events);
    state.SetIterationTime(result.seconds);
    matches = result.matches;
    if (matches == 0 || matches != matches_expected(users))
      state.SkipWithError("the front ends find different matches");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(event_count() - warm_up()) * state.iterations());
  state.counters["matches"] = static_cast<double>(matches);
}

BENCHMARK(events_per_second<run_typed>)
    ->Name("login_anomaly/typed_inline/keys")
    ->Arg(1'000)
    ->Arg(100'000)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(events_per_second<run_text>)
    ->Name("login_anomaly/text_engine/keys")
    ->Arg(1'000)
    ->Arg(100'000)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// --- latency --------------------------------------------------------------------------------------------

const cycle_clock& clock() {
  static const cycle_clock made;
  return made;
}

/// Gives events at a fixed rate, whatever becomes of them: each carries the time at which it was to come in, so that
/// a stall counts against every event that it delays.
struct open_loop_feed {
  poll_result poll(event<login>& into) noexcept {
    if (next == events.size()) return poll_result::ended;
    if (start == 0) start = clock().now();
    const auto due = start + static_cast<std::uint64_t>(static_cast<double>(next) * ticks_each);
    if (clock().now() < due) return poll_result::idle;
    into = events[next++];
    into.data.intended = due;
    return poll_result::ready;
  }

  const std::vector<event<login>>& events;
  double ticks_each;
  std::size_t next = 0;
  std::uint64_t start = 0;
};

template <bool AcrossRing>
void latency(benchmark::State& state) {
  const auto users = static_cast<std::uint64_t>(state.range(0));
  const auto& events = logins_of(users);
  const double rate = static_cast<double>(state.range(1));
  const bool has_cores = std::thread::hardware_concurrency() >= 4;
  histogram all = histogram::of_latencies();
  for (auto _ : state) {
    open_loop_feed feed{events, clock().ticks_per_ns() * 1e9 / rate};
    std::uint64_t matches = 0;
    auto draft = topology{}
                     .source(feed)
                     .key_by(&login::user)
                     .match(login_anomaly(),
                            [](const auto& m, auto& out) {
                              // A match that waited for an earlier attempt to run out is as late as it should be.
                              const bool at_once = m.at_ns() == m.last_time_ns();
                              out.emit(at_once ? m["success"].intended : std::uint64_t{0});
                            })
                     .sink([&](std::uint64_t intended) {
                       if (++matches > 1'000 && intended != 0) all.record(clock().ns_between(intended, clock().now()));
                     });
    if constexpr (AcrossRing) {
      const wait_strategy how = has_cores ? wait_strategy::busy_spin : wait_strategy::blocking;
      std::move(draft).shards(1, placement::one_core_each()).wait(how).build().run();
    } else {
      std::move(draft).wait(wait_strategy::busy_spin).build().run();
    }
    if (matches != matches_expected(users)) state.SkipWithError("the front ends find different matches");
  }
  if (AcrossRing && !has_cores) state.SetLabel("fewer cores than threads");
  state.counters["p50_ns"] = static_cast<double>(all.value_at_percentile(50));
  state.counters["p99_ns"] = static_cast<double>(all.value_at_percentile(99));
  state.counters["p99.9_ns"] = static_cast<double>(all.value_at_percentile(99.9));
  state.counters["max_ns"] = static_cast<double>(all.max());
}

/// One ring between two threads and nothing else: the source's thread writes the slots, the other matches in them. For
/// machines of two cores, where the executor's three threads stand in each other's way.
void latency_across_one_ring(benchmark::State& state) {
  const auto users = static_cast<std::uint64_t>(state.range(0));
  const auto& events = logins_of(users);
  const double ticks_each = clock().ticks_per_ns() * 1e9 / static_cast<double>(state.range(1));
  const auto rules = std::make_shared<const rules::program>(rules::compile({"login_anomaly.mr", rule_text}));
  const auto cpus = machine::detect().cpus();
  histogram all = histogram::of_latencies();
  for (auto _ : state) {
    rules::engine engine(rules, {});
    spsc_ring<> ring(1'024, (sizeof(event<login>) + 63) / 64 * 64);
    std::thread source([&] {
      if (cpus.size() > 1) static_cast<void>(pin_this_thread(cpus[0]));
      const std::uint64_t start = clock().now();
      for (std::size_t i = 0; i < events.size(); ++i) {
        const auto due = start + static_cast<std::uint64_t>(static_cast<double>(i) * ticks_each);
        while (clock().now() < due) pause_core();
        std::byte* slot;
        while ((slot = ring.try_claim()) == nullptr) pause_core();
        auto& into = *::new (slot) event<login>(events[i]);
        into.header.sequence = i + 1;
        into.header.id.low = i;
        into.header.route = rules::counts_here | 1;
        into.data.intended = due;
        ring.publish();
      }
    });
    const affinity_guard lent;
    if (cpus.size() > 1) static_cast<void>(pin_this_thread(cpus[1]));
    std::uint64_t matches = 0;
    const auto hand_on = [&](const rules::released_match& match) {
      const auto& last = cep::data_as<login>(*match.taken.back().event);
      const bool at_once = match.at_ns == match.taken.back().event->time_ns;
      if (++matches > 1'000 && at_once) all.record(clock().ns_between(last.intended, clock().now()));
    };
    for (std::size_t taken = 0; taken < events.size();) {
      const std::byte* const slot = ring.try_peek();
      if (slot == nullptr) {
        pause_core();
        continue;
      }
      engine.process(*std::launder(reinterpret_cast<const event_header*>(slot)), hand_on);
      ring.release();
      ++taken;
    }
    source.join();
    engine.finish(hand_on);
    if (matches != matches_expected(users)) state.SkipWithError("the front ends find different matches");
  }
  state.counters["p50_ns"] = static_cast<double>(all.value_at_percentile(50));
  state.counters["p99_ns"] = static_cast<double>(all.value_at_percentile(99));
  state.counters["p99.9_ns"] = static_cast<double>(all.value_at_percentile(99.9));
  state.counters["max_ns"] = static_cast<double>(all.max());
}

// Rates below what one core does with so many keys.
BENCHMARK(latency<false>)
    ->Name("event_to_match/inline/keys_rate")
    ->Args({1'000, 1'000'000})
    ->Args({100'000, 250'000})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(latency<true>)
    ->Name("event_to_match/threaded_executor/keys_rate")
    ->Args({1'000, 1'000'000})
    ->Args({100'000, 250'000})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

BENCHMARK(latency_across_one_ring)
    ->Name("event_to_match/one_ring/keys_rate")
    ->Args({1'000, 1'000'000})
    ->Args({100'000, 250'000})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace millrace
