#include <millrace/base/check.hpp>
#include <millrace/placement/machine.hpp>

#include <fmt/format.h>
#include <hwloc.h>
#include <sched.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

namespace millrace {

namespace {

struct topology_deleter {
  void operator()(hwloc_topology_t topology) const noexcept { hwloc_topology_destroy(topology); }
};
using topology_handle = std::unique_ptr<hwloc_topology, topology_deleter>;

struct bitmap_deleter {
  void operator()(hwloc_bitmap_t bitmap) const noexcept { hwloc_bitmap_free(bitmap); }
};
using bitmap_handle = std::unique_ptr<hwloc_bitmap_s, bitmap_deleter>;

topology_handle load_topology() {
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0) return nullptr;
  topology_handle topology{raw};
  if (hwloc_topology_load(raw) != 0) return nullptr;
  return topology;
}

/// Number of the ancestor of `unit` that has type `type`, or of the whole machine where it has none.
unsigned ancestor_index(hwloc_topology_t topology, hwloc_obj_t unit, hwloc_obj_type_t type) {
  const hwloc_obj_t ancestor = hwloc_get_ancestor_obj_by_type(topology, type, unit);
  return ancestor == nullptr ? 0 : ancestor->logical_index;
}

unsigned core_index(hwloc_topology_t topology, hwloc_obj_t unit) {
  const hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_CORE, unit);
  // Some virtual machines report no cores: a unit then counts as its own.
  return core == nullptr ? unit->logical_index : core->logical_index;
}

unsigned numa_index(hwloc_obj_t unit) {
  const int first = unit->nodeset == nullptr ? -1 : hwloc_bitmap_first(unit->nodeset);
  return first < 0 ? 0U : static_cast<unsigned>(first);
}

/// The container's cpuset is already applied by hwloc's default flags; `taskset` and the like only by this.
bitmap_handle process_binding(hwloc_topology_t topology) {
  bitmap_handle set{hwloc_bitmap_alloc()};
  if (set == nullptr) return set;
  if (hwloc_get_cpubind(topology, set.get(), HWLOC_CPUBIND_PROCESS) != 0 || hwloc_bitmap_iszero(set.get()) != 0) {
    hwloc_bitmap_fill(set.get());
  }
  return set;
}

std::vector<cpu> cpus_of_hwloc() {
  std::vector<cpu> cpus;
  const topology_handle topology = load_topology();
  if (topology == nullptr) return cpus;
  const bitmap_handle allowed = process_binding(topology.get());
  hwloc_obj_t unit = nullptr;
  while ((unit = hwloc_get_next_obj_by_type(topology.get(), HWLOC_OBJ_PU, unit)) != nullptr) {
    if (allowed != nullptr && hwloc_bitmap_isset(allowed.get(), unit->os_index) == 0) continue;
    cpus.push_back({.os_index = unit->os_index,
                    .core = core_index(topology.get(), unit),
                    .smt_rank = 0,
                    .l3 = ancestor_index(topology.get(), unit, HWLOC_OBJ_L3CACHE),
                    .numa_node = numa_index(unit)});
  }
  return cpus;
}

std::vector<cpu> cpus_of_affinity_mask() {
  std::vector<cpu> cpus;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    for (unsigned i = 0; i < CPU_SETSIZE; ++i) {
      if (CPU_ISSET(i, &set)) cpus.push_back({.os_index = i, .core = i});
    }
  }
  if (cpus.empty()) cpus.push_back({});
  return cpus;
}

void rank_siblings(std::vector<cpu>& cpus) {
  std::map<unsigned, unsigned> seen;
  for (cpu& unit : cpus) unit.smt_rank = seen[unit.core]++;
}

std::string counted(std::size_t count, const char* noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

template <class Project>
std::size_t distinct(std::span<const cpu> cpus, Project project) {
  std::set<unsigned> values;
  for (const cpu& unit : cpus) values.insert(project(unit));
  return values.size();
}

}  // namespace

machine machine::detect() {
  std::vector<cpu> cpus = cpus_of_hwloc();
  return machine(cpus.empty() ? cpus_of_affinity_mask() : std::move(cpus));
}

machine::machine(std::vector<cpu> cpus) : cpus_(std::move(cpus)) {
  MILLRACE_CHECK(!cpus_.empty(), "a machine has one processing unit at least");
  std::sort(cpus_.begin(), cpus_.end(), [](const cpu& a, const cpu& b) { return a.os_index < b.os_index; });
  rank_siblings(cpus_);
}

std::size_t machine::core_count() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(cpus_.begin(), cpus_.end(), [](const cpu& unit) { return unit.smt_rank == 0; }));
}

std::size_t machine::l3_count() const noexcept {
  return distinct(cpus_, [](const cpu& unit) { return unit.l3; });
}

std::string machine::describe() const {
  const auto nodes = distinct(cpus_, [](const cpu& unit) { return unit.numa_node; });
  std::string text = fmt::format("{} on {}, {}, {}\n", counted(cpus_.size(), "cpu"), counted(core_count(), "core"),
                                 counted(l3_count(), "L3 cache"), counted(nodes, "NUMA node"));
  std::map<unsigned, std::map<unsigned, std::vector<unsigned>>> cores_by_l3;
  for (const cpu& unit : cpus_) cores_by_l3[unit.l3][unit.core].push_back(unit.os_index);
  for (const auto& [l3, cores] : cores_by_l3) {
    text += fmt::format("  L3 {}:", l3);
    for (const auto& [core, units] : cores) text += fmt::format(" {}", fmt::join(units, "+"));
    text += '\n';
  }
  return text;
}

}  // namespace millrace
