#include <millrace/rules/rule_board.hpp>

#include <millrace/cep/quiet.hpp>

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

namespace millrace::rules {
namespace {

cep::matcher_limits bounds_of(bool keyed, const engine_limits& limits) {
  cep::matcher_limits made = limits.matcher;
  // One that many keys have in turn is not alone: it must become idle in time.
  made.partitions = keyed ? std::max(made.partitions, 2U) : 1;
  return made;
}

constexpr std::uint32_t nowhere = 0xFFFFFFFF;
constexpr std::uint32_t named_max = foreseen_events<running_group::member>::members_max;

}  // namespace

running_rule::running_rule(const rule_in_force& from, bool keyed, bool joins, const engine_limits& limits,
                           cep::held_events& events)
    : what(from),
      kinds(condition_programs(from.rule->conditions).kinds()),
      has_deadlines(from.rule->automaton->has_deadlines()),
      matcher(joins, bounds_of(keyed, limits).partitions, from.rule->automaton,
              condition_programs(from.rule->conditions, &open), from.number, bounds_of(keyed, limits), events,
              limits.classes) {
  if (!keyed) matcher.open(0);
}

rule_board::rule_board(std::shared_ptr<const revision> of, const engine_limits& limits, cep::held_events& events)
    : of_(std::move(of)), packer_(*of_), place_of_(of_->names.size(), nowhere) {
  std::vector<std::size_t> counts(of_->groups.size());
  spread_objects<running_rule> places(static_cast<std::size_t>(
      std::ranges::count_if(of_->rules, [&](const rule_in_force& rule) { return rule.since == of_->number; })));
  for (const rule_in_force& rule : of_->rules) {
    const group_in_force& group = of_->groups[rule.group];
    const bool keyed = !group.key.fields.empty();
    const bool fresh = rule.since == of_->number;
    place_of_[rule.number] = static_cast<std::uint32_t>(rules_.size());
    rules_.push_back(fresh ? places.make(rule, keyed, keyed && group.since != of_->number, limits, events) : nullptr);
    ++counts[rule.group];
  }
  for (std::size_t i = 0; i < of_->groups.size(); ++i) {
    const group_in_force& group = of_->groups[i];
    running_group& made = groups_.emplace_back();
    made.members.reserve(counts[i]);
    made.room.reserve(counts[i]);
    made.always_awake.resize(of_->declarations->layouts.size());
    for (auto& each : made.always_awake) each.reserve(counts[i]);
    if (group.key.types != 0 && group.since == of_->number && !group.key.fields.empty())
      made.directory = std::make_unique<cep::key_directory>(limits.matcher.partitions, group.key.key_bytes_max,
                                                            group.key.is_uniform());
  }
  next_moves_ns_.resize(rules_.size(), std::numeric_limits<std::int64_t>::min());
  build_index(limits.shows_all);
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
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    running_rule& rule = *rules_[i];
    rule.place = static_cast<std::uint32_t>(i);
    running_group& group = groups_[rule.what.group];
    group.members.push_back({rule.what.rule->types, &rule, rule.place});
    outlines_[i] = rule.matcher.outline();
    if (std::ranges::find(always_awake_, static_cast<std::uint32_t>(i)) != always_awake_.end())
      for (std::size_t type = 0; type < group.always_awake.size(); ++type)
        if ((rule.what.rule->types >> type & 1) != 0) group.always_awake[type].push_back(group.members.back());
    rule.open = {open_.data(), first_bit_[i]};
    sleepers_[i] = {group.members.back(), static_cast<std::uint32_t>(rule.what.group),
                    static_cast<std::uint32_t>(first_bit_[i + 1])};
  }
  if (rules_.size() != 1 || !fits_word()) return;
  running_rule& rule = *rules_.front();
  only_ = {&rule, rule.what.group};
  groups_[only_.group].woken = groups_[only_.group].members;
  only_awake_types_ = always_awake_.empty() ? 0 : rule.what.rule->types;
}

// --- waking ---------------------------------------------------------------------------------------------

