// Windows over many keys, each beside a loop that a hand would write over the same table.
//
//   running_sum/…/K     a sum a key, told after each event
//   tumbling/…/K        a sum a key and window of ten events a key
//   hopping/…/K         the same every event a key: ten slides a window
//   disorder/K          the same, a third of the events up to a slide late
//   sliding_max/N       the highest of the last N values (DABA Lite), and the worst single step
//   close/S             100,000 windows that close at once, S with an event (0: all): what each event takes meanwhile
//   session/K           sessions a key, most events go on, each tenth begins one, each hundredth joins two
//
// Sums and numbers of results are compared with those of the loop, or with what went in.
#include "keyed_stream.hpp"
#include "smoke.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <millrace/table/growing_table.hpp>
#include <millrace/time/cycle_clock.hpp>
#include <millrace/window/aggregate.hpp>
#include <millrace/window/aligned_windows.hpp>
#include <millrace/window/daba_lite.hpp>
#include <millrace/window/session_windows.hpp>
#include <millrace/window/sums.hpp>
#include <string>
#include <vector>

namespace millrace::bench {
namespace {

using key_type = std::uint64_t;
using sum = window::aggregate<std::int64_t, window::integer_sum>;
using windows = window::aligned_windows<key_type, sum>;

constexpr std::int64_t tick_ns = 100;  // from one event to the next
constexpr std::int64_t events_a_window = 10;

/// Keys in no order, made once.
class key_list {
 public:
  explicit key_list(std::uint64_t keys) : keys_(unless_smoke(std::size_t{1} << 22, std::size_t{1} << 14)) {
    for (std::size_t i = 0; i < keys_.size(); ++i) keys_[i] = place_of(scrambled(i), keys);
  }
  [[nodiscard]] key_type operator[](std::uint64_t place) const noexcept { return keys_[place & (keys_.size() - 1)]; }

