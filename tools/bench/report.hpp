#pragma once

#include "workload.hpp"

#include <millrace/measure/disturbance.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace millrace::tools {

/// All that is known of a run of a workload.
struct bench_report {
  const workload* what = nullptr;
  workload_options options;
  workload_result result;
  measure::disturbance disturbed;
};

/// Reasons to distrust the figures, a sentence each.
[[nodiscard]] std::vector<std::string> remarks(const bench_report& of);

/// A percentile, or the maximum.
struct figure {
  std::string name;
  std::int64_t ns;
};
[[nodiscard]] std::vector<figure> figures_of(const histogram& of);

/// "812 ns", "81.2 us", "8.1 ms".
[[nodiscard]] std::string duration_text(std::int64_t ns);
/// What ran, how long and at which rate, in a line.
[[nodiscard]] std::string load_text(const bench_report& of);
/// Version, commit, compiler and its flags, in a line.
[[nodiscard]] std::string build_text();

/// For people: the load, a line of percentiles, the machine, the build and the remarks.
[[nodiscard]] std::string report_text(const bench_report& of);
/// The same for programs: one JSON object, units in the names.
[[nodiscard]] std::string report_json(const bench_report& of);

/// Write latencies, in nanoseconds: as percentiles, and by interval. Throw `error` where the file refuses.
void write_hgrm(const std::string& path, const bench_report& of);
void write_hlog(const std::string& path, const bench_report& of);

}  // namespace millrace::tools
