// Operators of streams and read models over a stream made in memory, one thread, and one writer beside readers.
//
//   join/KIND/keys          two streams within a window that holds two records a key and side in the mean
//   join_out_of_order/keys  the same, inner, records up to a window late
//   enrich/keys             a stream with a table's row
//   dedup/keys              a third of the records repeat one of late
//   read_model/readers      puts of a thread beside so many that read by key, by index and all
//
// Times are processor time of the one thread, a record or put, with the making of the record in it (about 3 ns).
// Answers are held to plain loops.
#include "smoke.hpp"
#include "timed_events.hpp"

#include <millrace/base/hash.hpp>
#include <millrace/projection/read_model.hpp>
#include <millrace/stream/deduplicator.hpp>
#include <millrace/stream/latest_table.hpp>
#include <millrace/stream/stream_stream_join.hpp>
#include <millrace/stream/stream_table_join.hpp>

#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <thread>
#include <vector>

namespace millrace::bench {
namespace {

using item = stream::record<std::uint64_t, std::uint64_t>;

std::uint64_t keys_of(const benchmark::State& state) {
  return unless_smoke(static_cast<std::uint64_t>(state.range(0)), std::uint64_t{1'000});
}
std::uint64_t measured_records() { return unless_smoke(std::uint64_t{4'000'000}, std::uint64_t{40'000}); }
std::uint64_t warm_up_of(std::uint64_t keys) { return 12 * keys; }

/// The record at a place: one a nanosecond, keys in no order, up to `late` out of order.
item item_at(std::uint64_t place, std::uint64_t keys, std::uint64_t late) {
  const std::uint64_t bits = hash_word(place, 1);
  const std::uint64_t back = late == 0 ? 0 : place_of(hash_word(place, 3), late);
  return {place_of(bits, keys), place, static_cast<std::int64_t>(place + late - back)};
}
bool is_left(std::uint64_t place) { return (hash_word(place, 2) & 1) != 0; }

/// Pairs of a key's records within `window`, each counted by the one that comes later.
class expected_pairs {
 public:
  expected_pairs(std::uint64_t keys, std::int64_t window) : sides_{times(keys), times(keys)}, window_(window) {}

  std::uint64_t take(const item& from, bool left) {
    sides_[left][*from.key].push_back(from.time_ns);
    auto& others = sides_[!left][*from.key];
    std::uint64_t found = 0;
    for (const std::int64_t other : others) found += std::abs(other - from.time_ns) <= window_;
    while (!others.empty() && others.front() < from.time_ns - 8 * window_) others.pop_front();
    return found;
  }

 private:
  using times = std::vector<std::deque<std::int64_t>>;
  times sides_[2];
  std::int64_t window_;
};

void join(benchmark::State& state, stream::join_kind kind, bool in_order) {
  const std::uint64_t keys = keys_of(state);
  const auto window = static_cast<std::int64_t>(4 * keys);
  const std::uint64_t late = in_order ? 0 : 4 * keys;
  const std::uint64_t begin = warm_up_of(keys);
  const std::uint64_t end = begin + measured_records();
  for (auto _ : state) {
    stream::stream_stream_join<std::uint64_t, std::uint64_t, std::uint64_t> operation(
        kind, {window / 2, window / 2, window}, static_cast<std::uint32_t>(16 * keys));
    std::uint64_t pairs = 0;
    std::uint64_t alone = 0;
    const auto run = [&](std::uint64_t from, std::uint64_t to) {
      const auto out = [&](const auto& joined) {
        const bool is_pair = joined.left != nullptr && joined.right != nullptr;
        pairs += is_pair;
        alone += !is_pair;
      };
      for (std::uint64_t place = from; place < to; ++place) {
        const item made = item_at(place, keys, late);
        if (is_left(place))
          operation.left(made, out);
        else
          operation.right(made, out);
      }
    };
    cpu_stopwatch watch;
    run(0, begin);
    watch.start();
    run(begin, end);
    watch.stop();
    expected_pairs loop(keys, window / 2);
    std::uint64_t expected = 0;
    for (std::uint64_t place = 0; place < end; ++place)
      expected += loop.take(item_at(place, keys, late), is_left(place));
    if (pairs != expected) state.SkipWithError("not the pairs of a plain loop");
    if (operation.counters().full != 0) state.SkipWithError("the bound was met");
    state.SetIterationTime(watch.seconds());
    state.counters["ns_per_record"] = watch.ns() / static_cast<double>(end - begin);
    state.counters["pairs_per_record"] = static_cast<double>(pairs) / static_cast<double>(end);
    state.counters["alone"] = static_cast<double>(alone);
  }
}

template <stream::join_kind kind>
void ordered_join(benchmark::State& state) {
  join(state, kind, true);
}
void join_out_of_order(benchmark::State& state) { join(state, stream::join_kind::inner, false); }

/// Runs `take(place)` over a warm-up and the measured places; the time is that of the latter.
template <class Take>
void measure(benchmark::State& state, std::uint64_t keys, Take&& take) {
  const std::uint64_t begin = warm_up_of(keys);
  const std::uint64_t end = begin + measured_records();
  for (std::uint64_t place = 0; place < begin; ++place) take(place);
  cpu_stopwatch watch;
  watch.start();
  for (std::uint64_t place = begin; place < end; ++place) take(place);
  watch.stop();
  state.SetIterationTime(watch.seconds());
  state.counters["ns_per_record"] = watch.ns() / static_cast<double>(end - begin);
}

void enrich(benchmark::State& state) {
  const std::uint64_t keys = keys_of(state);
  using table = stream::latest_table<std::uint64_t, std::uint64_t>;
  for (auto _ : state) {
    table rows(keys);
    for (std::uint64_t key = 0; key < keys; ++key) rows.put({key, key * 7, 0});
    stream::stream_table_join<std::uint64_t, std::uint64_t, table> operation(stream::join_kind::inner, rows);
    std::uint64_t wrong = 0;
    std::uint64_t handed_on = 0;
    measure(state, keys, [&](std::uint64_t place) {
      operation.process(item_at(place, keys, 0), [&](const auto& joined) {
        wrong += *joined.right != *joined.key * 7;
        ++handed_on;
      });
    });
    if (wrong != 0 || handed_on != warm_up_of(keys) + measured_records()) state.SkipWithError("not each record's row");
  }
}

/// The id at a place: its own, or a third of the time that of a place before.
std::uint64_t id_at(std::uint64_t place, std::uint64_t keys) {
  const std::uint64_t bits = hash_word(place, 4);
  if (bits % 3 != 0) return place;
  const std::uint64_t back = 1 + place_of(bits, keys);
  return place < back ? place : place - back;
}

void dedup(benchmark::State& state) {
  const std::uint64_t keys = keys_of(state);
  for (auto _ : state) {
    stream::deduplicator<std::uint64_t> operation(
        {static_cast<std::int64_t>(keys), 0, static_cast<std::uint32_t>(keys), stream::dedup_when_full::drop});
    std::vector<std::int64_t> passed_at(warm_up_of(keys) + measured_records(), -1);
    std::vector<bool> passed(passed_at.size());
    measure(state, keys, [&](std::uint64_t place) {
      passed[place] = operation.passes(id_at(place, keys), static_cast<std::int64_t>(place));
    });
    for (std::uint64_t place = 0; place < passed.size(); ++place) {
      std::int64_t& last = passed_at[id_at(place, keys)];
      const auto now = static_cast<std::int64_t>(place);
      const bool passes = last < 0 || now - last >= static_cast<std::int64_t>(keys);
      if (passes) last = now;
      if (passed[place] != passes) state.SkipWithError("not the records that a plain loop lets pass");
    }
    state.counters["remembered"] = static_cast<double>(operation.remembered());
    state.counters["bytes_an_id"] = static_cast<double>(operation.reserved_bytes()) / static_cast<double>(keys);
  }
}

/// Five words, of which four follow from the first.
struct account {
  std::uint64_t owner;
  std::uint64_t rest[4];

  [[nodiscard]] bool is_whole() const {
    for (std::uint64_t i = 0; i < 4; ++i)
      if (rest[i] != owner + 1 + i) return false;
    return true;
  }
};
account account_of(std::uint64_t owner) { return {owner, {owner + 1, owner + 2, owner + 3, owner + 4}}; }
struct owner_of {
  std::uint64_t operator()(const account& row) const { return row.owner % 4'096; }
};
using model = projection::read_model<std::uint64_t, account, owner_of>;

/// Reads rows by key and by index until it is told to stop; returns how many, and counts torn ones.
std::uint64_t read_rows(const model& rows, std::uint64_t keys, const std::atomic<bool>& is_done,
                        std::atomic<std::uint64_t>& torn) {
  std::uint64_t reads = 0;
  for (std::uint64_t place = 0; !is_done.load(std::memory_order_relaxed); ++place) {
    for (std::uint64_t i = 0; i < 64; ++i) {
      const auto row = rows.read(place_of(hash_word(64 * place + i, 5), keys));
      if (row && !row->is_whole()) ++torn;
    }
    reads += 64;
    rows.for_each_by<0>(place % 4'096, [&](std::uint64_t, const account& row) {
      if (!row.is_whole() || row.owner % 4'096 != place % 4'096) ++torn;
      ++reads;
    });
  }
  return reads;
}

void read_model(benchmark::State& state) {
  constexpr std::uint64_t keys = 100'000;
  for (auto _ : state) {
    model rows(keys, owner_of{});
    for (std::uint64_t key = 0; key < keys; ++key) rows.put(key, account_of(key));
    std::atomic<bool> is_done{false};
    std::atomic<std::uint64_t> torn{0};
    std::atomic<std::uint64_t> reads{0};
    std::vector<std::thread> readers;
    for (std::int64_t i = 0; i < state.range(0); ++i)
      readers.emplace_back([&] { reads += read_rows(rows, keys, is_done, torn); });
    measure(state, 1, [&](std::uint64_t place) {
      const std::uint64_t key = place_of(hash_word(place, 6), keys);
      rows.put(key, account_of(key + 4'096 * (place % 16)));  // its index value stays
    });
    is_done = true;
    for (std::thread& each : readers) each.join();
    if (torn != 0) state.SkipWithError("a torn row was read");
    state.counters["reads"] = static_cast<double>(reads);
  }
}

void keyed(benchmark::internal::Benchmark* of) {
  of->Arg(1'000)->Arg(100'000)->ArgName("keys")->UseManualTime()->Iterations(1)->Unit(benchmark::kMillisecond);
}

BENCHMARK(ordered_join<stream::join_kind::inner>)->Name("join/inner")->Apply(keyed);
BENCHMARK(ordered_join<stream::join_kind::left>)->Name("join/left")->Apply(keyed);
BENCHMARK(ordered_join<stream::join_kind::outer>)->Name("join/outer")->Apply(keyed);
BENCHMARK(join_out_of_order)->Apply(keyed);
BENCHMARK(enrich)->Apply(keyed);
BENCHMARK(dedup)->Apply(keyed);
BENCHMARK(read_model)
    ->Arg(0)
    ->Arg(1)
    ->ArgName("readers")
    ->UseManualTime()
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace millrace::bench
