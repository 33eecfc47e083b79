#include <millrace/cep/quiet.hpp>

#include <algorithm>

namespace millrace::cep {
namespace {

/// Of an event that meets no condition.
bool holds(const automaton& of, guard g) {
  bool clause = false;
  for (std::uint32_t i = g.begin; i < g.end; ++i) {
    clause = clause || of.literals[i].negated;
    if (!of.literals[i].ends_clause) continue;
    if (!clause) return false;
    clause = false;
  }
  return true;
}

}  // namespace

bool passes_over_unfit_events(const automaton& of) {
  for (std::size_t id = 0; id < of.nodes.size(); ++id) {
    const node& n = of.nodes[id];
    bool waits = id == 0;  // the start is never left
    for (std::uint32_t i = n.edges_begin; i < n.edges_end; ++i) {
      const edge& e = of.edges[i];
      if (!holds(of, e.guard)) continue;
      if (e.action != action::ignore || e.target != id || id == 0) return false;
      waits = true;
    }
    if (!waits) return false;
  }
  return true;
}

}  // namespace millrace::cep
