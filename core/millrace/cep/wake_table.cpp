#include <millrace/cep/wake_table.hpp>

#include <algorithm>

namespace millrace::cep {

wake_table::wake_table(const automaton& of, const std::vector<condition_facts>& facts)
    : of_(of),
      edges_(of.edges.size()),
      compares_by_(of.nodes.size(), none_compares),
      is_equality_(of.nodes.size(), 0),
      can_wait_(of.nodes.size(), 1),
      outlooks_(outlook_count) {
  for (const condition_facts& each : facts) probes_like_.push_back(each.probes_like);
  for (std::size_t id = 0; id < std::min(facts.size(), condition_bits_max); ++id)
    if (!facts[id].can_fault) to_settle_ |= std::uint64_t{1} << id;
  for (std::size_t at = 0; at < of.nodes.size(); ++at) {
    const node& n = of.nodes[at];
    for (std::uint32_t i = n.edges_begin; i < n.edges_end; ++i) {
      const edge& e = of.edges[i];
      edges_[i] = masks_of(e.guard);
      edges_[i].takes = e.action == action::take;
      edges_[i].leads_back = e.action == action::ignore && e.target == at && e.gap_ns == 0;
      for (std::uint32_t l = of.edges[i].guard.begin; l < of.edges[i].guard.end; ++l) {
        const condition_id id = of.literals[l].condition;
        if (facts[id].can_fault) can_wait_[at] = 0;
        if (id >= condition_bits_max || facts[id].waits == wait_kind::none || compares_by_[at] != none_compares)
          continue;
        compares_by_[at] = id;
        is_equality_[at] = facts[id].waits == wait_kind::equality ? 1 : 0;
      }
    }
    if (can_wait_[at] == 0) compares_by_[at] = none_compares;
  }
  for (const guard& each : of.finals) finals_.push_back(masks_of(each));
  for (outlook& each : outlooks_) {
    each.nodes.resize(of.nodes.size());
    each.sure.resize(of.nodes.size());
    each.comparisons.reserve(of.nodes.size());
  }
}

std::vector<wait_kind> wake_table::wait_kinds() const {
  std::vector<wait_kind> made(of_.nodes.size(), wait_kind::none);
  for (std::size_t at = 0; at < made.size(); ++at)
    if (compares_by_[at] != none_compares) made[at] = is_equality_[at] != 0 ? wait_kind::equality : wait_kind::order;
  return made;
}

wake_table::edge_masks wake_table::masks_of(guard g) const {
  edge_masks made;
  bool begins_clause = true;
  for (std::uint32_t i = g.begin; i < g.end; ++i) {
    const literal& l = of_.literals[i];
    if (begins_clause && l.ends_clause && l.condition < condition_bits_max)
      (l.negated ? made.must_not : made.must) |= std::uint64_t{1} << l.condition;
    else
      made.is_simple = false;
    begins_clause = l.ends_clause;
  }
  return made;
}

bool wake_table::waits_on(node_id at, std::uint64_t yes, std::uint64_t no) const noexcept {
  const node& n = of_.nodes[at];
  bool waits = false;
  for (std::uint32_t i = n.edges_begin; i < n.edges_end; ++i) {
    const edge_masks& e = edges_[i];
    if (e.is_closed(yes, no)) continue;
    if (waits || !e.leads_back || !e.is_open(yes, no)) return false;
    waits = true;
  }
  return waits;
}

/// The one edge that is open, where all others are closed and a run that goes by it has not matched.
const edge* wake_table::only_edge(node_id at, std::uint64_t yes, std::uint64_t no) const noexcept {
  const node& n = of_.nodes[at];
  const edge* only = nullptr;
  for (std::uint32_t i = n.edges_begin; i < n.edges_end; ++i) {
    if (edges_[i].is_closed(yes, no)) continue;
    if (only != nullptr || !edges_[i].is_open(yes, no)) return nullptr;
    only = &of_.edges[i];
  }
  if (only == nullptr || only->action == action::stop || only->target == final_node || only->gap_ns != 0)
    return nullptr;
  for (std::uint32_t i = only->finals_begin; i < only->finals_end; ++i)
    if (!finals_[i].is_closed(yes, no)) return nullptr;
  return only;
}

void wake_table::work_out(const condition_bits& bits, outlook& into) const noexcept {
  const std::uint64_t settled = bits.known & ~bits.depends;
  const std::uint64_t yes = settled & bits.holds;
  const std::uint64_t no = settled & ~bits.holds;
  into.bits = bits;
  into.is_known = true;
  into.has_equality = false;
  into.comparisons.clear();
  for (std::size_t i = 0; i < of_.nodes.size(); ++i) {
    const auto at = static_cast<node_id>(i);
    node_probe& probe = into.nodes[at];
    probe = {node_probe::asks_all, false};
    into.sure[at] = nullptr;
    if (can_wait_[at] == 0) continue;
    into.sure[at] = only_edge(at, yes, no);
    const condition_id by = compares_by_[at];
    const std::uint64_t compared = by == none_compares ? 0 : std::uint64_t{1} << by;
    if (waits_on(at, yes, no)) {
      probe.number = node_probe::asleep;
    } else if ((bits.depends & compared) != 0 && waits_on(at, yes, no | compared)) {
      probe.is_equality = is_equality_[at] != 0;
      into.has_equality = into.has_equality || probe.is_equality;
      into.comparisons.push_back({at, by, probes_like_[by], only_edge(at, yes | compared, no)});
    }
  }
  into.start = can_wait_[0] == 0 ? nullptr : only_edge(0, yes, no);
  const node& start = of_.nodes[0];
  into.may_start = can_wait_[0] == 0;
  for (std::uint32_t i = start.edges_begin; i < start.edges_end && !into.may_start; ++i)
    into.may_start = !edges_[i].is_closed(yes, no);
}

}  // namespace millrace::cep
