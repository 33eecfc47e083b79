#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace millrace {

/// One processing unit (hardware thread) that this process may run on.
struct cpu {
  unsigned os_index = 0;   ///< the operating system's number for it
  unsigned core = 0;       ///< units with the same number are SMT siblings
  unsigned smt_rank = 0;   ///< 0 for the first allowed unit of its core
  unsigned l3 = 0;         ///< units with the same number share a last-level cache
  unsigned numa_node = 0;  ///< the operating system's number of the nearest memory

  friend bool operator==(const cpu&, const cpu&) = default;
};

/// What the process may run on: its processing units, after the container's and the caller's cpusets.
///
/// Threads: immutable; any thread may read. Allocation: when built.
class machine {
 public:
  /// Asks the hardware. Where it cannot be read, the units of the process's affinity mask stand as one core
  /// each, under one cache. Errors: none; a machine has one unit at least.
  static machine detect();

  /// A machine of which the caller says what it has, for tests and what-if plans. Requires: `cpus` is not empty.
  explicit machine(std::vector<cpu> cpus);

  /// In order of the operating system's numbers.
  [[nodiscard]] std::span<const cpu> cpus() const noexcept { return cpus_; }
  /// Physical cores with at least one allowed unit.
  [[nodiscard]] std::size_t core_count() const noexcept;
  /// Last-level caches with at least one allowed unit.
  [[nodiscard]] std::size_t l3_count() const noexcept;
  /// One line of totals and one line a cache: "2 cpus on 1 core, …".
  [[nodiscard]] std::string describe() const;

 private:
  std::vector<cpu> cpus_;
};

}  // namespace millrace
