#include <millrace/rules/running_windows.hpp>

#include <millrace/expr/machine.hpp>

#include <utility>

namespace millrace::rules {

window_rule_counters& window_rule_counters::operator+=(const window_rule_counters& other) noexcept {
  results += other.results;
  late += other.late;
  late_windows += other.late_windows;
  refused += other.refused;
  refused_windows += other.refused_windows;
  dead += other.dead;
  values_refused += other.values_refused;
  faults += other.faults;
  return *this;
}

running_windows::running_windows(std::shared_ptr<const revision> rules, const window_rule_limits& limits)
    : revision_(std::move(rules)), time_(revision_->declarations->time), packer_(*revision_) {
  const auto& windows = revision_->declarations->windows;
  for (std::size_t i = 0; i < windows.size(); ++i)
    rules_.push_back(
        std::make_unique<running_window>(windows[i], revision_->groups[revision_->window_groups[i]].key, limits));
}

released_window running_windows::released(std::uint32_t index, const running_window::result& result,
                                          std::int64_t release_ns, bool by_event) const noexcept {
  const running_window& of = *rules_[index];
  return {&of.rule(),
          index,
          &revision_->groups[revision_->window_groups[index]].key,
          of.key_of(result.key),
          result.start_ns,
          result.end_ns,
          release_ns,
          result.state == nullptr ? 0 : select_aggregator::first_record(result.state),
          by_event,
          &of.aggregates(),
          result.state};
}

void running_windows::find_next_due() noexcept {
  next_due_ns_ = running_window::never;
  for (const auto& each : rules_) next_due_ns_ = std::min(next_due_ns_, each->next_due_ns());
}

std::vector<window_rule_counters> running_windows::counters() const {
  std::vector<window_rule_counters> made;
  for (const auto& each : rules_) {
    const window::window_counters& of = each->counters();
    made.push_back({of.results, of.late, of.late_windows, of.no_room + each->keys_refused(), of.no_room_windows,
                    of.out_of_range, each->aggregates().refused_values(), each->faults()});
  }
  return made;
}

void unpack_key(std::span<const field* const> fields, std::span<const std::byte> key,
                std::span<expr::value> values) noexcept {
  std::size_t at = 0;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    values[i] = expr::load(fields[i]->type, key.data() + at);
    at += fields[i]->type == field_type::string ? sizeof(std::uint16_t) + values[i].text().size() : fields[i]->bytes;
  }
}

}  // namespace millrace::rules
