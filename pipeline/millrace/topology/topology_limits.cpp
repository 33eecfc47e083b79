#include <millrace/base/error.hpp>
#include <millrace/topology/topology_limits.hpp>

#include <string>

namespace millrace {

const topology_limits& checked(const topology_limits& limits) {
  const auto at_least_one = [](const char* name, std::uint32_t value) {
    if (value == 0) throw error("limits: found " + std::string(name) + " = 0, expected at least 1");
  };
  at_least_one("keys", limits.keys);
  at_least_one("runs", limits.runs);
  at_least_one("steps", limits.steps);
  at_least_one("events", limits.events);
  at_least_one("match_events", limits.match_events);
  return limits;
}

}  // namespace millrace
