#include <millrace/measure/latency_recorder.hpp>

#include <millrace/base/check.hpp>

#include <algorithm>

namespace millrace::measure {

latency_recorder::latency_recorder(const cycle_clock& clock, std::uint64_t start, std::chrono::nanoseconds warm_up,
                                   std::chrono::nanoseconds length, std::chrono::nanoseconds interval)
    : clock_(clock), start_(start), warm_up_ns_(warm_up.count()) {
  MILLRACE_CHECK(length.count() > 0 && interval.count() > 0, "a run and its intervals take time");
  const std::int64_t end_ns = warm_up_ns_ + length.count();
  for (std::int64_t begin_ns = warm_up_ns_; begin_ns < end_ns; begin_ns += interval.count())
    intervals_.push_back({begin_ns, std::min(begin_ns + interval.count(), end_ns), histogram::of_latencies()});
}

histogram latency_recorder::total() const {
  histogram sum = histogram::of_latencies();
  for (const latency_interval& each : intervals_) sum.merge(each.latencies);
  return sum;
}

}  // namespace millrace::measure
