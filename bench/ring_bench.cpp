// One producer and one consumer thread hand 64-byte messages over: Millrace's ring beside Boost.Lockfree's
// and moodycamel's queue, in one process run. Every message's sequence is checked and every word summed; a
// wrong answer fails the benchmark.
//
// Both threads are pinned. A virtual machine may move its processors between caches while this runs, which
// changes every number three- to sixfold, so that each iteration times a bare cache-line round trip before and
// after, and the rates are reported by where it ran: same core ("smt"), same cache ("near"), other cache
// ("far"). Iterations during which that changed count as "moved".

#include <benchmark/benchmark.h>
#include <concurrentqueue/concurrentqueue.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/lockfree/spsc_queue.hpp>
#include <chrono>
#include <cstdint>
#include <millrace/base/cache_line.hpp>
#include <millrace/ring/spsc_ring.hpp>
#include <new>
#include <string>
#include <thread>
#include <vector>

namespace {

using steady = std::chrono::steady_clock;

constexpr std::uint64_t messages = 400'000;

struct message {
  std::array<std::uint64_t, 8> words;
};
static_assert(sizeof(message) == 64);

message message_of(std::uint64_t sequence) {
  message m;
  for (std::uint64_t i = 0; i < m.words.size(); ++i) m.words[i] = sequence + i;
  return m;
}

/// What the consumer saw; compared with the closed form.
struct tally {
  std::uint64_t received = 0;
  std::uint64_t sum = 0;
  bool in_order = true;

  void take(const message& m) {
    in_order &= m.words[0] == received;
    for (const std::uint64_t word : m.words) sum += word;
    ++received;
  }
  [[nodiscard]] bool is_right() const {
    return in_order && received == messages && sum == 8 * (messages * (messages - 1) / 2) + messages * 28;
  }
};

void poll_pause(std::uint32_t& polls) {
  if (++polls % 4096 == 0) std::this_thread::yield();
  __builtin_ia32_pause();
}

class millrace_ring {
 public:
  explicit millrace_ring(std::size_t slots) : ring_(slots, sizeof(message)) {}

  std::size_t send(std::uint64_t first, std::size_t count) {
    const std::size_t room = ring_.try_claim_n(count);
    for (std::size_t i = 0; i < room; ++i) ::new (ring_.claim(i)) message(message_of(first + i));
    if (room != 0) ring_.publish_n(room);
    return room;
  }
  std::size_t receive(tally& seen, std::size_t count) {
    const std::size_t ready = ring_.available(count);
    for (std::size_t i = 0; i < ready; ++i) seen.take(*reinterpret_cast<const message*>(ring_.peek(i)));
    if (ready != 0) ring_.release_n(ready);
    return ready;
  }

 private:
  millrace::spsc_ring<> ring_;
};

/// Arrays on both sides, as the peers' batch calls want them.
template <class Queue>
class copying_queue {
 public:
  explicit copying_queue(std::size_t slots) : queue_(slots) {}

  std::size_t send(std::uint64_t first, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) outgoing_[i] = message_of(first + i);
    return count == 1 ? queue_.push_one(outgoing_[0]) : queue_.push_some(outgoing_.data(), count);
  }
  std::size_t receive(tally& seen, std::size_t count) {
    const std::size_t got = count == 1 ? queue_.pop_one(incoming_[0]) : queue_.pop_some(incoming_.data(), count);
    for (std::size_t i = 0; i < got; ++i) seen.take(incoming_[i]);
    return got;
  }

 private:
  Queue queue_;
  alignas(millrace::false_sharing_bytes) std::array<message, 64> outgoing_;
  alignas(millrace::false_sharing_bytes) std::array<message, 64> incoming_;
};

class boost_queue {
 public:
  explicit boost_queue(std::size_t slots) : queue_(slots) {}
  std::size_t push_one(const message& m) { return queue_.push(m); }
  std::size_t push_some(const message* from, std::size_t count) { return queue_.push(from, count); }
  std::size_t pop_one(message& to) { return queue_.pop(to); }
  std::size_t pop_some(message* to, std::size_t count) { return queue_.pop(to, count); }

 private:
  boost::lockfree::spsc_queue<message> queue_;
};

class moodycamel_queue {
 public:
  explicit moodycamel_queue(std::size_t slots) : queue_(slots, 1, 0), producer_(queue_), consumer_(queue_) {}
  std::size_t push_one(const message& m) { return queue_.try_enqueue(producer_, m); }
  std::size_t push_some(const message* from, std::size_t count) {
    return queue_.try_enqueue_bulk(producer_, from, count) ? count : 0;
  }
  std::size_t pop_one(message& to) { return queue_.try_dequeue(consumer_, to); }
  std::size_t pop_some(message* to, std::size_t count) { return queue_.try_dequeue_bulk(consumer_, to, count); }

 private:
  moodycamel::ConcurrentQueue<message> queue_;
  moodycamel::ProducerToken producer_;
  moodycamel::ConsumerToken consumer_;
};

