#include <millrace/cep/chain.hpp>

#include <millrace/cep/condition_memo.hpp>

#include <algorithm>
#include <utility>

namespace millrace::cep {
namespace {

class chain_reader {
 public:
  explicit chain_reader(const automaton& of) : of_(of) {}

  chain_beginning run_as_far_as_it_goes() {
    chain_beginning made;
    for (node_id at = 0; at != final_node && !of_.nodes[at].pending && made.behind.size() < of_.nodes.size();) {
      if (!read_node(at)) break;
      made.behind.push_back(at);
    }
    made.links = std::move(made_.links);
    return made;
  }

  std::variant<chain, std::string> run(const reads_history& reads) {
    if (of_.condition_count > condition_bits_max)
      return "it has more than " + std::to_string(condition_bits_max) + " conditions";
    if (of_.reports_timeouts) return std::string("timed-out partial matches are reported one by one");
    if (of_.has_gaps) return std::string("a stage bounds the time since the event before it");
    made_.reads_history = std::ranges::any_of(of_.literals, [&](const literal& l) { return reads(l.condition); });
    node_id at = 0;
    for (std::size_t steps = 0; at != final_node; ++steps) {
      if (steps > of_.nodes.size()) return std::string("a stage is repeated without bound");
      if (of_.nodes[at].pending) {
        made_.pending = true;
        if (!read_pending(at)) return why_;
        break;
      }
      if (!read_node(at)) return why_;
    }
    made_.deterministic = std::none_of(made_.links.begin() + 1, made_.links.end(),
                                       [](const chain::link& l) { return l.waiting == waiting::any; });
    if (of_.skip != skip_strategy::none && (!made_.deterministic || made_.pending))
      return std::string("the skip strategy has to choose among partial matches of one start");
    return std::move(made_);
  }

 private:
  [[nodiscard]] bool refuse(const char* why) {
    why_ = why;
    return false;
  }

  /// Reads the node's edges, and moves on to where its only take goes.
  bool read_node(node_id& at) {
    const node& n = of_.nodes[at];
    chain::link made;
    const edge* takes = nullptr;
    const edge* waits = nullptr;
    for (std::uint32_t i = n.edges_begin; i < n.edges_end; ++i) {
      const edge& e = of_.edges[i];
      if (e.action == action::stop) {
        if (at == 0) return refuse("a negation stands at the start");
        made.stops.push_back(e.guard);
      } else if (e.action == action::take) {
        if (takes != nullptr || e.finals_begin != e.finals_end) return refuse("a stage is optional or repeated");
        takes = &e;
      } else {
        if (waits != nullptr || e.target != at) return refuse("a stage is optional, repeated or 'not next'");
        waits = &e;
      }
    }
    if (takes == nullptr) return refuse("the pattern ends with 'not next'");
    made.takes = takes->guard;
    made.stage = takes->stage;
    if (waits != nullptr) {
      if (waits->guard.begin == waits->guard.end)
        made.waiting = waiting::any;
      else if (is_opposite(waits->guard, takes->guard))
        made.waiting = waiting::relaxed;
      else
        return refuse("a stage has 'until' or another bound on what it skips");
    }
    made_.links.push_back(std::move(made));
    at = takes->target;
    return true;
  }

  bool read_pending(node_id at) {
    if (of_.within_ns == 0) return refuse("the absence at the end has a bound of its own");
    const node& n = of_.nodes[at];
    for (std::uint32_t i = n.edges_begin; i < n.edges_end; ++i) {
      const edge& e = of_.edges[i];
      if (e.action == action::stop)
        made_.pending_stops.push_back(e.guard);
      else if (e.action == action::take || e.target != at)
        return refuse("the absence at the end has more than one way out");
    }
    return true;
  }

  /// `a` holds exactly when `b`, a single literal, does not.
  [[nodiscard]] bool is_opposite(guard a, guard b) const {
    if (a.end - a.begin != 1 || b.end - b.begin != 1) return false;
    const literal& x = of_.literals[a.begin];
    const literal& y = of_.literals[b.begin];
    return x.condition == y.condition && x.negated != y.negated;
  }

  const automaton& of_;
  chain made_;
  std::string why_;
};

}  // namespace

std::variant<chain, std::string> chain_of(const automaton& of, const reads_history& reads) {
  return chain_reader(of).run(reads);
}

chain_beginning chain_beginning_of(const automaton& of) { return chain_reader(of).run_as_far_as_it_goes(); }

}  // namespace millrace::cep
