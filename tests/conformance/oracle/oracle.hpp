#pragma once

#include "condition.hpp"
#include "described.hpp"
#include "nodes.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace millrace::oracle {

/// A match, or a partial match that timed out: the records under each stage, and when.
struct answer {
  bool timeout = false;
  std::int64_t at_ns = 0;
  std::map<std::string, std::vector<std::int64_t>> stages;

  friend auto operator<=>(const answer&, const answer&) = default;
};

/// The oracle gives up on patterns that have more partial matches at once than this.
inline constexpr std::size_t live_count_max = 2'000;

struct too_many : std::runtime_error {
  too_many() : runtime_error("too many partial matches for the oracle") {}
};

/// What a pattern finds in a feed, worked out the slow way: every partial match a list of its own, every event
/// offered to every one of them. Records must be in the order of time. `key`: the field by which the pattern
/// partitions; empty: one partition. Time moves with every record, whatever its key. Errors: throws `too_many`.
std::set<answer> find_all(const described& what, const std::vector<record>& records, bool final_watermark,
                          const std::string& key = {});

}  // namespace millrace::oracle
