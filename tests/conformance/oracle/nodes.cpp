#include "nodes.hpp"

#include <algorithm>
#include <map>

namespace millrace::oracle {
namespace {

using cep::contiguity;
using cep::link;
using cep::no_condition;
using cep::stage;

formula always() {
  return [](const ask&) { return true; };
}
formula both(formula a, formula b) {
  return [a = std::move(a), b = std::move(b)](const ask& that) { return a(that) && b(that); };
}
formula opposite(formula a) {
  return [a = std::move(a)](const ask& that) { return !a(that); };
}
formula condition(cep::condition_id id) {
  if (id == no_condition) return always();
  return [id](const ask& that) { return that(id); };
}

/// The group around a sequence, and which round of it is drawn.
struct surroundings {
  const stage* group = nullptr;
  bool first_round = true;
  const stage* behind = nullptr;  ///< what follows the group
};

/// A stage where it stands.
struct place {
  const std::vector<stage>& sequence;
  std::size_t index;
  surroundings around;

  [[nodiscard]] const stage& self() const { return sequence[index]; }
  [[nodiscard]] const stage* next() const { return index + 1 < sequence.size() ? &sequence[index + 1] : around.behind; }
  [[nodiscard]] bool heads_group() const { return index == 0 && around.group != nullptr; }
};

bool is_optional(const stage& s) { return s.quantifier.optional || s.quantifier.least == 0; }
std::uint32_t least_of(const stage& s) { return std::max(s.quantifier.least, 1U); }

contiguity contiguity_of(link how) {
  if (how == link::then_any) return contiguity::any;
  return how == link::then ? contiguity::relaxed : contiguity::strict;
}

class drawing {
 public:
  explicit drawing(const cep::pattern& pattern) : pattern_(pattern) {}

  nodes run() {
    node* final = add(node_kind::final, "");
    made_.start = sequence(pattern_.stages, final, {});
    return std::move(made_);
  }

 private:
  node* add(node_kind kind, const std::string& stage) {
    node& made = made_.all.emplace_back();
    made.kind = kind;
    made.stage = stage;
    return &made;
  }
  node* add(const stage& s) {
    node* made = add(node_kind::normal, s.name);
    made->gap_ns = s.gap_ns;
    return made;
  }
  static void join(node* from, move how, node* to, formula when) { from->edges.push_back({how, to, std::move(when)}); }

  // --- conditions ---------------------------------------------------------------------------------------

  static bool has_until(const surroundings& around) {
    return around.group != nullptr && around.group->until != no_condition;
  }

  /// What an empty move needs: nothing, but that the until of the group around does not hold.
  static formula free(const surroundings& around) {
    return has_until(around) ? opposite(condition(around.group->until)) : always();
  }
  static formula guarded(formula what, const surroundings& around) {
    return has_until(around) ? both(free(around), std::move(what)) : what;
  }
  static formula fits(const place& at) { return guarded(condition(at.self().condition), at.around); }

  static std::optional<formula> passes(const place& at, contiguity how) {
    if (how == contiguity::strict) return std::nullopt;
    // What every event fits passes over none.
    if (how == contiguity::relaxed && at.self().condition == no_condition) return std::nullopt;
    return guarded(how == contiguity::any ? always() : opposite(condition(at.self().condition)), at.around);
  }
  static contiguity how_before(const place& at) {
    if (!at.heads_group()) return at.index == 0 ? contiguity::strict : contiguity_of(at.self().link);
    const stage& group = *at.around.group;
    return at.around.first_round ? contiguity_of(group.link) : group.quantifier.inner;
  }
  static std::optional<formula> passes_before(const place& at) { return passes(at, how_before(at)); }
  static formula not_until(const place& at, formula what) {
    return at.self().until == no_condition ? what : both(opposite(condition(at.self().until)), std::move(what));
  }
  static std::optional<formula> passes_inside(const place& at) {
    const auto inner = at.heads_group() ? at.around.group->quantifier.inner : at.self().quantifier.inner;
    std::optional<formula> made = passes(at, inner);
    if (made) made = not_until(at, *made);
    return made;
  }

  // --- negations ----------------------------------------------------------------------------------------

