#include <millrace/rules/rule_board.hpp>

#include <algorithm>
#include <utility>

namespace millrace::rules {
namespace {

cep::matcher_limits bounds_of(bool keyed, const engine_limits& limits) {
  cep::matcher_limits made = limits.matcher;
  if (!keyed) made.partitions = 1;
  return made;
}

constexpr std::uint32_t nowhere = 0xFFFFFFFF;

}  // namespace

running_rule::running_rule(const rule_in_force& from, bool keyed, bool joins, const engine_limits& limits,
                           cep::held_events& events)
    : what(from),
      matcher(joins, bounds_of(keyed, limits).partitions, from.rule->automaton,
              condition_programs(from.rule->conditions), from.number, bounds_of(keyed, limits), events) {
  if (!keyed) matcher.open(0);
}

rule_board::rule_board(std::shared_ptr<const revision> of, const engine_limits& limits, cep::held_events& events)
    : of_(std::move(of)), packer_(*of_), place_of_(of_->names.size(), nowhere) {
  std::vector<std::size_t> counts(of_->groups.size());
  for (const rule_in_force& rule : of_->rules) {
    const group_in_force& group = of_->groups[rule.group];
    const bool keyed = !group.key.fields.empty();
    const bool fresh = rule.since == of_->number;
    place_of_[rule.number] = static_cast<std::uint32_t>(rules_.size());
    rules_.push_back(
        fresh ? std::make_unique<running_rule>(rule, keyed, keyed && group.since != of_->number, limits, events)
              : nullptr);
    ++counts[rule.group];
  }
  for (std::size_t i = 0; i < of_->groups.size(); ++i) {
    const group_in_force& group = of_->groups[i];
    running_group& made = groups_.emplace_back();
    made.members.reserve(counts[i]);
    if (group.key.types != 0 && group.since == of_->number && !group.key.fields.empty())
      made.directory = std::make_unique<cep::key_directory>(limits.matcher.partitions, group.key.key_bytes_max);
  }
  if (of_->number == 0) join_groups();
}

void rule_board::take_over(rule_board& before) noexcept {
  for (std::size_t i = 0; i < rules_.size(); ++i)
    if (!rules_[i]) rules_[i] = std::move(before.rules_[before.place_of_[of_->rules[i].number]]);
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const group_in_force& group = of_->groups[i];
    if (group.key.types != 0 && group.since != of_->number)
      groups_[i].directory = std::move(before.groups_[i].directory);
  }
  join_groups();
}

void rule_board::join_groups() noexcept {
  for (const auto& rule : rules_) groups_[rule->what.group].members.push_back({rule->what.rule->types, rule.get()});
}

}  // namespace millrace::rules
