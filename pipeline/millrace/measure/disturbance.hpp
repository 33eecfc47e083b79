#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace millrace::measure {

/// Processor time of a machine and of this process, in nanoseconds, since some moment.
struct processor_times {
  std::int64_t wall_ns = 0;
  std::int64_t busy_ns = 0;       ///< of all processors, by whomever; 0: unknown
  std::int64_t stolen_ns = 0;     ///< that the host took from a virtual machine's processors
  std::int64_t own_ns = 0;        ///< of this process
  std::int64_t switched_out = 0;  ///< how often one of its threads lost its processor to another thread

  /// Errors: none; what cannot be read is 0.
  static processor_times now();
};

/// What came between a run and its figures: found by looking at the machine before and after.
struct disturbance {
  double others = 0;  ///< part of all processors that other processes took, 0 to 1
  double stolen = 0;  ///< part of all processors that the host took
  std::int64_t switched_out = 0;
  std::size_t threads = 0;  ///< that the run kept busy
  std::size_t cores = 0;    ///< that it could have

  static disturbance between(const processor_times& before, const processor_times& after, std::size_t threads,
                             std::size_t cores, std::size_t processors);

  /// A sentence for each reason to distrust the figures; none for a quiet machine with cores enough.
  [[nodiscard]] std::vector<std::string> remarks() const;
};

}  // namespace millrace::measure
