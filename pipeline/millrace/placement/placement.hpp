#pragma once

#include <millrace/placement/machine.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// Where each of a pipeline's threads goes, and what the user should hear about it.
struct placement_plan {
  std::vector<std::optional<cpu>> cpus;  ///< one a thread; nothing: the operating system decides
  std::vector<std::string> warnings;
};

/// How threads are put on cores, by intent and not by number.
///
///     placement::one_core_each().same_l3().leave_core_0()
///
/// Memory follows: rings and state are reserved, and each page is first touched, and so put on its NUMA node, by the
/// thread that owns it.
class placement {
 public:
  /// The operating system decides.
  static placement none() noexcept { return {}; }

  /// One core a thread, no two threads on SMT siblings, under one shared last-level cache where one is large
  /// enough and otherwise under as few as possible. Fewer cores than threads: none is pinned, with a warning,
  /// because two spinning threads on one core stand in each other's way for whole time slices.
  static placement one_core_each() noexcept {
    placement made;
    made.pins_ = true;
    return made;
  }

  /// Under one last-level cache or not at all: where none has cores enough, no thread is pinned, with a warning.
  [[nodiscard]] placement same_l3() const noexcept { return with(&placement::same_l3_); }
  /// Not on the core of processing unit 0, where operating systems like to serve interrupts.
  [[nodiscard]] placement leave_core_0() const noexcept { return with(&placement::leaves_core_0_); }
  /// SMT siblings count as cores. Each core has one thread before any has two.
  [[nodiscard]] placement use_smt_siblings() const noexcept { return with(&placement::uses_siblings_); }

  /// Allocation: yes, cold. Errors: none; what cannot be had becomes a warning.
  [[nodiscard]] placement_plan plan(std::size_t thread_count, const machine& on) const;
  [[nodiscard]] placement_plan plan(std::size_t thread_count) const;

  /// As on the command line: "none", or "one-core-each" with ",same-l3", ",leave-core-0", ",use-smt-siblings" behind
  /// it.
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const placement&, const placement&) = default;

 private:
  [[nodiscard]] placement with(bool placement::*wish) const noexcept {
    placement made = *this;
    made.*wish = true;
    return made;
  }

  bool pins_ = false;
  bool same_l3_ = false;
  bool leaves_core_0_ = false;
  bool uses_siblings_ = false;
};

/// What `placement::to_string` gives, wishes in any order; nothing for any other text.
[[nodiscard]] std::optional<placement> find_placement(std::string_view text);

}  // namespace millrace
