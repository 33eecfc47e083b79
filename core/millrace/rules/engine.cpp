#include <millrace/rules/engine.hpp>

#include <algorithm>
#include <utility>

namespace millrace::rules {

engine::engine(std::shared_ptr<const program> rules, const engine_limits& limits)
    : rules_(std::move(rules)), events_(limits.events, rules_->data_bytes_max), packer_(*rules_) {
  for (const auto& layout : rules_->layouts) events_.set_data_bytes(layout->type(), layout->bytes());
  for (const key_group& group : rules_->groups) {
    auto& state = groups_.emplace_back();
    if (!group.fields.empty()) state.directory.emplace(limits.matcher.partitions, group.key_bytes_max);
  }
  for (std::size_t i = 0; i < rules_->patterns.size(); ++i) {
    const pattern_rule& rule = rules_->patterns[i];
    group_state& group = groups_[rule.group];
    auto bounds = limits.matcher;
    if (!group.directory) bounds.partitions = 1;
    matchers_.push_back(std::make_unique<matcher>(rule.automaton, condition_programs(rule.conditions),
                                                  static_cast<std::uint16_t>(i), bounds, events_));
    if (!group.directory) matchers_.back()->open(0);
    group.matchers.push_back(matchers_.back().get());
    group.types.push_back(rule.types);
  }
  taken_.reserve(1'024);
}

void engine::move_time(std::int64_t now_ns) {
  time_ns_ = now_ns;
  for (const auto& each : matchers_) each->advance(now_ns, releases_);
}

cep::partition_id engine::find_partition(std::size_t index, group_state& group, const event_header& event) {
  if (!group.directory) return 0;
  const auto key = packer_.pack(index, event);
  const std::uint64_t hash = cep::key_directory::hash(key);
  const cep::partition_id known = group.directory->find(key, hash);
  if (known != null_handle) return known;
  // A key gets state only when a match can begin with it.
  bool starts = false;
  for (std::size_t i = 0; i < group.matchers.size() && !starts; ++i)
    starts = (group.types[i] >> event.type & 1) != 0 && group.matchers[i]->may_start(event);
  if (!starts) return null_handle;
  const auto may_evict = [&](cep::partition_id id) {
    if (!std::ranges::all_of(group.matchers, [&](const matcher* m) { return m->idle(id); })) return false;
    for (matcher* m : group.matchers) m->close(id);
    return true;
  };
  const cep::partition_id made = group.directory->insert(key, hash, may_evict);
  if (made == null_handle) {
    ++keys_refused_;
    return made;
  }
  for (matcher* m : group.matchers) m->open(made);
  return made;
}

void engine::find_partitions(const event_header& event) {
  for (std::size_t index = 0; index < groups_.size(); ++index) {
    group_state& group = groups_[index];
    group.partition = null_handle;
    if ((event.route >> index & 1) == 0) continue;
    for (matcher* m : group.matchers) m->begin_event();
    group.partition = find_partition(index, group, event);
  }
}

void engine::advance_partitions(const event_header& event) {
  for (group_state& group : groups_) {
    if (group.partition == null_handle) continue;
    for (std::size_t i = 0; i < group.matchers.size(); ++i)
      if ((group.types[i] >> event.type & 1) != 0)
        group.matchers[i]->advance_partition(group.partition, event.time_ns, releases_);
  }
}

void engine::match(const event_header& event) {
  events_.pick_up(event);
  for (group_state& group : groups_) {
    if (group.partition == null_handle) continue;
    for (std::size_t i = 0; i < group.matchers.size(); ++i)
      if ((group.types[i] >> event.type & 1) != 0) group.matchers[i]->process(group.partition, event, releases_);
  }
  events_.put_down();
}

std::optional<std::int64_t> engine::next_deadline() const noexcept {
  std::optional<std::int64_t> first;
  for (const auto& each : matchers_)
    if (const auto deadline = each->next_deadline(); deadline && (!first || *deadline < *first)) first = deadline;
  return first;
}

engine_counters engine::counters() const noexcept {
  engine_counters sum;
  sum.processed = processed_;
  sum.refused = keys_refused_;
  for (const auto& each : matchers_) {
    const cep::matcher_counters& of = each->counters();
    sum.matches += of.matches;
    sum.timeouts += of.timeouts;
    sum.refused += of.refused;
    sum.faults += of.faults;
    sum.skip_misses += of.skip_misses;
  }
  return sum;
}

}  // namespace millrace::rules
