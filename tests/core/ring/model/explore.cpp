#include "core/ring/model/explore.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>

namespace millrace::model {

namespace {

// Builds that check as they go take five times as long.
#ifdef NDEBUG
constexpr std::uint64_t executions_usual = 20'000;
#else
constexpr std::uint64_t executions_usual = 5'000;
#endif
constexpr std::uint64_t executions_nightly = 5'000'000;
// Most mutants die within a hundred runs.
constexpr std::uint64_t executions_a_mutant = 5'000;

std::uint64_t number(const char* variable, std::uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void run_once(execution& here, const scenario& what, std::uint64_t seed, bool is_traced) {
  here.reset(seed, is_traced);
  what.run(here);
}

const char* text_of(std::memory_order order) {
  return order == std::memory_order_acq_rel ? "acq_rel" : order == std::memory_order_relaxed ? "relaxed" : "stronger";
}

/// The name of the scenario that the weakened structure fails; empty: it survives.
std::string killer_of(const std::vector<scenario>& scenarios, std::uint64_t& executions, exploration& seen) {
  for (const scenario& what : scenarios) {
    seen = explore(what, 1, executions_a_mutant);
    executions += seen.executions;
    if (seen.failed) return what.name;
  }
  return {};
}

}  // namespace

exploration explore(const scenario& what, std::uint64_t first_seed, std::uint64_t executions) {
  exploration seen;
  execution here;
  for (std::uint64_t seed = first_seed; seen.executions < executions; ++seed) {
    run_once(here, what, seed, false);
    ++seen.executions;
    seen.steps += here.steps();
    if (here.failure().empty()) continue;
    run_once(here, what, seed, true);
    seen.failed = failed_run{seed, here.failure(), here.trace()};
    return seen;
  }
  return seen;
}

void expect_no_failure(const std::vector<scenario>& scenarios) {
  const std::uint64_t usual = number("MILLRACE_NIGHTLY", 0) != 0 ? executions_nightly : executions_usual;
  const std::uint64_t only = number("MILLRACE_SEED", 0);
  const std::uint64_t wanted = only != 0 ? 1 : number("MILLRACE_EXECUTIONS", usual);
  for (const scenario& what : scenarios) {
    const exploration seen = explore(what, only != 0 ? only : 1, wanted);
    if (seen.failed) {
      ADD_FAILURE() << what.name << ", MILLRACE_SEED=" << seen.failed->seed << ": " << seen.failed->reason << "\n"
                    << seen.failed->trace;
    }
    fmt::print("{}: {} executions, {} steps\n", what.name, seen.executions, seen.steps);
  }
}

void expect_every_mutant_killed(const std::vector<site*>& sites, const std::vector<scenario>& scenarios) {
  ASSERT_FALSE(sites.empty());
  std::size_t mutants = 0;
  std::size_t killed = 0;
  std::uint64_t executions = 0;
  for (site* const weakened : sites) {
    for (const std::memory_order order : weakened->weaker) {
      ++mutants;
      weakened->order = order;
      exploration seen;
      const std::string killer = killer_of(scenarios, executions, seen);
      weakened->order = weakened->written;
      if (killer.empty()) {
        ADD_FAILURE() << weakened->name << " made " << text_of(order) << " survives";
        continue;
      }
      ++killed;
      fmt::print("{} made {}: {}, seed {}: {}\n", weakened->name, text_of(order), killer, seen.failed->seed,
                 seen.failed->reason);
    }
  }
  fmt::print("{} of {} mutants killed, {} executions\n", killed, mutants, executions);
}

}  // namespace millrace::model
