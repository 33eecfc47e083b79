#pragma once

#include <millrace/placement/placement.hpp>
#include <millrace/stage/wait_strategy.hpp>

#include <cstddef>
#include <optional>

namespace millrace {

/// How a pipeline runs. The inline executor heeds `event_bytes_max` and `wait` only.
struct executor_options {
  std::size_t event_bytes_max = 256;                 ///< largest event, header included; at least 64
  std::size_t ring_slots = 1024;                     ///< events between source and shard; power of two, at least 2
  std::size_t output_ring_bytes = 1024 * 1024;       ///< records between shard and sink; power of two, at least 1,024
  std::optional<wait_strategy> wait = std::nullopt;  ///< nothing: chosen by threads and cores
  placement where = placement::none();
};

/// The options themselves. Throws `error` that says which one is wrong, what it is and what it may be.
const executor_options& checked(const executor_options& options);

}  // namespace millrace
