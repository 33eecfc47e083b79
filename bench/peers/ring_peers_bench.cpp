// One thread hands messages of 8 and of 64 bytes to another: Millrace's rings beside Boost.Lockfree's, moodycamel's
// and TBB's queues, in one program. Every message's sequence is checked and every word summed; a wrong answer fails the
// benchmark. "throughput" is from the first message sent to the last received; "round_trip" is one message at a time
// there over one ring and back over another.
//
// Both threads are pinned. A virtual machine may move its processors between caches while this runs, which changes
// every number three- to sixfold, so that each sample times a bare cache-line round trip before and after, samples
// during which it changed or a thread was interrupted are left out, and the table at the end is by where the sample
// ran: same core ("smt"), same cache ("near"), other cache ("far").
//
//     ring_peers_bench --benchmark_enable_random_interleaving=true --benchmark_repetitions=9 --benchmark_min_time=0.05

#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "peers/burst.hpp"
#include "peers/by_placement.hpp"
#include "peers/graph_channels.hpp"
#include "peers/messages.hpp"
#include "peers/ping_pong.hpp"
#include "peers/ring_channels.hpp"
#include "smoke.hpp"

namespace millrace::bench {
namespace {

using steady = std::chrono::steady_clock;

/// What a thread does between two polls that find nothing. A ring that loses a message must not poll for ever ahead of
/// every other thread of the machine.
class patience {
 public:
  /// False when the time is up.
  bool after(std::size_t work_count) {
    if (work_count != 0) return true;
    poll_pause(polls_);
    return polls_ % 4096 != 0 || is_time_left();
  }

 private:
  bool is_time_left() {
    // Read now for the first time: a clock in front of every message would be measured.
    if (end_ == steady::time_point{}) end_ = steady::now() + std::chrono::seconds(2);
    return steady::now() < end_;
  }

