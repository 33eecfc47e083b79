#include <millrace/placement/placement.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace millrace {

namespace {

using cache_group = std::vector<cpu>;

/// The first unit of every core, by the cache above it; largest group first, equal ones by cache number.
std::vector<cache_group> cores_by_cache(const machine& on) {
  std::map<unsigned, cache_group> by_l3;
  for (const cpu& unit : on.cpus()) {
    if (unit.smt_rank == 0) by_l3[unit.l3].push_back(unit);
  }
  std::vector<cache_group> groups;
  for (auto& [l3, cores] : by_l3) groups.push_back(std::move(cores));
  std::stable_sort(groups.begin(), groups.end(),
                   [](const cache_group& a, const cache_group& b) { return a.size() > b.size(); });
  return groups;
}

/// The tightest cache that holds all threads goes first, so that larger ones stay whole for others.
void put_best_fit_first(std::vector<cache_group>& groups, std::size_t thread_count) {
  const auto too_small =
      std::find_if(groups.begin(), groups.end(), [&](const cache_group& group) { return group.size() < thread_count; });
  if (too_small != groups.begin()) std::rotate(groups.begin(), too_small - 1, too_small);
}

}  // namespace

placement_plan placement::plan(std::size_t thread_count, const machine& on) const {
  placement_plan result{std::vector<std::optional<cpu>>(thread_count), {}};
  if (intent_ == intent::none) return result;
  if (on.core_count() < thread_count) {
    result.warnings.push_back(
        fmt::format("{} threads, but {} core(s) to run on: threads are not pinned", thread_count, on.core_count()));
    return result;
  }
  std::vector<cache_group> groups = cores_by_cache(on);
  put_best_fit_first(groups, thread_count);
  std::size_t next = 0;
  for (const cache_group& group : groups) {
    for (const cpu& core : group) {
      if (next < thread_count) result.cpus[next++] = core;
    }
  }
  return result;
}

placement_plan placement::plan(std::size_t thread_count) const { return plan(thread_count, machine::detect()); }

}  // namespace millrace
