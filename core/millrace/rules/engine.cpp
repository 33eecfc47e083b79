#include <millrace/rules/engine.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace millrace::rules {

engine::engine(std::shared_ptr<const revision> rules, const engine_limits& limits)
    : limits_(limits),
      time_(rules->declarations->time),
      events_(limits.events, rules->declarations->data_bytes_max),
      board_(std::move(rules), limits, events_),
      glances_(key_group_count_max * glances_each),
      gone_(board_.of().names.size()) {
  for (const auto& layout : board_.of().declarations->layouts) events_.set_data_bytes(layout->type(), layout->bytes());
}

// --- events ---------------------------------------------------------------------------------------------

void engine::move_time(std::int64_t now_ns) {
  time_ns_ = now_ns;
  next_move_ns_ = std::numeric_limits<std::int64_t>::max();
  auto& next_moves = board_.next_moves_ns();
  if (next_moves.empty()) return;
  for (std::size_t place = 0; place < next_moves.size(); ++place) {
    if (now_ns < next_moves[place]) [[likely]]
      continue;
    auto& matcher = board_.rules()[place]->matcher;
    matcher.advance(now_ns, releases_);
    next_moves[place] = matcher.next_move_ns();
  }
  next_move_ns_ = std::ranges::min(next_moves);
}

void engine::look_ahead(std::span<const event_header* const> next) noexcept {
  auto& groups = board_.groups();
  for (std::size_t index = 0; index < groups.size(); ++index)
    if (groups[index].directory) look_ahead(index, next.first(std::min(next.size(), look_ahead_max)));
}

/// How far these events move the time of all keys.
std::int64_t engine::time_reached_by(std::span<const event_header* const> next) const noexcept {
  for (std::size_t i = next.size(); i-- > 0;)
    if (next[i]->type == time_mark || (next[i]->type < time_mark && time_ == time_mode::arrival))
      return next[i]->time_ns;
  return std::numeric_limits<std::int64_t>::min();
}