/// Pins the calling thread to the `index`-th processor that it may use; nothing where there is only one.
void pin(std::size_t index) {
  static const cpu_set_t allowed = [] {
    cpu_set_t set;
    sched_getaffinity(0, sizeof set, &set);
    return set;
  }();
  if (CPU_COUNT(&allowed) < 2) return;
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed) || index-- > 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    pthread_setaffinity_np(pthread_self(), sizeof one, &one);
    return;
  }
}

/// The bare hand-over: two lines, one written by each thread.
class ping_pong {
 public:
  static constexpr std::uint64_t rounds = 300;

  /// Best of three, in nanoseconds a round trip. The other thread calls `answer`.
  double ask() {
    double best = 1e9;
    for (int i = 0; i < 3; ++i) {
      const auto start = steady::now();
      for (std::uint64_t n = 0; n < rounds; ++n) {
        ping_.store(++turn_, std::memory_order_release);  // A1, pairs with B1
        wait_for(pong_, turn_);                           // A2, pairs with B2
      }
      best = std::min(best, std::chrono::duration<double, std::nano>(steady::now() - start).count() / rounds);
    }
    return best;
  }
  void answer() {
    for (std::uint64_t n = 0; n < 3 * rounds; ++n) {
      wait_for(ping_, ++answered_);                       // B1, pairs with A1
      pong_.store(answered_, std::memory_order_release);  // B2, pairs with A2
    }
  }

 private:
  static void wait_for(const std::atomic<std::uint64_t>& word, std::uint64_t value) {
    std::uint32_t polls = 0;
    while (word.load(std::memory_order_acquire) != value) poll_pause(polls);
  }

  alignas(millrace::false_sharing_bytes) std::atomic<std::uint64_t> ping_{0};
  alignas(millrace::false_sharing_bytes) std::atomic<std::uint64_t> pong_{0};
  alignas(millrace::false_sharing_bytes) std::uint64_t turn_ = 0;
  alignas(millrace::false_sharing_bytes) std::uint64_t answered_ = 0;
};

enum placement : std::size_t { smt, near, far, moved };
constexpr std::array placement_names{"smt", "near", "far", "moved"};

placement placement_of(double round_trip_ns) { return round_trip_ns < 85 ? smt : round_trip_ns < 230 ? near : far; }

double median(std::vector<double>& values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

template <class Channel>
void produce(Channel& channel, std::size_t batch) {
  std::uint32_t polls = 0;
  for (std::uint64_t sent = 0; sent < messages;) {
    const std::size_t taken = channel.send(sent, std::min<std::uint64_t>(batch, messages - sent));
    if (taken == 0) poll_pause(polls);
    sent += taken;
  }
}

template <class Channel>
tally consume(Channel& channel, std::size_t batch) {
  std::uint32_t polls = 0;
  tally seen;
  while (seen.received < messages) {
    if (channel.receive(seen, batch) == 0) poll_pause(polls);
  }
  return seen;
}

template <class Channel>
void one_producer_one_consumer(benchmark::State& state, std::size_t batch) {
  Channel channel(static_cast<std::size_t>(state.range(0)));
  std::array<std::vector<double>, placement_names.size()> rates;
  pin(1);
  for (auto _ : state) {
    ping_pong probe;
    steady::time_point sent_first;
    std::jthread producer([&] {
      pin(0);
      probe.answer();
      sent_first = steady::now();
      produce(channel, batch);
      probe.answer();
    });
    const placement before = placement_of(probe.ask());
    const auto start = steady::now();
    const tally seen = consume(channel, batch);
    const auto end = steady::now();
    const placement after = placement_of(probe.ask());
    producer.join();
    // Whoever was first: a consumer switched out at the start would otherwise find the ring filled for free.
    const double seconds = std::chrono::duration<double>(end - std::min(start, sent_first)).count();
    state.SetIterationTime(seconds);
    if (!seen.is_right()) {
      state.SkipWithError("messages lost, repeated, damaged or out of order");
      return;
    }
    rates[before == after ? before : moved].push_back(static_cast<double>(messages) / seconds);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(messages));
  for (std::size_t i = 0; i < rates.size(); ++i) {
    if (!rates[i].empty()) state.counters[placement_names[i]] = benchmark::Counter(median(rates[i]));
  }
}

template <class Channel>
void add(const std::string& name) {
  for (const std::size_t batch : {1u, 16u}) {
    const std::string full = name + "/1_producer_1_consumer/64_bytes/batch:" + std::to_string(batch);
    benchmark::RegisterBenchmark(full.c_str(), one_producer_one_consumer<Channel>, batch)
        ->ArgName("slots")
        ->Arg(1 << 10)
        ->Arg(1 << 16)
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond);
  }
}

[[maybe_unused]] const bool registered = [] {
  add<millrace_ring>("millrace_spsc_ring");
  add<copying_queue<boost_queue>>("boost_spsc_queue");
  add<copying_queue<moodycamel_queue>>("moodycamel_concurrent_queue");
  return true;
}();

}  // namespace
