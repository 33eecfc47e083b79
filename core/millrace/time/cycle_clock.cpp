#include <algorithm>
#include <cmath>
#include <millrace/time/cycle_clock.hpp>
#if defined(__x86_64__)
#  include <cpuid.h>
#endif

namespace millrace {
namespace {

/// Whether the counter runs at one rate in every power state (AMD and Intel: leaf 8000_0007, EDX bit 8).
bool has_invariant_counter() noexcept {
#if defined(__x86_64__)
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(0x80000007, &a, &b, &c, &d) != 0 && (d & (1u << 8)) != 0;
#else
  return false;
#endif
}

std::uint64_t read_counter() noexcept {
#if defined(__x86_64__)
  return __rdtsc();
#else
  return 0;
#endif
}

}  // namespace

struct cycle_clock::reading {
  std::uint64_t ticks;
  std::uint64_t ns;
};

/// Both clocks at nearly one moment: of several tries the one that took least.
cycle_clock::reading cycle_clock::read_both() noexcept {
  constexpr int tries = 50;
  reading best{};
  std::uint64_t least = UINT64_MAX;
  for (int i = 0; i < tries; ++i) {
    const std::uint64_t before = read_counter();
    const std::uint64_t ns = monotonic_ns();
    const std::uint64_t took = read_counter() - before;
    if (took >= least) continue;
    least = took;
    best = {before + took / 2, ns};
  }
  return best;
}

cycle_clock::cycle_clock(std::chrono::nanoseconds calibration) noexcept
    : counts_cycles_(has_invariant_counter()), ns_per_tick_(std::int64_t{1} << fraction_bits) {
  if (!counts_cycles_) return;
  const reading start = read_both();
  const auto wanted_ns = static_cast<std::uint64_t>(std::max<std::int64_t>(calibration.count(), 1'000'000));
  while (monotonic_ns() - start.ns < wanted_ns) {
  }
  const reading end = read_both();
  if (end.ticks <= start.ticks || end.ns <= start.ns) {
    counts_cycles_ = false;
    return;
  }
  const double rate = static_cast<double>(end.ns - start.ns) / static_cast<double>(end.ticks - start.ticks);
  ns_per_tick_ = static_cast<std::int64_t>(std::llround(std::ldexp(rate, fraction_bits)));
}

double cycle_clock::ticks_per_ns() const noexcept {
  return std::ldexp(1.0 / static_cast<double>(ns_per_tick_), fraction_bits);
}

}  // namespace millrace
