// Stages in any order: a state for each way in which some of the members are met.

#include <millrace/cep/graph.hpp>

namespace millrace::cep {
namespace {

/// How often each member is met, as one number: the count of member i is digit i, and counts up to its `least`.
class met_counts {
 public:
  explicit met_counts(const std::vector<stage>& members) : members_(members) {
    for (const stage& member : members) {
      step_.push_back(size_);
      size_ *= std::size_t{member.quantifier.least} + 1;
    }
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool is_met(std::size_t index, std::size_t member) const {
    const std::size_t most = members_[member].quantifier.least;
    return index / step_[member] % (most + 1) == most;
  }
  [[nodiscard]] std::size_t with_one_more(std::size_t index, std::size_t member) const { return index + step_[member]; }

 private:
  const std::vector<stage>& members_;
  std::vector<std::size_t> step_;
  std::size_t size_ = 1;
};

}  // namespace

/// Requires: `check` has bounded the product of the counts.
state* graph::build_any_order(const place& at, state* sink) {
  std::vector<state*> by_index(met_counts(at.current().members).size());
  by_index.back() = sink;
  for (std::size_t index = by_index.size() - 1; index-- > 0;) {
    by_index[index] = make(state_kind::normal);
    gather(at, by_index[index], index, by_index);
  }
  return by_index.front();
}

/// The moves where some members are met: an event goes to the first unmet one that it fits. Before the first event the
/// link says what may be skipped, between events only what fits none.
void graph::gather(const place& at, state* from, std::size_t index, const std::vector<state*>& by_index) {
  const auto& members = at.current().members;
  const met_counts counts(members);
  const std::int64_t gap_ns = at.current().gap_ns.value_or(between_ns_);
  std::optional<formula> none_fits =
      always(at);  // of the members looked at so far; none: some member takes every event
  for (std::size_t i = 0; i < members.size() && none_fits; ++i) {
    if (counts.is_met(index, i)) continue;
    if (from->stage == no_stage) from->stage = ids_.at(&members[i]);
    const formula fits = formula::of(members[i].condition);
    from->transitions.push_back(
        {move::take, by_index[counts.with_one_more(index, i)], *none_fits && fits, gap_ns, ids_.at(&members[i])});
    if (members[i].condition == no_condition)
      none_fits.reset();
    else
      none_fits = *none_fits && fits.negated();
  }
  if (index == 0)
    wait_for_first(at, from, none_fits);
  else if (none_fits)
    from->transitions.push_back({move::ignore, from, *none_fits});
}

void graph::wait_for_first(const place& at, state* entry, const std::optional<formula>& none_fits) {
  const contiguity how = outer_contiguity(at);
  if (how == contiguity::strict || (how == contiguity::relaxed && !none_fits)) return;
  const formula skips = how == contiguity::any ? always(at) : *none_fits;
  state* waiting = entry;
  if (heads_optional_group(at)) {
    // As for a single stage: the way past the group, and the bound on the gap, end with the first event skipped.
    waiting = make(state_kind::normal, entry->stage);
    for (transition take : entry->transitions) {
      take.gap_ns = 0;
      waiting->transitions.push_back(std::move(take));
    }
    waiting->transitions.push_back({move::ignore, waiting, skips});
  }
  entry->transitions.push_back({move::ignore, waiting, skips});
}

}  // namespace millrace::cep
