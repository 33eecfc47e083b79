#pragma once

#include <millrace/measure/latency_recorder.hpp>
#include <millrace/placement/placement.hpp>
#include <millrace/stage/wait_strategy.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace millrace::tools {

/// How a workload is to run.
struct workload_options {
  std::optional<double> events_per_second;  ///< nothing: as fast as it goes
  std::chrono::nanoseconds warm_up{};
  std::chrono::nanoseconds length{};
  std::uint64_t keys = 1'000;
  std::size_t ring_slots = 1'024;
  placement where = placement::none();
  std::optional<wait_strategy> wait;  ///< of threads without work
};

/// What came of it.
struct workload_result {
  std::int64_t start_ns = 0;  ///< since 1970
  std::uint64_t events = 0;   ///< warm-up included
  double seconds = 0;         ///< that they took
  std::vector<measure::latency_interval> intervals;
  histogram latencies = histogram::of_latencies();
  std::string waits_by;               ///< empty: nobody waits
  std::vector<std::string> warnings;  ///< about placement and waiting
  std::string wrong;                  ///< what is wrong with the answers; empty: nothing
};

/// Something of Millrace that is measured on the user's machine.
struct workload {
  const char* name;
  const char* path;     ///< what an event goes through, as a drawing
  const char* latency;  ///< from where to where
  std::size_t threads;  ///< that are busy
  bool has_keys;
  double usual_rate;  ///< events a second where none is asked for; 0: as fast as it goes
  workload_result (*run)(const workload_options&);
};

workload_result run_ring(const workload_options& options);
workload_result run_table(const workload_options& options);
workload_result run_match(const workload_options& options);
workload_result run_end_to_end(const workload_options& options);

}  // namespace millrace::tools
