// Messages of 64 bytes from one thread to another.

#include "../command.hpp"
#include "load.hpp"

#include <millrace/placement/pinning.hpp>
#include <millrace/ring/spsc_ring.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <new>
#include <string>
#include <thread>
#include <utility>

namespace millrace::tools {
namespace {

struct message {
  std::uint64_t number;
  std::uint64_t intended;
  std::uint64_t square;  // of the number, for the check
  bool is_last;
  std::uint64_t padding[4];
};
static_assert(sizeof(message) == 64);

std::string pin(const std::optional<cpu>& where) {
  if (!where) return {};
  const pin_result pinned = pin_this_thread(*where);
  return pinned ? std::string() : pinned.why_not;
}

template <class Idle>
void produce(spsc_ring<>& ring, load& from) {
  Idle idle;
  const auto claimed = [&] {
    while (true) {
      std::byte* const slot = ring.try_claim();
      idle.after(slot != nullptr ? 1 : 0);
      if (slot != nullptr) return slot;
    }
  };
  std::uint64_t number = 0;
  for (std::uint64_t intended = 0; from.wait(number, intended); ++number) {
    ::new (claimed()) message{number, intended, number * number, false, {}};
    ring.publish();
  }
  ::new (claimed()) message{number, 0, number * number, true, {}};
  ring.publish();
}

/// Messages before the last one; what was wrong goes to `wrong`.
template <class Idle>
std::uint64_t consume(spsc_ring<>& ring, measure::latency_recorder& into, std::string& wrong) {
  Idle idle;
  for (std::uint64_t expected = 0;; ++expected) {
    const std::byte* slot = nullptr;
    while ((slot = ring.try_peek()) == nullptr) idle.after(0);
    idle.after(1);
    const message in_hand = *std::launder(reinterpret_cast<const message*>(slot));
    ring.release();
    if (wrong.empty() && (in_hand.number != expected || in_hand.square != expected * expected))
      wrong = fmt::format("message {} came as number {}", expected, in_hand.number);
    if (in_hand.is_last) return expected;
    into.record(in_hand.intended, bench_clock().now());
  }
}

template <class Idle>
workload_result run_by(const workload_options& options, const placement_plan& plan) {
  spsc_ring<> ring(options.ring_slots, sizeof(message));
  const affinity_guard lent;
  std::string consumer_warning = pin(plan.cpus[1]);
  load from(options);
  measure::latency_recorder recorded = recorder_for(options, from);
  const std::int64_t start_ns = since_1970_ns();
  std::string producer_warning;
  std::string wrong;
  std::uint64_t events = 0;
  std::uint64_t end = 0;
  {
    std::jthread producer([&] {
      producer_warning = pin(plan.cpus[0]);
      produce<Idle>(ring, from);
    });
    events = consume<Idle>(ring, recorded, wrong);
    end = bench_clock().now();
  }
  workload_result made = result_of(recorded, start_ns, events, from.start(), end);
  made.warnings = plan.warnings;
  for (std::string* const each : {&producer_warning, &consumer_warning})
    if (!each->empty()) made.warnings.push_back(std::move(*each));
  made.wrong = std::move(wrong);
  return made;
}

}  // namespace

workload_result run_ring(const workload_options& options) {
  constexpr std::size_t threads = 2;
  const machine here = machine::detect();
  const placement_plan plan = options.where.plan(threads, here);
  const wait_strategy how =
      options.wait.value_or(here.core_count() >= threads ? wait_strategy::busy_spin : wait_strategy::yield);
  const auto run = [&] {
    switch (how) {
      case wait_strategy::busy_spin: return run_by<busy_spin_idle>(options, plan);
      case wait_strategy::yield: return run_by<yield_idle>(options, plan);
      case wait_strategy::backoff: return run_by<backoff_idle>(options, plan);
      case wait_strategy::blocking: break;
    }
    throw usage_error("--wait: found 'blocking', expected busy-spin, yield or backoff: a bare ring wakes nobody");
  };
  workload_result made = run();
  made.waits_by = name_of(how);
  return made;
}

}  // namespace millrace::tools
