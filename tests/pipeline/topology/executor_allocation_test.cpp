#include <millrace/topology/inline_executor.hpp>
#include <millrace/topology/threaded_executor.hpp>

#include <gtest/gtest.h>
#include <allocation_counter.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <span>
#include <vector>

namespace millrace {
namespace {

constexpr std::uint64_t warm_up = 20'000;
constexpr std::uint64_t events = 100'000;

/// Reads the count of allocations once the warm-up is out at the other end, and again behind its last event.
struct counting_source {
  template <class Ingress>
  bool poll(Ingress& in) {
    if (next == warm_up && records->load() < warm_up) {
      in.flush();
      return true;
    }
    if (next == warm_up) before = allocations.load();
    for (int i = 0; i < 32 && next < events; ++i) give(in);
    after = allocations.load();
    return next < events;
  }

  template <class Ingress>
  void give(Ingress& in) {
    const auto shard = static_cast<unsigned>(next * next % in.shards());
    in.claim(shard).sequence = next;
    in.publish(shard);
    ++next;
    if (next == warm_up) in.flush();
    if (next % 32 == 0 && next / 32 % 64 == 0) in.flush();
  }

  const std::atomic<std::uint64_t>* records;
  std::uint64_t next = 0;
  std::uint64_t before = 0;
  std::uint64_t after = 0;
};

struct echo_shard {
  template <class Out>
  void process(const event_header& event, Out& out) {
    for (int copy = 0; copy < 2; ++copy) {
      std::memcpy(out.claim({.sequence = event.sequence}, 8 + event.sequence % 200), &event.sequence, 8);
      out.publish();
    }
  }
  template <class Out>
  void finish(Out&) {}
};

struct counting_sink {
  bool consume(const output_order&, std::span<const std::byte>) {
    records.fetch_add(1);
    return true;
  }
  void flush() {}
  std::atomic<std::uint64_t> records{0};
};

template <template <class, class, class> class Executor>
std::uint64_t allocations_on_the_way(unsigned shard_count, const executor_options& options) {
  counting_sink sink;
  counting_source source{.records = &sink.records};
  std::deque<echo_shard> shards(shard_count);
  std::vector<echo_shard*> pointers;
  for (echo_shard& each : shards) pointers.push_back(&each);
  Executor<counting_source, echo_shard, counting_sink> executor(source, pointers, sink, options);
  executor.run();
  EXPECT_EQ(sink.records.load(), 2 * events);
  EXPECT_GT(source.before, 0U);
  return source.after - source.before;
}

// The 32-event polls start at multiples of 32, so one of them begins at the end of the warm-up.
static_assert(warm_up % 32 == 0);

TEST(executor_allocation, inline_run_allocates_nothing) {
  EXPECT_EQ((allocations_on_the_way<inline_executor>(1, {})), 0U);
  EXPECT_EQ((allocations_on_the_way<inline_executor>(4, {})), 0U);
}

TEST(executor_allocation, threaded_run_allocates_nothing) {
  for (const unsigned shard_count : {1U, 4U}) {
    for (const std::size_t ring_slots : {std::size_t{4}, std::size_t{1024}}) {
      const executor_options options{
          .ring_slots = ring_slots, .output_ring_bytes = 4096, .wait = wait_strategy::blocking};
      EXPECT_EQ((allocations_on_the_way<threaded_executor>(shard_count, options)), 0U) << shard_count;
    }
  }
}

}  // namespace
}  // namespace millrace
