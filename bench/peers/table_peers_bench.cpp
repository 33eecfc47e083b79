// Keyed tables beside each other in one process run: Millrace's, boost::unordered_flat_map, absl::flat_hash_map,
// tsl::robin_map and std::unordered_map, with keys of 8 bytes and values of 8 and 64. Nobody is told how many keys
// come. Every answer is summed and compared with a plain array's; a wrong one fails the benchmark.
//
// Times are the thread's processor time: construction and operations, not destruction. `worst` takes the longest of
// the single operations by the time stamp counter, each of them the least of several runs over the same keys: what the
// table does to itself comes back at the same operation each time, what others do on the machine does not.
#include "smoke.hpp"
#include "timed_events.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <limits>
#include <millrace/table/growing_table.hpp>
#include <millrace/time/cycle_clock.hpp>
#include <string>
#include <unordered_map>
#include <vector>
#if MILLRACE_BENCH_ABSL
#  include <absl/container/flat_hash_map.h>
#endif
#if MILLRACE_BENCH_ROBIN_MAP
#  include <tsl/robin_map.h>
#endif

namespace {

using millrace::bench::cpu_stopwatch;
using millrace::bench::is_smoke;
using millrace::bench::unless_smoke;

template <std::size_t Bytes>
struct payload {
  std::array<std::uint64_t, Bytes / 8> words;
};

/// Distinct keys in no order: a bijection (Steele, Lea and Flood's SplitMix64, as finalised by David Stafford).
std::uint64_t key_of(std::uint64_t number) {
  number += 0x9e3779b97f4a7c15ULL;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9ULL;
  number = (number ^ (number >> 27)) * 0x94d049bb133111ebULL;
  return number ^ (number >> 31);
}

/// The numbers of the keys that a benchmark asks for, from 0 to below `count`: the same ones for every table.
class draws {
 public:
  explicit draws(std::uint64_t count) : count_(count) {}
  std::uint64_t next() {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return (state_ >> 32) * count_ >> 32;
  }

 private:
  std::uint64_t count_;
  std::uint64_t state_ = 42;
};

/// What our table is told: a bound, not a size.
constexpr std::size_t capacity = 50'000'000;

template <class Value>
class millrace_table {
 public:
  static constexpr const char* name = "millrace";
  Value& upsert(std::uint64_t key) { return *table_.find_or_insert(key).value; }
  const Value* find(std::uint64_t key) const { return table_.find(key); }
  bool erase(std::uint64_t key) { return table_.erase(key); }
  [[nodiscard]] std::size_t size() const { return table_.size(); }

 private:
  millrace::growing_table<std::uint64_t, Value> table_{capacity};
};

template <class Map, const char* Name>
class map_table {
 public:
  static constexpr const char* name = Name;
  using value_type = typename Map::mapped_type;
  value_type& upsert(std::uint64_t key) { return map_[key]; }
  const value_type* find(std::uint64_t key) const {
    const auto found = map_.find(key);
    return found == map_.end() ? nullptr : &found->second;
  }
  bool erase(std::uint64_t key) { return map_.erase(key) == 1; }
  [[nodiscard]] std::size_t size() const { return map_.size(); }

