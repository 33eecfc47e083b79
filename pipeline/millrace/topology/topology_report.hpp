#pragma once

#include <millrace/topology/run_report.hpp>

#include <cstdint>

namespace millrace {

/// What a topology did. Every event is in one place: `in = processed + dead + late + dropped`.
struct topology_report {
  run_end end = run_end::input_ended;
  std::uint64_t in = 0;  ///< events that the source gave
  std::uint64_t processed = 0;
  std::uint64_t late = 0;     ///< earlier than one before; not processed
  std::uint64_t dropped = 0;  ///< under way when the sink wanted no more, or when something failed
  std::uint64_t matches = 0;
  std::uint64_t timeouts = 0;      ///< partial matches that timed out, where patterns report them
  std::uint64_t dead = 0;          ///< events that changed nothing in some pattern, with `full_policy::dead_letter`
  std::uint64_t refused = 0;       ///< partial matches that a limit kept from being
  std::uint64_t runs_dropped = 0;  ///< partial matches that gave way at a limit
  std::uint64_t cut = 0;           ///< matches beyond the number that one event may complete
  std::uint64_t skip_misses = 0;   ///< matches without the stage that `skip_to_…` names: they prune nothing
  std::uint64_t records_out = 0;   ///< what handlers emitted and the sink took
};

}  // namespace millrace