 private:
  std::vector<key_type> keys_;
};

struct totals {
  std::uint64_t results = 0;
  std::int64_t sum = 0;
};

std::int64_t value_at(std::uint64_t place) noexcept { return static_cast<std::int64_t>(place & 0xFF); }
std::int64_t time_at(std::uint64_t place) noexcept { return static_cast<std::int64_t>(place) * tick_ns; }

/// Runs events [0, warm) and then, measured, as many again and again as the benchmark asks for.
template <class Step>
void measure(benchmark::State& state, std::uint64_t keys, Step&& step) {
  const auto round = unless_smoke(std::max<std::uint64_t>(2 * keys, 200'000), std::uint64_t{20'000});
  std::uint64_t place = 0;
  for (const std::uint64_t warm = unless_smoke(22 * keys, std::uint64_t{20'000}); place < warm; ++place) step(place);
  std::uint64_t events = 0;
  for (auto _ : state) {
    for (const std::uint64_t end = place + round; place != end; ++place) step(place);
    events += round;
  }
  state.counters["ns_per_event"] =
      benchmark::Counter(static_cast<double>(events) * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void expect(benchmark::State& state, bool holds, const char* what) {
  if (!holds) state.SkipWithError(what);
}

// --- a running sum

void running_sum_by_hand(benchmark::State& state, std::uint64_t keys) {
  const key_list stream(keys);
  growing_table<key_type, std::int64_t> table(keys);
  std::int64_t told = 0;
  std::uint64_t events = 0;
  measure(state, keys, [&](std::uint64_t place) {
    std::int64_t& of = *table.find_or_insert(stream[place]).value;
    of += value_at(place);
    told ^= of;
    ++events;
  });
  benchmark::DoNotOptimize(told);
  std::int64_t all = 0;
  table.for_each([&](const key_type&, const std::int64_t& of) { all += of; });
  std::int64_t wanted = 0;
  for (std::uint64_t place = 0; place < events; ++place) wanted += value_at(place);
  expect(state, all == wanted, "the sums are wrong");
}

void running_sum(benchmark::State& state, std::uint64_t keys) {
  const key_list stream(keys);
  constexpr std::int64_t forever = std::int64_t{1} << 60;
  windows of(sum(), {.times = {.size = forever, .advance = forever},
                     .emit = window::emission::updates,
                     .limits = {.keys = static_cast<std::uint32_t>(keys), .panes = 1}});
  std::int64_t told = 0;
  std::uint64_t results = 0;
  std::uint64_t events = 0;
  const auto out = [&](const window::window_result<key_type>& each) {
    told ^= sum::of(each.state).value();
    ++results;
  };
  const auto aside = [](const auto&) {};
  measure(state, keys, [&](std::uint64_t place) {
    of.add(stream[place], value_at(place), time_at(place), place, out, aside);
    ++events;
  });
  benchmark::DoNotOptimize(told);
  expect(state, results == events, "there are not as many results as events");
}

// --- windows

struct window_shape {
  std::int64_t size;
  std::int64_t slides;
};
window_shape shape_of(std::uint64_t keys, std::int64_t slides) {
  return {events_a_window * static_cast<std::int64_t>(keys) * tick_ns, slides};
}

/// What must come out: each window's sum, by the slices of all keys together.
class wanted_totals {
 public:
  explicit wanted_totals(window_shape shape) : shape_(shape) {}
  /// Of all windows that begin at or behind 0 and end at or before a time.
  [[nodiscard]] std::int64_t sum_until(std::int64_t end_time, std::uint64_t events) const {
    const std::int64_t advance = shape_.size / shape_.slides;
    std::vector<std::int64_t> slices(static_cast<std::size_t>(time_at(events) / advance + 1));
    for (std::uint64_t place = 0; place < events; ++place)
      slices[static_cast<std::size_t>(time_at(place) / advance)] += value_at(place);
    std::int64_t all = 0;
    for (std::int64_t start = 0; start + shape_.size <= end_time; start += advance)
      for (std::int64_t i = 0; i < shape_.slides; ++i) all += slices[static_cast<std::size_t>(start / advance + i)];
    return all;
  }

 private:
  window_shape shape_;
};

template <std::int64_t Slides>
void windows_by_hand(benchmark::State& state, std::uint64_t keys) {
  struct slices {
    std::int64_t sums[static_cast<std::size_t>(Slides)];
    std::int64_t latest;  // time of the latest event
  };
  const key_list stream(keys);
  const window_shape shape = shape_of(keys, Slides);
  const std::int64_t advance = shape.size / Slides;
  growing_table<key_type, slices> table(keys);
  totals found;
  std::int64_t slice_end = advance;
  std::size_t slice = 0;
  std::int64_t ended = 0;
  std::uint64_t events = 0;
  measure(state, keys, [&](std::uint64_t place) {
    const std::int64_t time = time_at(place);
    if (time >= slice_end) {
      const bool is_whole = slice_end >= shape.size;
      slice = (slice + 1) % static_cast<std::size_t>(Slides);
      table.for_each([&](const key_type&, slices& each) {
        if (is_whole && each.latest >= slice_end - shape.size) {
          std::int64_t all = 0;
          for (const std::int64_t part : each.sums) all += part;
          found.sum += all;
          ++found.results;
        }
        each.sums[slice] = 0;
      });
      ended = slice_end;
      slice_end += advance;
    }
    slices& of = *table.find_or_insert(stream[place]).value;
    of.sums[slice] += value_at(place);
    of.latest = time;
    ++events;
  });
  expect(state, found.sum == wanted_totals(shape).sum_until(ended, events), "the windows' sums are wrong");
}

void windows_of_library(benchmark::State& state, std::uint64_t keys, std::int64_t slides, std::int64_t disorder_ns,
                        std::uint32_t steps_each) {
  const key_list stream(keys);
  const window_shape shape = shape_of(keys, slides);
  windows of(
      sum(),
      {.times = {.size = shape.size, .advance = shape.size / slides, .grace = disorder_ns, .before_epoch = false},
       .limits = {.keys = static_cast<std::uint32_t>(keys),
                  .panes = static_cast<std::uint32_t>(keys * static_cast<std::uint64_t>(slides + 3)),
                  .steps_each = steps_each}});
  totals found;
  const auto out = [&](const window::window_result<key_type>& each) {
    found.sum += sum::of(each.state).value();
    ++found.results;
  };
  const auto aside = [](const auto&) {};
  std::uint64_t events = 0;
  measure(state, keys, [&](std::uint64_t place) {
    const std::int64_t late =
        disorder_ns != 0 && place % 3 == 0
            ? static_cast<std::int64_t>(scrambled(place) % static_cast<std::uint64_t>(disorder_ns))
            : 0;
    of.add(stream[place], value_at(place), std::max<std::int64_t>(0, time_at(place) - late), place, out, aside);
    ++events;
  });
  while (of.close_some(1U << 20, out)) {
  }
  expect(state, of.counters().taken == events, "events were left out");
  if (disorder_ns != 0) return;
  const std::int64_t advance = shape.size / slides;
  expect(state, found.sum == wanted_totals(shape).sum_until(time_at(events - 1) / advance * advance, events),
         "the windows' sums are wrong");
  state.counters["results_per_event"] = static_cast<double>(found.results) / static_cast<double>(events);
}

// --- the last N values

struct larger {
  double operator()(double a, double b) const noexcept { return a < b ? b : a; }
};

void sliding_max(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  window::daba_lite<double, larger> of(size + 1, -std::numeric_limits<double>::infinity());
  std::vector<double> values(std::size_t{1} << 16);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(scrambled(i) >> 11);
  std::uint64_t place = 0;
  double told = 0;
  bool is_full = false;
  const auto step = [&] {
    is_full |= !of.try_push(values[place++ & (values.size() - 1)]);
    if (of.size() > size) of.pop();
    told += of.aggregate();
  };
  while (of.size() < size) step();
  for (std::size_t i = 0; i < size; ++i) step();
  for (auto _ : state)
    for (int i = 0; i < 1'024; ++i) step();
  benchmark::DoNotOptimize(told);
  state.counters["ns_per_event"] =
      benchmark::Counter(1'024e-9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  // Each single step, timed: the same ones three times over, and of each the least, so that what others did on the
  // machine does not count. The clock itself takes some 20 ns.
  static const cycle_clock clock;
  std::vector<std::int64_t> took(unless_smoke<std::size_t>(1'000'000, 1'000), std::numeric_limits<std::int64_t>::max());
  for (int pass = 0; pass < 3; ++pass) {
    while (of.size() != 0) of.pop();
    while (of.size() < size) step();
    for (std::int64_t& least : took) {
      const std::uint64_t start = clock.now();
      step();
      least = std::min(least, clock.ns_between(start, clock.now()));
    }
  }
  std::ranges::sort(took);
  state.counters["p99.99_ns"] = static_cast<double>(took[took.size() * 9'999 / 10'000]);
  state.counters["worst_ns"] = static_cast<double>(took.back());
  double most = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < size; ++i) most = std::max(most, values[(place - 1 - i) & (values.size() - 1)]);
  expect(state, !is_full && of.aggregate() == most, "the highest value is wrong");
}

// --- many windows that close at once

void close_many(benchmark::State& state) {
  const auto steps = static_cast<std::uint32_t>(state.range(0));
  const auto keys = unless_smoke<std::uint64_t>(100'000, 1'000);
  static const cycle_clock clock;
  // Of each event of a round the least time that it took in any round, as others on the machine interrupt some.
  std::vector<std::int64_t> took(keys, std::numeric_limits<std::int64_t>::max());
  std::uint64_t closing = 0;
  std::uint64_t results = 0;
  const std::int64_t size = static_cast<std::int64_t>(keys) * tick_ns * 4;
  windows of(sum(), {.times = {.size = size, .advance = size},
                     .limits = {.keys = static_cast<std::uint32_t>(keys),
                                .panes = static_cast<std::uint32_t>(keys),
                                .steps_each = steps}});
  const auto out = [&](const window::window_result<key_type>& each) {
    results += sum::of(each.state).value() == 1 ? 1U : 0U;
  };
  const auto aside = [](const auto&) {};
  std::uint64_t rounds = 0;
  std::uint64_t place = 0;
  const auto add = [&](std::uint64_t key, std::int64_t time) { of.add(key, 1, time, place++, out, aside); };
  const auto timed_add = [&](std::uint64_t key, std::int64_t time) {
    const std::uint64_t start = clock.now();
    add(key, time);
    return clock.ns_between(start, clock.now());
  };
  for (std::uint64_t key = 0; key < keys; ++key) add(key, 0);
  for (auto _ : state) {
    ++rounds;
    const std::int64_t start = static_cast<std::int64_t>(rounds) * size;
    for (std::uint64_t i = 0; i < keys; ++i) {
      const std::uint64_t key = i * 7'919 % keys;
      closing += i == 0 || of.is_behind() ? 1U : 0U;
      took[i] = std::min(took[i], timed_add(key, start + static_cast<std::int64_t>(i) * tick_ns));
    }
  }
  while (of.close_some(1U << 20, out)) {
  }
  closing /= std::max<std::uint64_t>(rounds, 1);
  took.resize(std::max<std::uint64_t>(closing, 1));
  std::ranges::sort(took);
  const auto at = [&](double q) {
    return static_cast<double>(took[static_cast<std::size_t>(q * static_cast<double>(took.size() - 1))]);
  };
  state.counters["p50_ns"] = at(0.5);
  state.counters["p99_ns"] = at(0.99);
  state.counters["p99.9_ns"] = at(0.999);
  state.counters["worst_ns"] = at(1);
  state.counters["events_closing"] = static_cast<double>(closing);
  expect(state, results == rounds * keys, "windows are wrong or lacking");
}

// --- sessions

void sessions(benchmark::State& state, std::uint64_t keys) {
  constexpr std::int64_t gap = 10;
  using session_type = window::session_windows<key_type, sum>;
  session_type of(sum(), {.gap = gap * static_cast<std::int64_t>(keys) * tick_ns,
                          .grace = static_cast<std::int64_t>(keys) * tick_ns * 20,
                          .limits = {.keys = static_cast<std::uint32_t>(keys),
                                     .panes = static_cast<std::uint32_t>(keys * 40 + 1'000)}});
  std::int64_t told = 0;
  const auto out = [&](const window::window_result<key_type>& each) { told += sum::of(each.state).value(); };
  const auto aside = [](const auto&) {};
  std::int64_t given = 0;
  const std::int64_t turn = static_cast<std::int64_t>(keys) * tick_ns;
  measure(state, keys, [&](std::uint64_t place) {
    // A key has an event a turn. Of each hundred turns every tenth is followed by 15 turns without one; in the middle
    // of the last of these an event comes late and joins the two sessions.
    const std::uint64_t key = place % keys;
    const auto turns = static_cast<std::int64_t>(place / keys);
    const std::int64_t jump = turns / 10 * 15;
    const std::int64_t time = (turns + jump) * turn + static_cast<std::int64_t>(key) * tick_ns;
    const bool bridges = turns % 100 == 90;
    of.add(key, value_at(place), bridges ? time - turn * 8 : time, place, out, aside);
    given += value_at(place);
  });
  of.advance_to(std::numeric_limits<std::int64_t>::max(), out);
  expect(state, told == given && of.counters().late == 0 && of.counters().no_room == 0, "the sessions' sums are wrong");
  state.counters["events_per_session"] =
      static_cast<double>(of.counters().taken) / static_cast<double>(of.counters().results);
}

void register_all() {
  for (const std::uint64_t keys : {std::uint64_t{1'000}, std::uint64_t{100'000}, std::uint64_t{1'000'000}}) {
    const std::uint64_t used = keys;
    const std::string of = "/" + std::to_string(keys);
    const auto add = [](const std::string& name, auto run) {
      benchmark::RegisterBenchmark(name.c_str(), run)->Unit(benchmark::kMillisecond);
    };
    add("running_sum/by_hand" + of, [used](benchmark::State& s) { running_sum_by_hand(s, used); });
    add("running_sum/windows" + of, [used](benchmark::State& s) { running_sum(s, used); });
    add("tumbling/by_hand" + of, [used](benchmark::State& s) { windows_by_hand<1>(s, used); });
    add("tumbling/windows" + of, [used](benchmark::State& s) { windows_of_library(s, used, 1, 0, 8); });
    add("hopping/by_hand" + of, [used](benchmark::State& s) { windows_by_hand<10>(s, used); });
    add("hopping/windows" + of, [used](benchmark::State& s) { windows_of_library(s, used, 10, 0, 8); });
    add("disorder" + of,
        [used](benchmark::State& s) { windows_of_library(s, used, 10, static_cast<std::int64_t>(used) * tick_ns, 8); });
    add("session" + of, [used](benchmark::State& s) { sessions(s, used); });
  }
  auto* const max = benchmark::RegisterBenchmark("sliding_max", sliding_max);
  for (int power = 4; power <= 20; power += 4) max->Arg(std::int64_t{1} << power);
  benchmark::RegisterBenchmark("close", close_many)->Arg(2)->Arg(8)->Arg(32)->Arg(0)->Unit(benchmark::kMillisecond);
}

const bool registered = (register_all(), true);

}  // namespace
}  // namespace millrace::bench