 private:
  Map map_;
};

constexpr char boost_name[] = "boost_flat_map";
constexpr char std_name[] = "std_unordered_map";
template <class Value>
using boost_table = map_table<boost::unordered_flat_map<std::uint64_t, Value>, boost_name>;
template <class Value>
using std_table = map_table<std::unordered_map<std::uint64_t, Value>, std_name>;
#if MILLRACE_BENCH_ABSL
constexpr char absl_name[] = "absl_flat_hash_map";
template <class Value>
using absl_table = map_table<absl::flat_hash_map<std::uint64_t, Value>, absl_name>;
#endif
#if MILLRACE_BENCH_ROBIN_MAP
constexpr char robin_name[] = "tsl_robin_map";

template <class Value>
using robin_table = map_table<tsl::robin_map<std::uint64_t, Value>, robin_name>;
#endif

void report(benchmark::State& state, double ns, std::uint64_t operations) {
  state.counters["ns_per_op"] = ns / static_cast<double>(operations);
}

/// What the upserts' results sum up to: the value behind each counts how often its key came.
struct upserts_expected {
  std::uint64_t sum = 0;
  std::uint64_t keys = 0;
};
upserts_expected expect_upserts(std::uint64_t count, std::uint64_t operations) {
  std::vector<std::uint32_t> times(count);
  upserts_expected expected;
  draws numbers(count);
  for (std::uint64_t i = 0; i < operations; ++i) {
    const std::uint32_t now = ++times[numbers.next()];
    expected.sum += now;
    expected.keys += now == 1;
  }
  return expected;
}

/// From empty, twice as many upserts as there are keys, drawn at random: growth included.
template <class Table>
void upsert(benchmark::State& state, std::uint64_t count) {
  const std::uint64_t operations = 2 * count;
  const upserts_expected expected = expect_upserts(count, operations);
  cpu_stopwatch watch;
  std::uint64_t tables = 0;
  for (auto _ : state) {
    const double before = watch.seconds();
    watch.start();
    Table table;
    draws numbers(count);
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < operations; ++i) sum += ++table.upsert(key_of(numbers.next())).words[0];
    watch.stop();
    state.SetIterationTime(watch.seconds() - before);
    ++tables;
    if (sum != expected.sum || table.size() != expected.keys) return state.SkipWithError("wrong counts");
  }
  report(state, watch.ns(), tables * operations);
}

/// From empty, each key once: growth included.
template <class Table>
void fill(benchmark::State& state, std::uint64_t count) {
  cpu_stopwatch watch;
  std::uint64_t tables = 0;
  for (auto _ : state) {
    const double before = watch.seconds();
    watch.start();
    Table table;
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < count; ++i) sum += ++table.upsert(key_of(i)).words[0];
    watch.stop();
    state.SetIterationTime(watch.seconds() - before);
    ++tables;
    if (sum != count || table.size() != count) return state.SkipWithError("wrong counts");
  }
  report(state, watch.ns(), tables * count);
}

template <class Table>
void put_all(Table& table, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) table.upsert(key_of(i)).words[0] = i + 1;
}

/// Keys that are there (`first` 0), or none of which is (`first` the number of keys).
template <class Table>
void look_up(benchmark::State& state, std::uint64_t count, std::uint64_t first) {
  Table table;
  put_all(table, count);
  const std::uint64_t operations = unless_smoke<std::uint64_t>(1'000'000, 10'000);
  std::uint64_t expected = 0;
  draws expected_numbers(count);
  for (std::uint64_t i = 0; i < operations; ++i) expected += first == 0 ? expected_numbers.next() + 1 : 0;
  cpu_stopwatch watch;
  std::uint64_t rounds = 0;
  for (auto _ : state) {
    const double before = watch.seconds();
    watch.start();
    draws numbers(count);
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < operations; ++i) {
      const auto* const found = table.find(key_of(first + numbers.next()));
      if (found != nullptr) sum += found->words[0];
    }
    watch.stop();
    state.SetIterationTime(watch.seconds() - before);
    ++rounds;
    if (sum != expected) return state.SkipWithError("wrong values");
  }
  report(state, watch.ns(), rounds * operations);
}

