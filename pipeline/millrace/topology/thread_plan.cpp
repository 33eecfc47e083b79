#include <millrace/topology/thread_plan.hpp>

#include <fmt/format.h>

namespace millrace::detail {

namespace {

bool never_sleeps(wait_strategy strategy) noexcept {
  return strategy == wait_strategy::busy_spin || strategy == wait_strategy::yield;
}

}  // namespace

thread_plan plan_threads(const executor_options& options, std::size_t shard_count, const machine& on) {
  const std::size_t threads = shard_count + 2;
  thread_plan plan{options.wait.value_or(default_wait_strategy(threads, on.core_count())),
                   options.where.plan(threads, on)};
  if (never_sleeps(plan.wait) && threads > on.core_count()) {
    plan.places.warnings.push_back(
        fmt::format("{} threads wait by {} on {} core(s): they take each other's time; {} is faster", threads,
                    name_of(plan.wait), on.core_count(), name_of(wait_strategy::blocking)));
  }
  return plan;
}

}  // namespace millrace::detail