  /// The "not then" stages that are still looked out for when the stage is waited for.
  static std::vector<const stage*> negations_before(const place& at) {
    std::vector<const stage*> made;
    for (std::size_t i = at.index; i > 0; --i) {
      const stage& before = at.sequence[i - 1];
      if (before.link == link::not_then) made.push_back(&before);
      if (!before.is_negated() && !is_optional(before)) break;
    }
    return made;
  }
  void look_out_for(node* from, const stage& negation, const surroundings& around) {
    const formula holds = guarded(condition(negation.condition), around);
    join(from, move::empty, add(node_kind::stop, negation.name), holds);
  }
  void look_out_before(node* from, const place& at) {
    for (const stage* negation : negations_before(at)) look_out_for(from, *negation, at.around);
  }
  void look_out_between(node* from, const place& at) {
    const stage* next = at.next();
    if (next != nullptr && next->link == link::not_then) look_out_for(from, *next, at.around);
  }

  /// The sink as it is after an optional stage took an event: negations before that stage are forgotten.
  node* without_negations(node* sink, const place& at) {
    const auto negations = negations_before(at);
    if (negations.empty() || !is_optional(at.self())) return sink;
    return without(sink, negations);
  }
  node* without(node* sink, const std::vector<const stage*>& negations) {
    if (sink->is_joint || sink->kind == node_kind::final || sink->kind == node_kind::stop) return sink;
    node* copy = &made_.all.emplace_back(*sink);
    copy->edges.clear();
    for (const edge& e : sink->edges) {
      const auto names = [&](const stage* n) {
        return e.target->kind == node_kind::stop && n->name == e.target->stage;
      };
      if (std::ranges::any_of(negations, names)) continue;
      edge kept = e;
      if (e.target == sink) kept.target = copy;
      if (e.move == move::empty) kept.target = without(e.target, negations);
      copy->edges.push_back(kept);
    }
    return copy;
  }

  // --- greedy -------------------------------------------------------------------------------------------

  /// What the loop would take, the node behind it must not act on.
  static void hinder(node* sink, const formula& takes) {
    for (edge& e : sink->edges) e.when = both(e.when, opposite(takes));
  }
  node* copy_of(node* sink) {
    node* copy = &made_.all.emplace_back(*sink);
    for (edge& e : copy->edges)
      if (e.target == sink) e.target = copy;
    return copy;
  }

  // --- stages -------------------------------------------------------------------------------------------

  node* sequence(const std::vector<stage>& stages, node* sink, const surroundings& around) {
    for (std::size_t i = stages.size(); i-- > 0;) {
      const place at{stages, i, around};
      if (stages[i].link == link::not_then && i > 0) {
        sink = absent_for_good(at, sink);
      } else if (stages[i].link == link::not_next && i > 0) {
        sink = absent_next(at, sink);
      } else {
        sink = present(at, sink);
      }
    }
    return sink;
  }

  /// As the last stage; elsewhere the stages before and behind look out for it.
  node* absent_for_good(const place& at, node* sink) {
    if (sink->kind != node_kind::final || (pattern_.within_ns == 0 && !at.self().gap_ns)) return sink;
    node* waiting = add(node_kind::pending, "");
    waiting->gap_ns = at.self().gap_ns;
    look_out_for(waiting, at.self(), at.around);
    join(waiting, move::ignore, waiting, opposite(fits(at)));
    return waiting;
  }

  node* absent_next(const place& at, node* sink) {
    node* made = add(node_kind::normal, "");
    made->gap_ns = at.self().gap_ns;
    join(made, sink->kind == node_kind::final ? move::ignore : move::empty, sink, opposite(fits(at)));
    look_out_for(made, at.self(), at.around);
    return made;
  }

  node* present(const place& at, node* sink) {
    node* made = nullptr;
    const cep::quantifier& q = at.self().quantifier;
    if (at.self().any_order) {
      made = in_any_order(at, sink);
    } else if (q.unbounded) {
      node* exit = without_negations(sink, at);
      made = counted(at, loop(at, exit), sink, least_of(at.self()));
    } else if (q.counted) {
      made = counted(at, sink, sink, q.most);
    } else {
      made = once(at, sink, sink, fits(at), passes_before(at), is_optional(at.self()), true);
    }
    look_out_before(made, at);
    return made;
  }

