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
  needed_.reserve(look_ahead_max * foreseen_events<running_group::member>::members_max);
  oldest_.reserve(2 * needed_.capacity());
  due_.reserve(look_ahead_max * due_rules_max);
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
  if (std::ranges::none_of(groups, [](const running_group& group) { return group.directory != nullptr; })) return;
  next = next.first(std::min(next.size(), look_ahead_max));
  if (board_.only().rule == nullptr)
    for (const event_header* const event : next)
      if (event->type < time_mark) board_.foresee(*event);
  for (std::size_t index = 0; index < groups.size(); ++index)
    if (groups[index].directory) look_ahead(index, next);
}

void engine::look_ahead(std::size_t index, std::span<const event_header* const> next) noexcept {
  const running_group& group = board_.groups()[index];
  const bool is_only = board_.only().rule != nullptr;
  std::array<const event_header*, look_ahead_max> events;
  std::array<glance*, look_ahead_max> seen;
  std::size_t count = 0;
  const bool is_large = group.directory->size() >= prefetch_keys_min;
  for (const event_header* const event : next) {
    if (event->type >= time_mark || (event->route >> index & 1) == 0) continue;
    glance& made = glance_of(index, *event);
    made = {event->sequence, 0, 0, 0, null_handle};
    if (is_only) {
      made.open = board_.word_of(*event);
      if (time_ == time_mode::arrival && board_.wakes_none(made.open)) continue;
    } else if (time_ == time_mode::arrival && board_.wakes_none(*event, index)) {
      continue;
    }
    made.hash = cep::key_directory::hash(board_.packer().pack(index, *event));
    if (is_large) group.directory->prefetch(made.hash);
    events[count] = event;
    seen[count] = &made;
    ++count;
  }
  const bool prefetches = std::uint64_t{group.directory->size()} * group.members.size() >= prefetch_keys_min;
  needed_.clear();
  due_.clear();
  if (prefetches && group.members.size() <= due_rules_max) find_due(group, next);
  for (std::size_t i = 0; i < count; ++i) {
    const cep::partition_id found = group.directory->find(board_.packer().pack(index, *events[i]), seen[i]->hash);
    seen[i]->partition = found;
    seen[i]->erasures = group.directory->erasures();
    if (!prefetches || found == null_handle) continue;
    // One flat list: a loop in a loop would end where no predictor expects it.
    if (is_only)
      needed_.push_back({board_.only().rule, found, 0, seen[i]->open});
    else
      for (const auto& m : board_.woken_by(*events[i], index)) needed_.push_back({m.rule, found, m.place, 0});
  }
  if (is_only)
    prefetch_of_only();
  else
    prefetch_needed();
}

/// How far these events move the time of all keys.
std::int64_t engine::time_reached_by(std::span<const event_header* const> next) const noexcept {
  for (std::size_t i = next.size(); i-- > 0;)
    if (next[i]->type == time_mark || (next[i]->type < time_mark && time_ == time_mode::arrival))
      return next[i]->time_ns;
  return std::numeric_limits<std::int64_t>::min();
}

/// Some of the keys whose timers fire before the events that are looked at have come. What they need is asked for one
/// step before what the keys need that events find.
void engine::find_due(const running_group& group, std::span<const event_header* const> next) noexcept {
  const std::int64_t until_ns = time_reached_by(next);
  std::array<cep::partition_id, look_ahead_max> ids;
  for (const running_group::member& m : group.members) {
    const std::size_t count = m.rule->matcher.due_by(until_ns, ids);
    for (std::size_t i = 0; i < count; ++i) {
      m.rule->matcher.prefetch(ids[i]);
      due_.push_back({m.rule, ids[i], m.place, 0});
    }
  }
}

void engine::prefetch_of_only() noexcept {
  for (const needed& each : needed_) each.rule->matcher.prefetch(each.partition);
  for (const needed& each : due_) each.rule->matcher.prefetch_matches(each.partition, false);
  for (const needed& each : needed_) each.rule->matcher.prefetch_matches(each.partition, false);
  for (const needed& each : due_) each.rule->matcher.prefetch_due(each.partition);
  for (const needed& each : needed_)
    if (each.rule->matcher.may_end(each.possible)) each.rule->matcher.prefetch_matches(each.partition, true);
}

void engine::prefetch_needed() noexcept {
  for (const needed& each : needed_) {
    const cep::state_outline& outline = board_.outline(each.place);
    if (outline.states != nullptr)
      outline.prefetch(each.partition);
    else
      each.rule->matcher.prefetch(each.partition);
  }
  for (const needed& each : due_) each.rule->matcher.prefetch_matches(each.partition, false);
  oldest_.clear();
  for (const needed& each : needed_) {
    const cep::state_outline& outline = board_.outline(each.place);
    outline.each_oldest(each.partition, [&](const cep::chain_element& found) {
      prefetch_line(&found);
      if (oldest_.size() != oldest_.capacity()) oldest_.push_back({&found, outline.events});
    });
    if (outline.rings == 0) each.rule->matcher.prefetch_matches(each.partition, false);
  }
  for (const needed& each : due_) each.rule->matcher.prefetch_due(each.partition);
  for (const first_of_ring& each : oldest_) {
    each.events->prefetch(each.element->event);
    each.events->prefetch_header(each.element->event);
  }
  for (const needed& each : needed_)
    if (board_.outline(each.place).rings == 0) each.rule->matcher.prefetch_matches(each.partition, true);
}

cep::partition_id engine::open_partition(running_group& group, const cep::new_key& key, const event_header& event) {
  begin_event(group);
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
  board_.wake(event);
  auto& groups = board_.groups();
  for (std::size_t index = 0; index < groups.size(); ++index) {
    running_group& group = groups[index];
    group.partition = null_handle;
    group.begun = false;
    if ((event.route >> index & 1) == 0) continue;
    // Where keys have a time of their own, the event moves it, whatever patterns think of the event.
    if (group.woken.empty() && time_ == time_mode::arrival) continue;
    group.partition = find_partition(index, group, event);
    if (group.partition == null_handle || group.woken.size() == 1 || board_.knows_woken(event, index)) continue;
    for (const auto& m : group.woken) m.rule->matcher.prefetch(group.partition);
  }
}

void engine::begin_event(running_group& group) noexcept {
  for (const auto& m : group.woken) m.rule->matcher.begin_event();
  group.begun = true;
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
  auto& groups = board_.groups();
  for (std::size_t index = 0; index < groups.size(); ++index) {
    running_group& group = groups[index];
    if (group.partition == null_handle) continue;
    if (group.woken.size() > 1 && !board_.knows_woken(event, index))
      for (const auto& m : group.woken) m.rule->matcher.prefetch_matches(group.partition, false);
    for (const auto& m : group.woken) {
      if (group.begun) [[unlikely]]
        m.rule->matcher.process(group.partition, event, releases_);
      else
        m.rule->matcher.begin_and_process(group.partition, event, releases_);
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