void engine::look_ahead(std::size_t index, std::span<const event_header* const> next) noexcept {
  const running_group& group = board_.groups()[index];
  std::array<const event_header*, look_ahead_max> events;
  std::array<glance*, look_ahead_max> seen;
  std::size_t count = 0;
  const bool is_large = group.directory->size() >= prefetch_keys_min;
  for (const event_header* const event : next) {
    if (event->type >= time_mark || (event->route >> index & 1) == 0) continue;
    glance& made = glance_of(index, *event);
    made = {event->sequence, 0, 0, 0, null_handle};
    if (board_.fits_word()) {
      made.open = board_.word_of(*event);
      if (time_ == time_mode::arrival && board_.wakes_none(made.open)) continue;
    }
    made.hash = cep::key_directory::hash(board_.packer().pack(index, *event));
    if (is_large) group.directory->prefetch(made.hash);
    events[count] = event;
    seen[count] = &made;
    ++count;
  }
  // Of many patterns few concern an event: what those need is asked for when they are known.
  const bool prefetches_state = is_large && group.members.size() <= prefetch_rules_max;
  // Keys whose timers fire meanwhile are one step ahead of those that events find.
  std::array<due_keys, prefetch_rules_max> due;
  if (prefetches_state) {
    const std::int64_t until_ns = time_reached_by(next);
    for (std::size_t m = 0; m < group.members.size(); ++m) {
      due[m].count = group.members[m].rule->matcher.due_by(until_ns, due[m].ids);
      for (const cep::partition_id id : due[m].all()) group.members[m].rule->matcher.prefetch(id);
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    seen[i]->partition = group.directory->find(board_.packer().pack(index, *events[i]), seen[i]->hash);
    seen[i]->erasures = group.directory->erasures();
  }
  if (!prefetches_state) return;
  for (std::size_t i = 0; i < count; ++i)
    if (seen[i]->partition != null_handle)
      for (const auto& m : group.members) m.rule->matcher.prefetch(seen[i]->partition);
  for (std::size_t m = 0; m < group.members.size(); ++m)
    for (const cep::partition_id id : due[m].all()) group.members[m].rule->matcher.prefetch_matches(id, false);
  for (std::size_t i = 0; i < count; ++i)
    if (seen[i]->partition != null_handle)
      for (const auto& m : group.members) m.rule->matcher.prefetch_matches(seen[i]->partition, false);
  for (std::size_t m = 0; m < group.members.size(); ++m)
    for (const cep::partition_id id : due[m].all()) group.members[m].rule->matcher.prefetch_due(id);
  // One without conditions may stand behind the word's last bit; it asks for none of them.
  for (std::size_t i = 0; i < count; ++i)
    if (seen[i]->partition != null_handle)
      for (const auto& m : group.members)
        if (!board_.fits_word() || m.rule->matcher.may_end(seen[i]->open >> (m.rule->open.first % 64)))
          m.rule->matcher.prefetch_matches(seen[i]->partition, true);
}

cep::partition_id engine::open_partition(running_group& group, const cep::new_key& key, const event_header& event) {
  // A key gets state only when a match can begin with it.
  const bool starts = std::ranges::any_of(
      group.woken, [&](const running_group::member& m) { return m.rule->matcher.may_start(event); });
  if (!starts) return null_handle;
  const cep::partition_id made = cep::number_for(key, *group.directory, limits_.matcher.when_full, group.watched,
                                                 event.time_ns, releases_, [&](auto&& f) {
                                                   for (const auto& m : group.members) f(m.rule->matcher);
                                                 });
  if (made == null_handle)
    for (const auto& m : group.woken)
      if (m.rule->matcher.may_start(event)) m.rule->matcher.refuse_key(releases_);
  return made;
}

void engine::find_partitions(const event_header& event) {
  // Where the one group's part was looked up ahead, so was what the index says.
  const glance& seen = glance_of(0, event);
  auto& groups = board_.groups();
  if (seen.sequence == event.sequence && board_.fits_word())
    board_.wake_by(seen.open, event.type);
  else
    board_.wake(event);
  for (std::size_t index = 0; index < groups.size(); ++index) {
    running_group& group = groups[index];
    group.partition = null_handle;
    if ((event.route >> index & 1) == 0) continue;
    // Where keys have a time of their own, the event moves it, whatever patterns think of the event.
    if (group.woken.empty() && time_ == time_mode::arrival) continue;
    for (const auto& m : group.woken) m.rule->matcher.begin_event();
    group.partition = find_partition(index, group, event);
    if (group.woken.size() > 1 && group.partition != null_handle)
      for (const auto& m : group.woken) m.rule->matcher.prefetch(group.partition);
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
    if (group.woken.size() > 1)
      for (const auto& m : group.woken) m.rule->matcher.prefetch_matches(group.partition, false);
    for (const auto& m : group.woken) {
      m.rule->matcher.process(group.partition, event, releases_);
      note_next_move(*m.rule);
    }
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

void engine::watch(std::size_t index, std::span<const std::byte> key, cep::run_watcher& watcher) {
  running_group& group = board_.groups()[index];
  cep::partition_id id = 0;
  if (group.directory) {
    id = group.directory->insert(key, cep::key_directory::hash(key), [](cep::partition_id) { return false; });
    for (const auto& m : group.members) m.rule->matcher.open(id);
    group.watched = id;
  }
  for (const auto& m : group.members) m.rule->matcher.watch(id, watcher);
}

// --- changes --------------------------------------------------------------------------------------------

void engine::apply(engine_change& change) noexcept {
  glances_.assign(glances_.size(), {});
  next_move_ns_ = std::numeric_limits<std::int64_t>::min();
  change.board_.take_over(board_);
  std::swap(change.board_, board_);
  std::ranges::copy(gone_, change.gone_.begin());
  gone_.swap(change.gone_);
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

void engine::count_gone(const rule_board& board) noexcept {
  for (const auto& rule : board.rules())
    if (rule) gone_[rule->what.number] += rule->matcher.counters();
}

engine_counters engine::counters() const noexcept {
  engine_counters sum;
  sum.processed = processed_;
  for (const cep::matcher_counters& of : counters_by_rule()) sum += of;
  return sum;
}

std::vector<cep::matcher_counters> engine::counters_by_rule() const {
  std::vector<cep::matcher_counters> made = gone_;
  for (const auto& each : board_.rules()) made[each->what.number] += each->matcher.counters();
  return made;
}

}  // namespace millrace::rules
