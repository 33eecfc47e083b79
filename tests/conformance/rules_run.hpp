#pragma once

#include <millrace/rules/engine.hpp>
#include <millrace/rules/program.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace millrace::conformance {

/// The events of a match: stage to indices.
using stages = std::map<std::string, std::vector<std::int64_t>>;

/// A line that a run printed, read back.
struct printed {
  std::string pattern;
  conformance::stages stages;
  std::int64_t at = 0;
  bool timeout = false;

  friend bool operator==(const printed&, const printed&) = default;
};

struct rules_run {
  std::vector<printed> lines;        ///< of patterns
  std::vector<std::string> windows;  ///< what is printed or told of windows, as it is
  std::set<std::int64_t> late;       ///< indices of records
  std::string dead;                  ///< why records were dead-lettered
  bool bound_met = false;            ///< some bound on state was met, so the lines may not be all there is
};

/// Runs rules over an NDJSON feed as `millrace match` does, inline or over a number of shards.
rules_run run_rules(const std::shared_ptr<const rules::program>& rules, const std::string& feed, bool final_watermark,
                    std::optional<unsigned> shards, const rules::engine_limits& limits);

}  // namespace millrace::conformance
