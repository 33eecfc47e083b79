#pragma once

#include <millrace/placement/machine.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// Where each of a pipeline's threads goes, and what the user should hear about it.
struct placement_plan {
  std::vector<std::optional<cpu>> cpus;  ///< one a thread; nothing: the operating system decides
  std::vector<std::string> warnings;
};

/// How threads are put on cores, by intent and not by number.
class placement {
 public:
  /// The operating system decides.
  static placement none() noexcept { return placement(intent::none); }

  /// One core a thread, no two threads on SMT siblings, under one shared last-level cache where one is large
  /// enough and otherwise under as few as possible. Fewer cores than threads: none is pinned, with a warning,
  /// because two spinning threads on one core stand in each other's way for whole time slices.
  static placement one_core_each() noexcept { return placement(intent::one_core_each); }

  /// Allocation: yes, cold. Errors: none; what cannot be had becomes a warning.
  [[nodiscard]] placement_plan plan(std::size_t thread_count, const machine& on) const;
  [[nodiscard]] placement_plan plan(std::size_t thread_count) const;

 private:
  enum class intent { none, one_core_each };
  explicit placement(intent what) noexcept : intent_(what) {}

  intent intent_;
};

}  // namespace millrace
