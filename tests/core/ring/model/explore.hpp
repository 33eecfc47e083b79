#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/ring/model/execution.hpp"
#include "core/ring/model/site.hpp"

namespace millrace::model {

/// What threads do with a structure: sets it up, runs the threads, looks at what is left.
struct scenario {
  std::string name;
  std::function<void(execution&)> run;
};

struct failed_run {
  std::uint64_t seed;
  std::string reason;
  std::string trace;
};

struct exploration {
  std::uint64_t executions = 0;
  std::uint64_t steps = 0;
  std::optional<failed_run> failed;
};

/// Runs the scenario from each of these seeds, up to the first that goes wrong; that one again, to trace it.
exploration explore(const scenario& what, std::uint64_t first_seed, std::uint64_t executions);

/// Explores each scenario and expects that nothing goes wrong. Takes MILLRACE_EXECUTIONS=N runs of each, or 20,000
/// (5,000 in debug builds); MILLRACE_NIGHTLY=1: 5,000,000. MILLRACE_SEED=N: that one alone.
void expect_no_failure(const std::vector<scenario>& scenarios);

/// Weakens each of these orderings in turn and expects that some scenario goes wrong.
void expect_every_mutant_killed(const std::vector<site*>& sites, const std::vector<scenario>& scenarios);

}  // namespace millrace::model
