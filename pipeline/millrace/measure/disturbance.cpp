#include <millrace/measure/disturbance.hpp>

#include <fmt/format.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>

namespace millrace::measure {

namespace {

constexpr double too_much_by_others = 0.05;
constexpr double too_much_stolen = 0.005;

std::int64_t ns_of(const timeval& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + std::int64_t{time.tv_usec} * 1'000;
}

/// "cpu user nice system idle iowait irq softirq steal …", in clock ticks.
void read_all_processors(processor_times& into) {
  std::ifstream file("/proc/stat");
  std::string name;
  std::array<std::int64_t, 8> ticks{};
  file >> name;
  for (std::int64_t& each : ticks) file >> each;
  const long rate = ::sysconf(_SC_CLK_TCK);
  if (!file || name != "cpu" || rate <= 0) return;
  const std::int64_t ns_each = 1'000'000'000 / rate;
  const auto& [user, nice, system, idle, waiting, interrupts, soft_interrupts, stolen] = ticks;
  into.busy_ns = (user + nice + system + interrupts + soft_interrupts) * ns_each;
  into.stolen_ns = stolen * ns_each;
}

}  // namespace

processor_times processor_times::now() {
  processor_times made;
  timespec wall{};
  ::clock_gettime(CLOCK_MONOTONIC, &wall);
  made.wall_ns = std::int64_t{wall.tv_sec} * 1'000'000'000 + wall.tv_nsec;
  read_all_processors(made);
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) {
    made.own_ns = ns_of(usage.ru_utime) + ns_of(usage.ru_stime);
    made.switched_out = usage.ru_nivcsw;
  }
  return made;
}

disturbance disturbance::between(const processor_times& before, const processor_times& after, std::size_t threads,
                                 std::size_t cores, std::size_t processors) {
  disturbance made;
  made.threads = threads;
  made.cores = cores;
  made.switched_out = after.switched_out - before.switched_out;
  const double whole = static_cast<double>(after.wall_ns - before.wall_ns) * static_cast<double>(processors);
  if (whole <= 0) return made;
  const auto part = [whole](std::int64_t ns) { return std::clamp(static_cast<double>(ns) / whole, 0.0, 1.0); };
  if (after.busy_ns != 0) made.others = part(after.busy_ns - before.busy_ns - (after.own_ns - before.own_ns));
  made.stolen = part(after.stolen_ns - before.stolen_ns);
  return made;
}

std::vector<std::string> disturbance::remarks() const {
  std::vector<std::string> made;
  if (threads > cores)
    made.push_back(
        fmt::format("{} busy threads on {} core{}: they wait for each other, and the figures are the "
                    "scheduler's",
                    threads, cores, cores == 1 ? "" : "s"));
  if (others > too_much_by_others)
    made.push_back(fmt::format("other processes took {:.0f} % of the processors", 100 * others));
  if (stolen > too_much_stolen)
    made.push_back(fmt::format("the host took {:.1f} % of the processors (stolen time)", 100 * stolen));
  if (switched_out > 0 && threads <= cores)
    made.push_back(fmt::format("threads lost their processor {} time{}: the longest latencies are such pauses",
                               switched_out, switched_out == 1 ? "" : "s"));
  return made;
}

}  // namespace millrace::measure
