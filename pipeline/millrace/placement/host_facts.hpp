#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace millrace {

/// What of the machine and its system decides how fast a process runs, as the kernel tells it: for whoever reads a
/// figure to know what made it. A text is empty, a number 0, where the kernel does not say.
///
/// Allocation: yes, cold. Errors: none.
struct host_facts {
  /// A level of cache, of the first processing unit.
  struct cache {
    unsigned level = 0;
    std::string kind;       ///< "Data", "Instruction" or "Unified"
    std::string size;       ///< "32K"
    std::string shared_by;  ///< processing units: "0-3"
    friend bool operator==(const cache&, const cache&) = default;
  };

  std::string cpu_model;
  std::string kernel;
  std::string governor;      ///< of frequency, of the first unit: "performance"
  std::string isolated;      ///< units that the scheduler leaves alone: "2-5"
  std::string huge_pages;    ///< transparent ones: "always", "madvise" or "never"
  std::string clock_source;  ///< of the kernel: "tsc", "kvm-clock"
  std::vector<cache> caches;
  std::uint64_t memory_bytes = 0;
  bool is_virtual = false;  ///< under a hypervisor, which may stop or move any unit at any time

  /// Reads `/proc` and `/sys` below `root`.
  static host_facts detect(const std::string& root = "");

  /// Lines with a line end each: "AMD EPYC 7763, virtual, …".
  [[nodiscard]] std::string describe() const;
};

}  // namespace millrace
