#include <millrace/rules/engine.hpp>

#include <algorithm>
#include <utility>

namespace millrace::rules {

engine::engine(std::shared_ptr<const revision> rules, const engine_limits& limits)
    : limits_(limits),
      time_(rules->declarations->time),
      events_(limits.events, rules->declarations->data_bytes_max),
      board_(rules, limits, events_) {
  for (const auto& layout : rules->declarations->layouts) events_.set_data_bytes(layout->type(), layout->bytes());
}

// --- events ---------------------------------------------------------------------------------------------

void engine::move_time(std::int64_t now_ns) {
  time_ns_ = now_ns;
  for (const auto& each : board_.rules()) each->matcher.advance(now_ns, releases_);
}

cep::partition_id engine::find_partition(std::size_t index, running_group& group, const event_header& event) {
  if (!group.directory) return 0;
  const auto key = board_.packer().pack(index, event);
  const std::uint64_t hash = cep::key_directory::hash(key);
  const cep::partition_id known = group.directory->find(key, hash);
  if (known != null_handle) return known;
  // A key gets state only when a match can begin with it.
  const bool starts = std::ranges::any_of(group.members, [&](const running_group::member& m) {
    return (m.types >> event.type & 1) != 0 && m.rule->matcher.may_start(event);
  });
  if (!starts) return null_handle;
  const auto may_evict = [&](cep::partition_id id) {
    if (!std::ranges::all_of(group.members, [&](const auto& m) { return m.rule->matcher.idle(id); })) return false;
    for (const auto& m : group.members) m.rule->matcher.close(id);
    return true;
  };
  const cep::partition_id made = group.directory->insert(key, hash, may_evict);
  if (made == null_handle) {
    ++keys_refused_;
    return made;
  }
  for (const auto& m : group.members) m.rule->matcher.open(made);
  return made;
}

void engine::find_partitions(const event_header& event) {
  auto& groups = board_.groups();
  for (std::size_t index = 0; index < groups.size(); ++index) {
    running_group& group = groups[index];
    group.partition = null_handle;
    if ((event.route >> index & 1) == 0) continue;
    for (const auto& m : group.members) m.rule->matcher.begin_event();
    group.partition = find_partition(index, group, event);
  }
}

void engine::advance_partitions(const event_header& event) {
  for (running_group& group : board_.groups()) {
    if (group.partition == null_handle) continue;
    for (const auto& m : group.members)
      if ((m.types >> event.type & 1) != 0)
        m.rule->matcher.advance_partition(group.partition, event.time_ns, releases_);
  }
}

void engine::match(const event_header& event) {
  events_.pick_up(event);
  for (running_group& group : board_.groups()) {
    if (group.partition == null_handle) continue;
    for (const auto& m : group.members)
      if ((m.types >> event.type & 1) != 0) m.rule->matcher.process(group.partition, event, releases_);
  }
  events_.put_down();
}

std::optional<std::int64_t> engine::next_deadline() const noexcept {
  std::optional<std::int64_t> first;
  for (const auto& each : board_.rules())
    if (const auto deadline = each->matcher.next_deadline(); deadline && (!first || *deadline < *first))
      first = deadline;
  return first;
}

// --- changes --------------------------------------------------------------------------------------------

void engine::apply(engine_change& change) noexcept {
  change.board_.take_over(board_);
  std::swap(change.board_, board_);
  count_gone(change.board_);
  (going_ == nullptr ? going_ : going_last_->next_) = &change;
  going_last_ = &change;
}

void engine::change(std::shared_ptr<const revision> to) {
  std::erase_if(own_changes_, [](const auto& each) { return each->settled(); });
  own_changes_.push_back(prepare(std::move(to)));
  apply(*own_changes_.back());
}

void engine::give_back(std::uint32_t steps) noexcept {
  engine_change& oldest = *going_;
  const auto& rules = oldest.board_.rules();
  for (; oldest.given_back_ < rules.size(); ++oldest.given_back_) {
    running_rule* const gone = rules[oldest.given_back_].get();
    if (gone != nullptr && !gone->matcher.give_back(steps)) return;
  }
  going_ = oldest.next_;
  oldest.settled_.store(true, std::memory_order_release);  // S1, pairs with S2; it may be gone from here on
}

// --- counters -------------------------------------------------------------------------------------------

namespace {

void add(const cep::matcher_counters& of, engine_counters& to) noexcept {
  to.matches += of.matches;
  to.timeouts += of.timeouts;
  to.refused += of.refused;
  to.faults += of.faults;
  to.skip_misses += of.skip_misses;
}

}  // namespace

void engine::count_gone(const rule_board& board) noexcept {
  for (const auto& rule : board.rules())
    if (rule) add(rule->matcher.counters(), gone_);
}

engine_counters engine::counters() const noexcept {
  engine_counters sum = gone_;
  sum.processed = processed_;
  sum.refused += keys_refused_;
  for (const auto& each : board_.rules()) add(each->matcher.counters(), sum);
  return sum;
}

}  // namespace millrace::rules
