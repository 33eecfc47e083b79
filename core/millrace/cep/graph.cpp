#include <millrace/cep/graph.hpp>
#include <millrace/cep/pattern_error.hpp>

#include <algorithm>
#include <iterator>

namespace millrace::cep {

namespace {

/// Groups in groups multiply. More states than an automaton may have are built, as those that take nothing are folded
/// away later; beyond this it is refused rather than built for minutes.
constexpr std::size_t states_built_max = 16 * state_count_max;

void number_stages(const std::vector<stage>& sequence, std::map<const stage*, stage_id>& ids,
                   std::vector<std::string>& names) {
  for (const stage& s : sequence) {
    if (!s.members.empty()) {
      number_stages(s.members, ids, names);
    } else {
      ids[&s] = static_cast<stage_id>(names.size());
      names.push_back(s.name);
    }
  }
}

contiguity contiguity_of(link how) {
  switch (how) {
    case link::then: return contiguity::relaxed;
    case link::then_any: return contiguity::any;
    default: return contiguity::strict;
  }
}

}  // namespace

graph::graph(const pattern& source) : between_ns_(source.between_ns) {
  check(source);
  number_stages(source.stages, ids_, names_);
  state* const final = make(state_kind::final);
  start_ = build_sequence(source.stages, nullptr, nullptr, final);
}

state* graph::make(state_kind kind, stage_id stage) {
  if (states_.size() == states_built_max)
    throw pattern_error("", "found a pattern that takes more than " + std::to_string(states_built_max) +
                                " states to build, expected fewer; lower its repetitions");
  states_.push_back({kind, stage, 0, {}, {}});
  return &states_.back();
}

state* graph::stop_state(const stage& negated) {
  state*& stop = stops_[negated.name];
  if (stop == nullptr) {
    stop = make(state_kind::stop);
    stop->stop_name = negated.name;
  }
  return stop;
}

state* graph::copy_of(const state& original) {
  state* const copy = make(original.kind, original.stage);
  copy->gap_ns = original.gap_ns;
  for (transition t : original.transitions) {
    if (t.target == &original) t.target = copy;
    copy->transitions.push_back(std::move(t));
  }
  return copy;
}

// --- conditions -----------------------------------------------------------------------------------------

formula graph::with_until(const formula& condition, condition_id until) {
  return until == no_condition ? condition : formula::of(until).negated() && condition;
}

formula graph::take_condition(const place& at) const {
  const formula where = formula::of(at.current().condition);
  return at.group == nullptr ? where : with_until(where, at.group->until);
}

formula graph::always(const place& at) const {
  return at.group == nullptr ? formula{} : with_until({}, at.group->until);
}

std::optional<formula> graph::skip_condition(const place& at, contiguity how) const {
  if (how == contiguity::strict) return std::nullopt;
  // What every event fits skips none.
  if (how == contiguity::relaxed && at.current().condition == no_condition) return std::nullopt;
  const formula skips = how == contiguity::any ? formula{} : formula::of(at.current().condition).negated();
  return at.group == nullptr ? skips : with_until(skips, at.group->until);
}

bool graph::in_first_iteration(const stage& group) const {
  const auto known = first_iteration_.find(&group);
  return known == first_iteration_.end() || known->second;
}

contiguity graph::outer_contiguity(const place& at) const {
  if (!at.heads_group()) return contiguity_of(at.current().link);
  return in_first_iteration(*at.group) ? contiguity_of(at.group->link) : at.group->quantifier.inner;
}

std::optional<formula> graph::outer_skip(const place& at) const { return skip_condition(at, outer_contiguity(at)); }

std::optional<formula> graph::inner_skip(const place& at) const {
  return skip_condition(at, at.heads_group() ? at.group->quantifier.inner : at.current().quantifier.inner);
}

bool graph::heads_optional_group(const place& at) const {
  return at.heads_group() && in_first_iteration(*at.group) && at.group->quantifier.optional;
}

// --- negations ------------------------------------------------------------------------------------------

std::vector<const stage*> graph::earlier_negations(const place& at) const {
  std::vector<const stage*> found;
  for (std::size_t i = at.index; i > 0; --i) {
    const stage& previous = (*at.sequence)[i - 1];
    if (previous.link == link::not_then) found.push_back(&previous);
    if (!previous.is_negated() && !previous.quantifier.optional) break;
  }
  return found;
}

void graph::add_stops(const place& at, state* to) {
  for (const stage* negated : earlier_negations(at)) {
    const place there{at.sequence, static_cast<std::size_t>(negated - at.sequence->data()), at.group, nullptr};
    to->transitions.push_back({move::empty, stop_state(*negated), take_condition(there)});
  }
}

void graph::add_stop_between_repetitions(const place& at, state* to) {
  if (at.following == nullptr || at.following->link != link::not_then) return;
  const formula fits =
      with_until(formula::of(at.following->condition), at.group == nullptr ? no_condition : at.group->until);
  to->transitions.push_back({move::empty, stop_state(*at.following), fits});
}

state* graph::without_earlier_negations(const place& at, state* sink) {
  const auto negations = earlier_negations(at);
  if (negations.empty() || !at.current().quantifier.optional) return sink;
  // The joint of a looping group gets its way back into the group later: a copy of it now would be a dead end, which
  // is what Flink makes of it. Its group's negations do not reach past it, so there is nothing to leave out.
  if (sink->kind == state_kind::normal && sink->transitions.empty()) return sink;
  state* const copy = make(sink->kind, sink->stage);
  copy->gap_ns = sink->gap_ns;
  for (transition t : sink->transitions) {
    if (t.move == move::empty) {
      const bool cancelled =
          t.target->kind == state_kind::stop &&
          std::ranges::any_of(negations, [&](const stage* negated) { return negated->name == t.target->stop_name; });
      if (cancelled) continue;
      if (t.target->kind != state_kind::stop) t.target = without_earlier_negations(at, t.target);
    } else if (t.target == sink) {
      t.target = copy;
    }
    copy->transitions.push_back(std::move(t));
  }
  return copy;
}

// --- stages ---------------------------------------------------------------------------------------------

state* graph::build_sequence(const std::vector<stage>& sequence, const stage* group, const stage* following,
                             state* sink) {
  for (std::size_t i = sequence.size(); i-- > 0;) {
    const place at{&sequence, i, group, following};
    sink = sequence[i].is_negated() ? build_negation(at, sink) : build_stage(at, sink);
    following = &sequence[i];
  }
  return sink;
}

state* graph::build_negation(const place& at, state* sink) {
  const stage& negated = at.current();
  const formula fits = take_condition(at);
  if (negated.link == link::not_then) {
    if (sink->kind != state_kind::final) return sink;  // becomes a stop edge of what follows
    state* const pending = make(state_kind::pending, ids_.at(&negated));
    pending->gap_ns = negated.gap_ns.value_or(between_ns_);
    pending->transitions.push_back({move::empty, stop_state(negated), fits});
    pending->transitions.push_back({move::ignore, pending, fits.negated()});
    return pending;
  }
  state* const only = make(state_kind::normal, ids_.at(&negated));
  only->gap_ns = negated.gap_ns.value_or(between_ns_);
  // As the last stage it waits for one more event, so it must not run through to the end by itself.
  only->transitions.push_back({sink->kind == state_kind::final ? move::ignore : move::empty, sink, fits.negated()});
  only->transitions.push_back({move::empty, stop_state(negated), fits});
  add_stops(at, only);
  return only;
}

state* graph::build_stage(const place& at, state* sink) {
  const stage& current = at.current();
  const quantifier& often = current.quantifier;
  state* entry;
  if (often.counted && often.unbounded) {
    if (current.is_group()) first_iteration_[&current] = false;
    state* const loop = build_loop(at, without_earlier_negations(at, sink));
    entry = build_times(at, loop, sink);
  } else if (often.counted) {
    entry = build_times(at, sink, sink);
  } else if (current.any_order) {
    entry = build_any_order(at, sink);
  } else {
    entry = build_single(at, sink, sink, take_condition(at), outer_skip(at), often.optional);
  }
  add_stops(at, entry);
  return entry;
}

state* graph::build_times(const place& at, state* sink, state* beyond) {
  const stage& current = at.current();
  const quantifier& often = current.quantifier;
  const formula take = with_until(take_condition(at), current.is_group() ? no_condition : current.until);
  const auto skip_outer = outer_skip(at);
  auto skip_inner = inner_skip(at);
  if (skip_inner && !current.is_group()) skip_inner = with_until(*skip_inner, current.until);

  if (current.is_group()) first_iteration_[&current] = false;
  const std::uint32_t extra = often.unbounded ? 0 : often.most - often.least;
  if (often.greedy && extra != 0) block_exit(at, beyond, take);
  for (std::uint32_t i = 0; i < extra; ++i) {
    sink = build_single(at, sink, beyond, take, skip_inner, true);
    add_stop_between_repetitions(at, sink);
  }
  for (std::uint32_t i = 1; i < often.least; ++i) {
    sink = build_single(at, sink, nullptr, take, skip_inner, false);
    add_stop_between_repetitions(at, sink);
  }
  if (current.is_group()) first_iteration_[&current] = true;
  return build_single(at, sink, beyond, take, skip_outer, often.optional);
}

void graph::block_exit(const place& at, state* sink, const formula& take) {
  const stage* first = &at.current();
  while (first->is_group()) first = &first->members.front();
  if (at.current().until != no_condition) unblocked_[sink] = copy_of(*sink);
  formula blocked = at.current().is_group() ? formula::of(first->condition).negated() : take.negated();
  if (first->any_order) {
    blocked = {};
    for (const stage& member : first->members) blocked = blocked && formula::of(member.condition).negated();
  }
  for (transition& t : sink->transitions) t.condition = t.condition && blocked;
}

/// The empty move past a stage. Behind a greedy loop with `until`, the event that meets `until` goes to the
/// sink as it was before the loop blocked it.
void graph::leave_when_allowed(const place& at, state* from, state* beyond) {
  const stage& current = at.current();
  const auto original = unblocked_.find(beyond);
  if (!current.quantifier.greedy || current.until == no_condition || original == unblocked_.end()) {
    from->transitions.push_back({move::empty, beyond, always(at)});
    return;
  }
  const formula until = formula::of(current.until);
  from->transitions.push_back({move::empty, original->second, always(at) && until});
  from->transitions.push_back({move::empty, beyond, always(at) && until.negated()});
}

state* graph::build_single(const place& at, state* sink, state* beyond, const formula& take,
                           const std::optional<formula>& skip, bool optional) {
  const stage& current = at.current();
  if (current.is_group()) return build_group(at, sink, beyond, optional);
  const std::int64_t gap_ns = current.gap_ns.value_or(between_ns_);
  state* const entry = make(state_kind::normal, ids_.at(&current));
  // Taking an event of an optional stage ends the negations before it; skipping the stage does not.
  state* const onward = without_earlier_negations(at, sink);
  entry->transitions.push_back({move::take, onward, take, gap_ns});
  if (optional) leave_when_allowed(at, entry, beyond);
  if (!skip) return entry;
  state* waiting = entry;
  if (optional || heads_optional_group(at)) {
    waiting = make(state_kind::normal, ids_.at(&current));
    // As in Flink, the bound on the gap before an optional stage ends with the first event that is skipped.
    waiting->transitions.push_back({move::take, onward, take});
    waiting->transitions.push_back({move::ignore, waiting, *skip});
    add_stops(at, waiting);
  }
  entry->transitions.push_back({move::ignore, waiting, *skip});
  return entry;
}

state* graph::build_group(const place& at, state* sink, state* beyond, bool optional) {
  const stage& group = at.current();
  state* const head = build_sequence(group.members, &group, at.following, sink);
  if (optional) head->transitions.push_back({move::empty, beyond, always(at)});
  return head;
}

state* graph::build_loop(const place& at, state* sink) {
  const stage& current = at.current();
  if (current.is_group()) return build_group_loop(at, sink);
  const formula take = with_until(take_condition(at), current.until);
  auto skip = inner_skip(at);
  if (skip) skip = with_until(*skip, current.until);
  const std::int64_t gap_ns = current.gap_ns.value_or(between_ns_);

  state* const loop = make(state_kind::normal, ids_.at(&current));
  if (current.quantifier.greedy) {
    block_exit(at, sink, take_condition(at));
    leave_when_allowed(at, loop, sink);
  } else {
    loop->transitions.push_back({move::empty, sink, always(at)});
  }
  loop->transitions.push_back({move::take, loop, take, gap_ns});
  add_stop_between_repetitions(at, loop);
  if (!skip) return loop;
  state* const waiting = make(state_kind::normal, ids_.at(&current));
  waiting->transitions.push_back({move::take, loop, take, gap_ns});
  waiting->transitions.push_back({move::ignore, waiting, *skip});
  loop->transitions.push_back({move::ignore, waiting, *skip});
  add_stop_between_repetitions(at, waiting);
  return loop;
}

state* graph::build_group_loop(const place& at, state* sink) {
  const stage& group = at.current();
  if (group.quantifier.greedy) block_exit(at, sink, {});
  state* const again = make(state_kind::normal);
  state* const head = build_sequence(group.members, &group, at.following, again);
  head->transitions.push_back({move::empty, sink, always(at)});
  again->transitions.push_back({move::empty, head, always(at)});
  return head;
}

}  // namespace millrace::cep
