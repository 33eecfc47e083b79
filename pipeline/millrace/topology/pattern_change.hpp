#pragma once

#include <millrace/base/error.hpp>
#include <millrace/topology/change_position.hpp>
#include <millrace/topology/late_rule.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::detail {

/// A pattern that comes or goes, on its way through a running topology: see `change_queue`.
struct pattern_change {
  /// Every shard has taken its part, and has given back what has gone.
  [[nodiscard]] bool settled() const noexcept {
    return position->value() && std::ranges::all_of(shards, [](const auto& each) { return each->settled(); });
  }

  std::vector<std::unique_ptr<shard_change>> shards;
  bool released_by_time = false;  ///< time alone can release something from here on
  std::shared_ptr<change_position> position = std::make_shared<change_position>();
  pattern_change* next = nullptr;
};

/// Which patterns a topology has, by the names that changes go by. A name has one number for the whole run.
/// Threads: guarded by who changes the patterns.
class pattern_book {
 public:
  /// An empty name cannot be asked for. Errors: `error` for a name that is in force.
  void add(std::string name, bool released_by_time) {
    if (!name.empty() && find(name))
      throw error("match: found a second pattern '" + name + "', expected a name of its own");
    patterns_.push_back({std::move(name), true, released_by_time});
  }

  /// The number for a pattern that comes or replaces the one of its name.
  std::uint16_t put(const std::string& name, bool released_by_time) {
    if (name.empty()) throw error("put: found a pattern without a name, expected one to replace or remove it by");
    std::size_t number = find(name).value_or(patterns_.size());
    if (number == numbers_max)
      throw error("put: found more than " + std::to_string(numbers_max) + " names in one run, expected at most that");
    if (number == patterns_.size()) patterns_.emplace_back().name = name;
    patterns_[number].in_force = true;
    patterns_[number].released_by_time = released_by_time;
    return static_cast<std::uint16_t>(number);
  }

  /// Errors: `error` for a name that is not in force.
  std::uint16_t remove(std::string_view name) {
    const auto number = name.empty() ? std::nullopt : find(name);
    if (!number || !patterns_[*number].in_force)
      throw error("remove: found no pattern '" + std::string(name) + "', expected one that is in force");
    patterns_[*number].in_force = false;
    return static_cast<std::uint16_t>(*number);
  }

  [[nodiscard]] bool released_by_time() const noexcept {
    return std::ranges::any_of(patterns_, [](const entry& e) { return e.in_force && e.released_by_time; });
  }

 private:
  static constexpr std::size_t numbers_max = 65'535;

  struct entry {
    std::string name;
    bool in_force = false;
    bool released_by_time = false;
  };

  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const noexcept {
    const auto at = std::ranges::find(patterns_, name, &entry::name);
    if (at == patterns_.end()) return std::nullopt;
    return static_cast<std::size_t>(at - patterns_.begin());
  }

  std::vector<entry> patterns_;
};

}  // namespace millrace::detail
