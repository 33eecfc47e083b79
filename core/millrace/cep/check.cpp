// What patterns may not say: the semantics' refusals, each with what to write instead.

#include <millrace/cep/graph.hpp>
#include <millrace/cep/pattern_error.hpp>

#include <algorithm>
#include <set>

namespace millrace::cep {
namespace {

[[noreturn]] void refuse(const stage& at, const std::string& message) { throw pattern_error(at.name, message); }

std::string title(const stage& s) { return s.is_group() ? "the group" : "stage '" + s.name + "'"; }

void check_quantifier(const stage& s) {
  const quantifier& q = s.quantifier;
  const bool repeats = q.counted;
  if (s.is_negated() && (repeats || q.optional || q.greedy))
    refuse(s, "found a quantifier on the negated " + title(s) + ", expected none: a negation looks at single events");
  if (q.counted && q.least == 0)
    refuse(s, "found {0…} on " + title(s) + ", expected at least 1; write * or {1,n}? for 'may be absent'");
  if (q.counted && !q.unbounded && q.most < q.least)
    refuse(s, "found {" + std::to_string(q.least) + "," + std::to_string(q.most) + "} on " + title(s) +
                  ", expected the smaller number first");
  if (q.least > repetition_max || (!q.unbounded && q.most > repetition_max))
    refuse(s, "found more than " + std::to_string(repetition_max) + " repetitions of " + title(s) +
                  ", expected at most that");
  if (!repeats && q.greedy)
    refuse(s, "found greedy on " + title(s) + ", which is met once; expected a quantifier before it");
  if (!repeats && q.inner_given && !s.is_group())
    refuse(s, "found strict or any on " + title(s) + ", which is met once; expected a quantifier before it");
  if (q.greedy && q.inner == contiguity::any)
    refuse(s, "found greedy with any on " + title(s) +
                  ", expected one of them: every combination is the opposite of the longest");
  if (s.until != no_condition && !q.unbounded)
    refuse(s, "found until on " + title(s) + ", expected it on a loop ('+', '*' or {n,})");
}

void check_gap(const pattern& p, const stage& s, bool is_first) {
  if (!s.gap_ns) return;
  if (*s.gap_ns <= 0) refuse(s, "found within 0 on " + title(s) + ", expected a positive duration");
  if (s.is_group()) refuse(s, "found within on a group, expected it on the stages inside");
  if (is_first) refuse(s, "found within on the first " + title(s) + ", expected none: no event comes before it");
  if (p.within_ns != 0 && *s.gap_ns > p.within_ns)
    refuse(s, "found within on " + title(s) + " longer than the pattern's within, expected at most that");
}

/// What stands in brackets has no name; its first stage has.
const stage& first_named(const stage& s) { return s.members.empty() ? s : first_named(s.members.front()); }

void check_member(const stage& s) {
  const stage& at = first_named(s);
  const quantifier& q = s.quantifier;
  const std::string member = "member '" + s.name + "' of all ( … )";
  if (s.any_order)
    refuse(at, "found all ( … ) in all ( … ), expected single stages; write the members of both in one all ( … )");
  if (s.is_group())
    refuse(at, "found a group in all ( … ), expected single stages; write it behind: all ( … ) then ( … )");
  if (s.link != link::next)
    refuse(at, "found a link before " + member + ", expected none; link what has an order before or behind all ( … )");
  if (q.optional)
    refuse(at, "found " + member +
                   " that may be absent, expected one that must be met; write it behind: all ( … ) then " + s.name +
                   "?");
  if (q.unbounded || q.most != q.least)
    refuse(at, "found a range of repetitions on " + member +
                   ", expected an exact {n}; write the loop behind: all ( … ) then " + s.name + "+");
  if (q.least == 0 || q.least > repetition_max)
    refuse(at, "found {" + std::to_string(q.least) + "} on " + member + ", expected 1 to " +
                   std::to_string(repetition_max));
  if (q.greedy || q.inner_given)
    refuse(at, "found greedy, strict or any on " + member +
                   ", expected none: between its events there may be those of other members; leave it out");
  if (s.until != no_condition)
    refuse(at, "found until on " + member + ", expected an exact {n}; write the loop behind: all ( … ) then " + s.name +
                   "+");
  if (s.gap_ns)
    refuse(at, "found within on " + member +
                   ", expected it on the pattern; write 'within D' or 'within D between events' in its header");
}

/// The states that it takes to know which members are met, the last of them being the next stage's.
void check_product(const stage& s) {
  std::size_t product = 1;
  std::string factors;
  for (const stage& member : s.members) {
    product = std::min<std::size_t>(product * (std::size_t{member.quantifier.least} + 1), std::size_t{1} << 32);
    if (factors.size() < 80) factors += (factors.empty() ? "" : " * ") + std::to_string(member.quantifier.least + 1);
  }
  if (product <= state_count_max) return;
  const std::string many = product == std::size_t{1} << 32 ? "more than 4294967295" : std::to_string(product);
  refuse(first_named(s), "found all ( … ) with " + many +
                             " states (the counts of its members, each plus one, multiplied: " + factors +
                             (factors.size() < 80 ? "" : " …") + "), expected at most " +
                             std::to_string(state_count_max) + "; split it: all ( … ) then all ( … )");
}

void check_any_order(const stage& s) {
  if (s.members.size() < 2)
    refuse(s.members.empty() ? s : first_named(s),
           "found all ( … ) with " + std::to_string(s.members.size()) +
               " members, expected at least 2; write a single stage without all");
  const stage& at = first_named(s);
  if (s.is_negated())
    refuse(at, "found 'not' before all ( … ), expected a single stage; write a negation for each member");
  if (s.quantifier != quantifier{} || s.until != no_condition)
    refuse(at,
           "found a quantifier, modifier or until on all ( … ), expected none; put it on a group: ( all ( … ) ){2}");
  if (s.gap_ns)
    refuse(at,
           "found within on all ( … ), expected it on the pattern; write 'within D' or 'within D between events' in "
           "its header");
  if (s.condition != no_condition) refuse(at, "found a condition on all ( … ), expected it on each of its members");
  for (const stage& member : s.members) check_member(member);
  check_product(s);
}

bool may_be_empty(const stage& s) {
  if (s.quantifier.optional || s.is_negated()) return true;
  return s.is_group() && std::ranges::all_of(s.members, may_be_empty);
}

void check_negation(const pattern& p, const std::vector<stage>& sequence, std::size_t i, bool inner) {
  const stage& s = sequence[i];
  if (i == 0) refuse(s, "found a negation as the first stage, expected a stage that takes an event");
  const stage& previous = sequence[i - 1];
  if (previous.quantifier.optional)
    refuse(s, "found 'not' behind the optional " + title(previous) +
                  ", expected a stage that must be met before a negation");
  if (previous.is_group() && may_be_empty(previous))
    refuse(s, "found 'not' behind a group that may be empty, expected a group that takes an event");
  if (i + 1 != sequence.size()) return;
  if (inner && s.link == link::not_then)
    refuse(s, "found 'not then' at the end of a group, expected it behind the group or before a stage inside");
  if (!inner && previous.is_negated())
    refuse(s, "found two negations at the end, expected one; join their conditions with 'or'");
  if (s.link == link::not_then && p.within_ns == 0 && p.between_ns == 0 && !s.gap_ns)
    refuse(s, "found 'not then " + s.name +
                  "' at the end without a bound, expected 'within' on the pattern or on the stage");
}

void check_optional(const stage& previous, const stage& s) {
  if (!previous.quantifier.greedy || !s.quantifier.optional || s.quantifier.from_zero) return;
  refuse(first_named(s), "found " + title(s) + " that may be absent right behind the greedy " + title(previous) +
                             ", expected one that must be met; write {0,n} for 'at most n, or none'");
}

void check_sequence(const pattern& p, const std::vector<stage>& sequence, bool inner, bool starts_pattern) {
  for (std::size_t i = 0; i < sequence.size(); ++i) {
    const stage& s = sequence[i];
    const bool is_first = starts_pattern && i == 0;
    if (s.any_order) {
      check_any_order(s);
      continue;
    }
    check_quantifier(s);
    check_gap(p, s, is_first);
    if (i > 0) check_optional(sequence[i - 1], s);
    if (s.is_negated()) check_negation(p, sequence, i, inner);
    if (!s.is_group()) continue;
    if (s.is_negated()) refuse(s, "found 'not' before a group, expected a single stage");
    check_sequence(p, s.members, true, is_first);
    if (s.quantifier.counted && std::ranges::all_of(s.members, may_be_empty))
      refuse(s,
             "found a repeated group that may be empty, expected a stage in it that must be met; write the group's "
             "stages with + or * instead");
  }
}

void collect_names(const std::vector<stage>& sequence, std::set<std::string>& names) {
  for (const stage& s : sequence) {
    if (!s.members.empty()) {
      collect_names(s.members, names);
    } else if (s.name == "$endState$") {
      refuse(s, "found a stage named '$endState$', a name that Flink CEP keeps for itself; expected another");
    } else if (!names.insert(s.name).second) {
      refuse(s, "found a second stage '" + s.name + "', expected a name of its own for each stage");
    }
  }
}

}  // namespace

void check(const pattern& source) {
  if (source.stages.empty()) throw pattern_error("", "found no stage, expected at least one");
  if (source.within_ns < 0 || source.between_ns < 0)
    throw pattern_error("", "found a within that is not positive, expected a positive duration");
  std::set<std::string> names;
  collect_names(source.stages, names);
  check_sequence(source, source.stages, false, true);
  if (std::ranges::all_of(source.stages, [](const stage& s) { return s.is_negated(); }))
    throw pattern_error("", "found negations only, expected a stage that takes an event");
  if (source.skip != skip_strategy::to_first && source.skip != skip_strategy::to_last) return;
  const auto is_target = [&](const stage& s) { return s.members.empty() && s.name == source.skip_to; };
  const bool top_level = std::ranges::any_of(source.stages, [&](const stage& s) {
    return is_target(s) || (s.any_order && std::ranges::any_of(s.members, is_target));
  });
  if (!top_level)
    throw pattern_error(
        "", "found skip to '" + source.skip_to + "', expected a stage of the pattern that is not inside a group");
}

}  // namespace millrace::cep