void rule_board::build_index(bool shows_all) {
  std::vector<expr::condition_index::condition> conditions;
  for (std::size_t place = 0; place < of_->rules.size(); ++place) {
    const pattern_rule& rule = *of_->rules[place].rule;
    first_bit_.push_back(conditions.size());
    for (const condition& each : *rule.conditions) {
      conditions.push_back({each.types, &each.test.event_part});
      place_of_bit_.push_back(static_cast<std::uint32_t>(place));
    }
    if (shows_all || !cep::passes_over_unfit_events(*rule.automaton))
      always_awake_.push_back(static_cast<std::uint32_t>(place));
  }
  first_bit_.push_back(conditions.size());
  index_ = expr::condition_index(conditions, of_->declarations->layouts.size());
  open_.resize(index_.words());
  foreseen_ = foreseen_events<running_group::member>(index_.words(), groups_.size());
  sleepers_.resize(of_->rules.size());
  outlines_.resize(of_->rules.size());
  wakes_.resize(index_.words(), ~std::uint64_t{0});
  if (conditions.size() % 64 != 0 || conditions.empty())
    wakes_.back() = (std::uint64_t{1} << (conditions.size() % 64)) - 1;
  for (const std::uint32_t place : always_awake_)
    for (std::size_t bit = first_bit_[place]; bit < first_bit_[place + 1]; ++bit)
      wakes_[bit / 64] &= ~(std::uint64_t{1} << (bit % 64));
}

template <class F>
void rule_board::each_sleeper(const std::uint64_t* open, event_type type, F&& f) const noexcept {
  std::size_t passed = 0;  // bits of rules that are awake already
  for (std::size_t word = 0; word < wakes_.size(); ++word) {
    for (std::uint64_t bits = open[word] & wakes_[word]; bits != 0; bits &= bits - 1) {
      const std::size_t bit = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
      if (bit < passed) continue;
      const sleeper& woken = sleepers_[place_of_bit_[bit]];
      passed = woken.bits_end;
      if ((woken.member.types >> type & 1) != 0) f(woken.group, woken.member);
    }
  }
}

void rule_board::wake_open(event_type type) noexcept {
  std::uint64_t wakes = 0;
  for (std::size_t word = 0; word < open_.size(); ++word) wakes |= open_[word] & wakes_[word];
  for (running_group& group : groups_) group.woken = group.always_awake[type];
  if (wakes == 0) return;
  for (running_group& group : groups_)
    group.room.assign(group.always_awake[type].begin(), group.always_awake[type].end());
  each_sleeper(open_.data(), type,
               [&](std::uint32_t group, const running_group::member& m) { groups_[group].room.push_back(m); });
  for (running_group& group : groups_) group.woken = group.room;
}

void rule_board::foresee(const event_header& event) noexcept {
  const std::size_t slot = foreseen_.begin(event);
  std::uint64_t* const open = foreseen_.open(slot);
  index_.select(event, open);
  if (!always_awake_.empty())
    for (std::size_t group = 0; group < groups_.size(); ++group)
      for (const running_group::member& m : groups_[group].always_awake[event.type])
        foreseen_.room(slot, group)[std::min(foreseen_.count(slot, group)++, named_max)] = m;
  const auto add = [&](std::uint32_t in, const running_group::member& member, bool is_one) {
    std::uint32_t& count = foreseen_.count(slot, in);
    // Which rules an event wakes no predictor knows: each is written to its place, and counted if it is one.
    foreseen_.room(slot, in)[std::min(count, named_max)] = member;
    count += is_one ? 1 : 0;
  };
  std::size_t passed = 0;  // bits of rules that are there already
  const std::uint64_t* const wakes = wakes_.data();
  const std::size_t words = wakes_.size();
  for (std::size_t word = 0; word < words; ++word) {
    for (std::uint64_t bits = open[word] & wakes[word]; bits != 0; bits &= bits - 1) {
      const std::size_t bit = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
      const sleeper& woken = sleepers_[place_of_bit_[bit]];
      add(woken.group, woken.member, (bit >= passed) & ((woken.member.types >> event.type & 1) != 0));
      passed = woken.bits_end;
    }
  }
}

void rule_board::wake_foreseen(const event_header& event) noexcept {
  const std::size_t slot = foreseen_.slot_of(event);
  const std::uint64_t* const open = foreseen_.open(slot);
  for (std::size_t word = 0; word < open_.size(); ++word) open_[word] = open[word];
  for (std::size_t group = 0; group < groups_.size(); ++group) {
    if (!foreseen_.names_all(slot, group)) return wake_open(event.type);
    groups_[group].woken = foreseen_.members(slot, group);
  }
}

}  // namespace millrace::rules
