#include <millrace/placement/placement.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

namespace millrace {

namespace {

using cache_group = std::vector<cpu>;

struct wish {
  std::string_view name;
  placement (*with)(const placement&);
};
constexpr std::array wishes{
    wish{"same-l3", [](const placement& of) { return of.same_l3(); }},
    wish{"leave-core-0", [](const placement& of) { return of.leave_core_0(); }},
    wish{"use-smt-siblings", [](const placement& of) { return of.use_smt_siblings(); }},
};

/// Units that may have a thread, by the cache above them: a core's first unit before any second one. Largest group
/// first, equal ones by cache number.
std::vector<cache_group> units_by_cache(const machine& on, bool siblings, std::optional<unsigned> core_to_leave) {
  std::map<unsigned, cache_group> by_l3;
  for (const cpu& unit : on.cpus()) {
    if ((siblings || unit.smt_rank == 0) && unit.core != core_to_leave) by_l3[unit.l3].push_back(unit);
  }
  std::vector<cache_group> groups;
  for (auto& [l3, units] : by_l3) {
    std::stable_sort(units.begin(), units.end(), [](const cpu& a, const cpu& b) { return a.smt_rank < b.smt_rank; });
    groups.push_back(std::move(units));
  }
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

/// The core of processing unit 0, where the process may run on it.
std::optional<unsigned> core_0(const machine& on) {
  if (on.cpus().front().os_index != 0) return std::nullopt;
  return on.cpus().front().core;
}

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace

placement_plan placement::plan(std::size_t thread_count, const machine& on) const {
  placement_plan result{std::vector<std::optional<cpu>>(thread_count), {}};
  if (!pins_ || thread_count == 0) return result;
  std::vector<cache_group> groups =
      units_by_cache(on, uses_siblings_, leaves_core_0_ ? core_0(on) : std::optional<unsigned>{});
  std::size_t units = 0;
  for (const cache_group& group : groups) units += group.size();
  const auto refuse = [&](std::string_view before, std::size_t found, std::string_view behind) {
    result.warnings.push_back(fmt::format("{}, but {}{}{}{}: threads are not pinned", counted(thread_count, "thread"),
                                          before, counted(found, uses_siblings_ ? "cpu" : "core"),
                                          leaves_core_0_ ? " beside core 0" : "", behind));
    return result;
  };
  if (units < thread_count) return refuse("", units, " to run on");
  if (same_l3_ && groups.front().size() < thread_count)
    return refuse("no L3 cache with more than ", groups.front().size(), "");
  put_best_fit_first(groups, thread_count);
  std::vector<cpu> chosen;
  for (const cache_group& group : groups) {
    if (chosen.size() >= thread_count) break;
    chosen.insert(chosen.end(), group.begin(), group.end());
  }
  // Over several caches, each core has one thread before any has two.
  std::stable_sort(chosen.begin(), chosen.end(), [](const cpu& a, const cpu& b) { return a.smt_rank < b.smt_rank; });
  std::copy_n(chosen.begin(), thread_count, result.cpus.begin());
  return result;
}

placement_plan placement::plan(std::size_t thread_count) const { return plan(thread_count, machine::detect()); }

std::string placement::to_string() const {
  if (!pins_) return "none";
  std::string text = "one-core-each";
  for (const wish& each : wishes) {
    if (each.with(*this) == *this) text.append(",").append(each.name);
  }
  return text;
}

std::optional<placement> find_placement(std::string_view text) {
  constexpr std::string_view pinned = "one-core-each";
  if (text == placement::none().to_string()) return placement::none();
  if (!text.starts_with(pinned)) return std::nullopt;
  placement made = placement::one_core_each();
  for (text.remove_prefix(pinned.size()); !text.empty();) {
    if (text.front() != ',') return std::nullopt;
    text.remove_prefix(1);
    const std::string_view word = text.substr(0, text.find(','));
    const auto* const asked = std::ranges::find(wishes, word, &wish::name);
    if (asked == wishes.end()) return std::nullopt;
    made = asked->with(made);
    text.remove_prefix(word.size());
  }
  return made;
}

}  // namespace millrace