/// The number of keys stays, the keys do not: the oldest goes, a new one comes.
template <class Table>
void churn(benchmark::State& state, std::uint64_t count) {
  Table table;
  put_all(table, count);
  const std::uint64_t operations = unless_smoke<std::uint64_t>(1'000'000, 10'000);
  cpu_stopwatch watch;
  std::uint64_t done = 0;
  for (auto _ : state) {
    const double before = watch.seconds();
    watch.start();
    std::uint64_t erased = 0;
    for (std::uint64_t i = 0; i < operations; ++i, ++done) {
      erased += table.erase(key_of(done));
      table.upsert(key_of(done + count)).words[0] = done;
    }
    watch.stop();
    state.SetIterationTime(watch.seconds() - before);
    if (erased != operations || table.size() != count) return state.SkipWithError("wrong counts");
  }
  report(state, watch.ns(), done);
}

/// The longest single upsert while the table grows from empty.
template <class Table>
void worst(benchmark::State& state, std::uint64_t count) {
  const millrace::cycle_clock clock;
  const int runs = unless_smoke(5, 2);
  for (auto _ : state) {
    std::vector<std::uint32_t> least(count, std::numeric_limits<std::uint32_t>::max());
    for (int run = 0; run < runs; ++run) {
      Table table;
      std::uint64_t last = clock.now();
      for (std::uint64_t i = 0; i < count; ++i) {
        table.upsert(key_of(i)).words[0] = i;
        const std::uint64_t now = clock.now();
        const std::uint64_t ticks = std::min<std::uint64_t>(now - last, std::numeric_limits<std::uint32_t>::max());
        least[i] = std::min(least[i], static_cast<std::uint32_t>(ticks));
        last = clock.now();
      }
      if (table.size() != count) return state.SkipWithError("wrong counts");
    }
    std::sort(least.begin(), least.end());
    const auto ns_at = [&](double quantile) {
      return static_cast<double>(
          clock.to_ns(least[static_cast<std::size_t>(quantile * static_cast<double>(count - 1))]));
    };
    state.counters["p50_ns"] = ns_at(0.5);
    state.counters["p99.9_ns"] = ns_at(0.999);
    state.counters["p99.999_ns"] = ns_at(0.99999);
    state.counters["worst_ns"] = ns_at(1);
    state.SetIterationTime(ns_at(1) / 1e9);
  }
}

template <template <class> class Table, std::size_t Bytes>
void register_table() {
  using table = Table<payload<Bytes>>;
  const auto add = [](const std::string& what, std::uint64_t count, auto function) {
    const std::string name = "table/" + std::to_string(Bytes) + "/" + what + "/" + std::to_string(count) + "/";
    auto* const made = benchmark::RegisterBenchmark((name + table::name).c_str(), [=](benchmark::State& state) {
      const std::uint64_t keys = unless_smoke<std::uint64_t>(count, std::min<std::uint64_t>(count, 20'000));
      function(state, keys);
    });
    made->UseManualTime()->Unit(benchmark::kMillisecond);
    if (count > 1'000'000 || what == "worst") made->Iterations(1);
  };
  for (const std::uint64_t count : {10'000u, 1'000'000u, 10'000'000u}) {
    add("upsert", count, [](benchmark::State& state, std::uint64_t keys) { upsert<table>(state, keys); });
    add("fill", count, [](benchmark::State& state, std::uint64_t keys) { fill<table>(state, keys); });
    add("hit", count, [](benchmark::State& state, std::uint64_t keys) { look_up<table>(state, keys, 0); });
    add("miss", count, [](benchmark::State& state, std::uint64_t keys) { look_up<table>(state, keys, keys); });
    add("churn", count, [](benchmark::State& state, std::uint64_t keys) { churn<table>(state, keys); });
    add("worst", count, [](benchmark::State& state, std::uint64_t keys) { worst<table>(state, keys); });
  }
}

template <template <class> class Table>
void register_sizes() {
  register_table<Table, 8>();
  register_table<Table, 64>();
}

const int registered = [] {
  register_sizes<millrace_table>();
  register_sizes<boost_table>();
#if MILLRACE_BENCH_ABSL
  register_sizes<absl_table>();
#endif
#if MILLRACE_BENCH_ROBIN_MAP
  register_sizes<robin_table>();
#endif
  register_sizes<std_table>();
  return 0;
}();

}  // namespace
