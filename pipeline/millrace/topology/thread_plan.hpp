#pragma once

#include <millrace/placement/placement.hpp>
#include <millrace/stage/wait_strategy.hpp>
#include <millrace/topology/executor_options.hpp>

#include <cstddef>
#include <optional>

namespace millrace::detail {

/// How a run's threads wait and where they go: the source's, each shard's, egress.
struct thread_plan {
  wait_strategy wait;
  placement_plan places;

  [[nodiscard]] const std::optional<cpu>& source() const noexcept { return places.cpus.front(); }
  [[nodiscard]] const std::optional<cpu>& shard(std::size_t index) const noexcept { return places.cpus[1 + index]; }
  [[nodiscard]] const std::optional<cpu>& egress() const noexcept { return places.cpus.back(); }
};

thread_plan plan_threads(const executor_options& options, std::size_t shard_count, const machine& on);

}  // namespace millrace::detail
