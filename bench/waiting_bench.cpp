// Many partial matches of one key that wait, of which each second event completes one.
//
//   waiting/equality/N    `then b : kind == 1 and key == a.key`, N partial matches that wait at any time
//   waiting/order/N       `then b : kind == 1 and amount > a.amount`, of which the event passes the lowest
//   waiting/..._walk/N    the same without the index: an event walks along all
//
// Matches are compared with those that follow from how the stream is made.
#include "keyed_stream.hpp"
#include "matching.hpp"
#include "smoke.hpp"
#include "timed_events.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace millrace::bench {
namespace {

enum class variety : std::uint8_t { equality, order };

constexpr const char* equality_text =
    "pattern p on Step within 1h { a : kind == 0  then b : kind == 1 and key == a.key }\n";
constexpr const char* order_text =
    "pattern p on Step within 1h { a : kind == 0  then b : kind == 1 and amount > a.amount }\n";

/// Events come in pairs: one that begins a match and one that completes a match of the block before, so that as many
/// wait as a block has pairs. What begins in a block has values in no order; what completes goes through the values of
/// the block before, one by one where an order is asked for.
class paired_stream {
 public:
  paired_stream(variety what, std::uint64_t waiting) : what_(what), waiting_(waiting) {}

  [[nodiscard]] step at(std::uint64_t place) const noexcept {
    const std::uint64_t pair = place / 2;
    const std::uint64_t in_block = pair % waiting_;
    const std::uint64_t block = pair / waiting_ * waiting_;
    const auto ts = static_cast<std::int64_t>(place) * 1'000;
    if (place % 2 == 0) return of(ts, 0, block + mixed(in_block), 0, place);
    if (block == 0) return of(ts, 2, 0, 0, place);
    const std::uint64_t value = block - waiting_ + (what_ == variety::order ? in_block : mixed(in_block + 7));
    return of(ts, 1, value, 0.5, place);
  }

  void fill(std::uint64_t place, event<step>& into) const noexcept {
    into.header = {};
    into.data = at(place);
    into.header.sequence = place + 1;
    into.header.id.low = place;
    into.header.time_ns = into.data.ts;
    into.header.route = text_matcher::route;
  }

  /// Of the events in front of a place.
  [[nodiscard]] tally expected(std::uint64_t end) const {
    std::vector<std::uint64_t> begun(end / 2 + 1);  // place of the event that began a match, by value
    tally made;
    for (std::uint64_t place = 0; place < end; ++place) {
      const step each = at(place);
      if (each.kind == 0) begun[each.key] = place;
      if (each.kind != 1) continue;
      const step first = at(begun[each.key]);
      ++made.matches;
      made.places += first.place + place;
      made.first_ns += static_cast<std::uint64_t>(first.ts);
      made.last_ns += static_cast<std::uint64_t>(each.ts);
    }
    return made;
  }

 private:
  static step of(std::int64_t ts, std::uint32_t kind, std::uint64_t value, double more, std::uint64_t place) noexcept {
    return {ts, value, kind, static_cast<double>(value) + more, place};
  }
  /// Each place in a block once. Requires: `waiting_` is a power of ten, so that a factor that ends on 1 has no common
  /// divisor with it.
  [[nodiscard]] std::uint64_t mixed(std::uint64_t in_block) const noexcept { return in_block * 7'654'321 % waiting_; }

  variety what_;
  std::uint64_t waiting_;
};

void waiting(benchmark::State& state, variety what, bool walks) {
  const auto arg = static_cast<std::uint64_t>(state.range(0));
  const std::uint64_t count = unless_smoke(arg, std::min<std::uint64_t>(arg, 1'000));
  rules::engine_limits limits{.matcher = {.runs = 1U << 20, .steps = 1U << 20, .partitions = 1U << 10},
                              .events = 1U << 20};
  if (walks) limits.matcher.indexed_runs = 0;
  const paired_stream stream(what, count);
  const std::string text = std::string(step_text) + (what == variety::equality ? equality_text : order_text);
  const std::uint64_t warm_up = unless_smoke<std::uint64_t>(4 * count + 100'000, 4 * count);
  // Walks take long.
  const std::uint64_t measured = unless_smoke<std::uint64_t>(walks ? 40'000 : 400'000, 2'000);
  const tally expected = stream.expected(warm_up + measured);
  for (auto _ : state) {
    text_matcher matcher(compiled(text), limits);
    event_slots<step> slots;
    const auto fill = [&](std::uint64_t place, event<step>& into) { stream.fill(place, into); };
    const processed_by process{matcher};
    cpu_stopwatch before, watch;
    slots.run(0, warm_up, fill, process, before);
    slots.run(warm_up, measured, fill, process, watch);
    matcher.finish();
    check(state, matcher.found(), expected, matcher.refused());
    state.SetIterationTime(watch.seconds());
    state.counters["ns_per_event"] = watch.ns() / static_cast<double>(measured);
  }
}

void settle(benchmark::internal::Benchmark* made) {
  for (const int count : {100, 1'000, 10'000, 100'000}) made->Arg(count);
  made->Iterations(1)->UseManualTime()->Unit(benchmark::kMillisecond);
}
void settle_walk(benchmark::internal::Benchmark* made) {
  for (const int count : {100, 1'000, 10'000}) made->Arg(count);
  made->Iterations(1)->UseManualTime()->Unit(benchmark::kMillisecond);
}

BENCHMARK_CAPTURE(waiting, equality, variety::equality, false)->Apply(settle);
BENCHMARK_CAPTURE(waiting, equality_walk, variety::equality, true)->Apply(settle_walk);
BENCHMARK_CAPTURE(waiting, order, variety::order, false)->Apply(settle);
BENCHMARK_CAPTURE(waiting, order_walk, variety::order, true)->Apply(settle_walk);

}  // namespace
}  // namespace millrace::bench