  /// A node that waits for the first event, whichever member it serves, and one that looks for what is left.
  node* in_any_order(const place& at, node* sink) {
    node* gathering = add(node_kind::gathering, "all");
    gathering->gap_ns = at.self().gap_ns;
    gathering->behind = sink;
    gathering->unless_over = free(at.around);
    formula none = always();
    node* made = add(node_kind::normal, "all");
    made->gap_ns = at.self().gap_ns;
    for (std::size_t i = 0; i < at.self().members.size(); ++i) {
      const stage& member = at.self().members[i];
      gathering->members.push_back({member.name, least_of(member), condition(member.condition)});
      made->edges.push_back({move::take, gathering, guarded(both(none, condition(member.condition)), at.around), i});
      none = both(none, opposite(condition(member.condition)));
    }
    const contiguity how = how_before(at);
    const bool fits_everything =
        std::ranges::any_of(at.self().members, [](const stage& m) { return m.condition == no_condition; });
    if (how == contiguity::strict || (how == contiguity::relaxed && fits_everything)) return made;
    const formula passes = guarded(how == contiguity::any ? always() : none, at.around);
    node* waiting = made;
    if (heads_optional_group(at)) {
      waiting = &made_.all.emplace_back(*made);
      waiting->gap_ns.reset();
      join(waiting, move::ignore, waiting, passes);
    }
    join(made, move::ignore, waiting, passes);
    return made;
  }

  /// The copies of a stage, the last one first: those that may be left out, those that must be, the entry.
  node* counted(const place& at, node* sink, node* behind, std::uint32_t most) {
    const std::uint32_t least = least_of(at.self());
    const formula takes = not_until(at, fits(at));
    if (at.self().quantifier.greedy && least != most) hinder(behind, takes);
    for (std::uint32_t i = least; i < most; ++i) {
      sink = once(at, sink, behind, takes, passes_inside(at), true, false);
      look_out_between(sink, at);
    }
    for (std::uint32_t i = 1; i < least; ++i) {
      sink = once(at, sink, nullptr, takes, passes_inside(at), false, false);
      look_out_between(sink, at);
    }
    return once(at, sink, behind, takes, passes_before(at), is_optional(at.self()), true);
  }

  node* once(const place& at, node* sink, node* behind, const formula& takes, const std::optional<formula>& passes,
             bool optional, bool entry) {
    if (at.self().is_group()) return one_round(at, sink, optional ? behind : nullptr, entry);
    node* made = add(at.self());
    node* after = without_negations(sink, at);
    join(made, move::take, after, takes);
    if (optional) leave(made, behind, at);
    if (!passes) return made;
    node* waiting = made;
    if (optional || heads_optional_group(at)) {
      waiting = add(at.self());
      waiting->gap_ns.reset();
      join(waiting, move::take, after, takes);
      join(waiting, move::ignore, waiting, *passes);
      look_out_before(waiting, at);
    }
    join(made, move::ignore, waiting, *passes);
    return made;
  }

  static bool heads_optional_group(const place& at) {
    return at.heads_group() && at.around.first_round && is_optional(*at.around.group);
  }

  /// The way past an optional stage. After a greedy one, an event that ends the loop may go to the next stage.
  void leave(node* from, node* behind, const place& at) {
    const auto unhindered = unhindered_.find(behind);
    if (at.self().quantifier.greedy && at.self().until != no_condition && unhindered != unhindered_.end()) {
      join(from, move::empty, unhindered->second, both(free(at.around), condition(at.self().until)));
      join(from, move::empty, behind, both(free(at.around), opposite(condition(at.self().until))));
    } else {
      join(from, move::empty, behind, free(at.around));
    }
  }

  node* one_round(const place& at, node* sink, node* way_past, bool first_round) {
    node* head = sequence(at.self().members, sink, {&at.self(), first_round, at.next()});
    if (way_past != nullptr) join(head, move::empty, way_past, free(at.around));
    return head;
  }

  node* loop(const place& at, node* exit) {
    if (at.self().is_group()) {
      node* joint = add(node_kind::normal, "");
      joint->is_joint = true;
      node* head = one_round(at, joint, exit, false);
      join(joint, move::empty, head, free(at.around));
      return head;
    }
    node* made = add(at.self());
    leave_loop(made, exit, at);
    const formula takes = not_until(at, fits(at));
    join(made, move::take, made, takes);
    look_out_between(made, at);
    if (const auto passes = passes_inside(at)) {
      node* waiting = add(at.self());
      join(waiting, move::take, made, takes);
      join(waiting, move::ignore, waiting, *passes);
      look_out_between(waiting, at);
      join(made, move::ignore, waiting, *passes);
    }
    return made;
  }

  void leave_loop(node* from, node* exit, const place& at) {
    const bool greedy = at.self().quantifier.greedy;
    if (greedy && at.self().until != no_condition) unhindered_[exit] = copy_of(exit);
    leave(from, exit, at);
    if (greedy) hinder(exit, fits(at));
  }

  const cep::pattern& pattern_;
  nodes made_;
  std::map<node*, node*> unhindered_;
};

}  // namespace

nodes draw(const cep::pattern& pattern) { return drawing(pattern).run(); }

}  // namespace millrace::oracle
