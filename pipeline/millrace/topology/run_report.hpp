#pragma once

#include <cstdint>
#include <vector>

namespace millrace {

/// Why a run came to its end.
enum class run_end {
  input_ended,  ///< the source had no more; every shard has finished
  stopped,      ///< somebody called `stop`; what was taken in came out, no shard has finished
  sink_closed,  ///< the sink wanted no more; what was under way is gone
};

/// What a run did.
struct run_report {
  run_end end = run_end::input_ended;
  std::uint64_t events_in = 0;           ///< distinct events that the source published
  std::vector<std::uint64_t> processed;  ///< events by shard; an event counts for each shard that got it
  std::uint64_t records_out = 0;         ///< records that the sink took
  std::uint64_t input_full_waits = 0;    ///< times that the source found a shard's ring full
  std::uint64_t output_full_waits = 0;   ///< times that a shard found its output ring full
  std::uint64_t records_split = 0;       ///< records that were too long for one message
};

}  // namespace millrace