  std::uint32_t polls_ = 0;
  steady::time_point end_{};
};

/// `Batch` at a time, as many as there is room for; what is less at the end one at a time.
template <std::size_t Batch, class Channel>
void produce(Channel& channel, std::uint64_t first, std::uint64_t end) {
  patience idle;
  while (first < end) {
    const std::size_t taken =
        first + Batch <= end ? channel.template send<Batch>(first) : channel.template send<1>(first);
    first += taken;
    if (!idle.after(taken)) return;
  }
}

template <std::size_t Batch, std::size_t Words, class Channel>
void consume(Channel& channel, tally<Words>& seen, std::uint64_t end) {
  patience idle;
  while (seen.received < end) {
    if (!idle.after(channel.template receive<Batch>(seen))) return;
  }
}

/// Which part of the shared cache a line is in makes a tenth of a round trip: the samples take turns.
ping_pong& next_probe() {
  static std::array<ping_pong, 64> probes;
  static std::size_t next = 0;
  return probes[next++ % probes.size()];
}

/// A sample's result: what `measured` returns, in the unit of the figure, unless the sample was disturbed.
struct sample {
  double seconds = 0;
  double bare_round_trip_ns = 0;
  bool is_clean = false;
  placement where = placement::near;
};

/// Runs `there` beside `here` on two processors, between two looks at the placement.
template <class There, class Here>
sample measured(There there, Here here) {
  ping_pong& probe = next_probe();
  alignas(false_sharing_bytes) bool was_interrupted = false;
  std::atomic<bool> is_there = false;
  std::jthread other([&] {
    burst hold(0);
    is_there.store(true, std::memory_order_release);
    is_there.notify_one();
    probe.answer();
    there();
    probe.answer();
    was_interrupted = hold.was_interrupted();
  });
  // It starts on this thread's processor, and has to get away before this one takes that for itself.
  is_there.wait(false, std::memory_order_acquire);
  burst hold(1);
  sample taken;
  const double before = probe.ask();
  taken.seconds = here();
  const double after = probe.ask();
  was_interrupted |= (other.join(), hold.was_interrupted());
  taken.bare_round_trip_ns = std::min(before, after);
  taken.where = placement_of(before);
  taken.is_clean = !was_interrupted && taken.where == placement_of(after);
  return taken;
}

void keep(const std::string& figure, const std::string& ring, const sample& taken, double value) {
  if (taken.is_clean) {
    keep(figure, ring, taken.where, value);
  } else {
    leave_out(figure, ring);
  }
}

/// In a smoke run one sample is enough, however short it was.
double counted(double seconds) { return unless_smoke(seconds, 1.0); }

template <std::size_t Words, std::size_t Slots, std::size_t Batch, template <std::size_t, std::size_t> class Channel>
void throughput(benchmark::State& state, const std::string& figure) {
  using channel_type = Channel<Words, Slots>;
  const std::uint64_t warm_up = 2 * Slots;
  const std::uint64_t end = warm_up + unless_smoke<std::uint64_t>(Words == 1 ? 1'000'000 : 400'000, 5'000);
  for (auto _ : state) {
    const auto channel = std::make_unique<channel_type>();
    alignas(false_sharing_bytes) tally<Words> seen;
    // The producer's and the consumer's start; whoever was first counts.
    alignas(false_sharing_bytes) steady::time_point sent_first;
    alignas(false_sharing_bytes) steady::time_point started;
    const sample taken = measured(
        [&] {
          produce<Batch>(*channel, 0, warm_up);
          sent_first = steady::now();
          produce<Batch>(*channel, warm_up, end);
        },
        [&] {
          consume<Batch>(*channel, seen, warm_up);
          started = steady::now();
          consume<Batch>(*channel, seen, end);
          return std::chrono::duration<double>(steady::now() - started).count();
        });
    const double seconds = taken.seconds + std::max(0.0, std::chrono::duration<double>(started - sent_first).count());
    state.SetIterationTime(counted(seconds));
    if (!seen.is_right(end)) return state.SkipWithError("messages lost, repeated, damaged or out of order");
    keep(figure, channel_type::name, taken, static_cast<double>(end - warm_up) / seconds / 1e6);
  }
}

template <std::size_t Words, std::size_t Slots, template <std::size_t, std::size_t> class Channel>
void round_trip(benchmark::State& state, const std::string& figure) {
  using channel_type = Channel<Words, Slots>;
  const std::uint64_t rounds = unless_smoke<std::uint64_t>(20'000, 500);
  for (auto _ : state) {
    const auto there = std::make_unique<channel_type>();
    const auto back = std::make_unique<channel_type>();
    alignas(false_sharing_bytes) tally<Words> seen;
    alignas(false_sharing_bytes) tally<Words> answered;
    const sample taken = measured(
        [&] {
          for (std::uint64_t n = 0; n < rounds; ++n) {
            consume<1>(*there, answered, n + 1);
            produce<1>(*back, n, n + 1);
          }
        },
        [&] {
          const auto start = steady::now();
          for (std::uint64_t n = 0; n < rounds; ++n) {
            produce<1>(*there, n, n + 1);
            consume<1>(*back, seen, n + 1);
          }
          return std::chrono::duration<double>(steady::now() - start).count();
        });
    state.SetIterationTime(counted(taken.seconds));
    if (!seen.is_right(rounds) || !answered.is_right(rounds)) {
      return state.SkipWithError("messages lost, repeated, damaged or out of order");
    }
    keep(figure, channel_type::name, taken, taken.seconds / static_cast<double>(rounds) * 1e9);
    keep(figure, "bare ping-pong, a line each way", taken, taken.bare_round_trip_ns);
  }
}

template <class Function>
void add(const std::string& name, Function measure) {
  benchmark::RegisterBenchmark(name.c_str(), measure)->UseManualTime()->Unit(benchmark::kMillisecond);
}

template <std::size_t Words, std::size_t Slots, template <std::size_t, std::size_t> class Channel>
void add_ring() {
  using channel_type = Channel<Words, Slots>;
  const std::string sizes = std::to_string(8 * Words).append(" bytes, ").append(std::to_string(Slots)).append(" slots");
  const std::string ring = std::string("/").append(channel_type::name);
  const std::string single = std::string("throughput, million/s: ") + sizes + ", one at a time";
  add(single + ring, [=](benchmark::State& state) { throughput<Words, Slots, 1, Channel>(state, single); });
  if constexpr (channel_type::has_batches) {
    const std::string many = std::string("throughput, million/s: ") + sizes + ", 16 at a time";
    add(many + ring, [=](benchmark::State& state) { throughput<Words, Slots, 16, Channel>(state, many); });
  }
  if constexpr (Slots == 1 << 10) {
    const std::string figure = std::string("round trip, ns: ") + sizes;
    add(figure + ring, [=](benchmark::State& state) { round_trip<Words, Slots, Channel>(state, figure); });
  }
}

template <template <std::size_t, std::size_t> class Channel>
void add_ring_of_all_sizes() {
  add_ring<1, 1 << 10, Channel>();
  add_ring<8, 1 << 10, Channel>();
  add_ring<1, 1 << 16, Channel>();
  add_ring<8, 1 << 16, Channel>();
}

template <template <std::size_t, std::size_t> class Channel>
void add_graph() {
  const std::string figure = "three readers in one thread, million/s: 64 bytes, 1024 slots";
  const std::string name = figure + std::string("/").append(Channel<8, 1 << 10>::name);
  add(name, [=](benchmark::State& state) { throughput<8, 1 << 10, 1, Channel>(state, figure); });
}

[[maybe_unused]] const bool registered = [] {
  add_ring_of_all_sizes<event_ring_channel>();
  add_ring_of_all_sizes<spsc_ring_channel>();
  add_ring_of_all_sizes<boost_channel>();
  add_ring_of_all_sizes<reader_writer_channel>();
  add_ring_of_all_sizes<concurrent_channel>();
  add_ring_of_all_sizes<tbb_channel>();
  add_graph<chain_channel>();
  add_graph<diamond_channel>();
  return true;
}();

}  // namespace
}  // namespace millrace::bench
