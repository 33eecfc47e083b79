#include <millrace/cep/shift_chain.hpp>

#include <millrace/cep/link_test.hpp>

#include <algorithm>
#include <bit>
#include <span>
#include <utility>

namespace millrace::cep {
namespace {

/// How many events of a match lie before the one that the skip strategy goes to: what begins before it is pruned.
std::optional<std::size_t> pruned_by(const automaton& of, const chain& links) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < links.links.size(); ++i) {
    if (links.links[i].stage != of.skip_to) continue;
    found = i;
    if (of.skip == skip_strategy::to_first) break;
  }
  return found;
}

/// Bits of the partial matches that begin with one of the last `count` events.
std::uint32_t of_the_last(std::size_t count) noexcept {
  return static_cast<std::uint32_t>((std::uint64_t{1} << count) - 1);
}

std::span<const literal> literals_of(const automaton& of, const chain::link& l) {
  return std::span(of.literals).subspan(l.takes.begin, l.takes.end - l.takes.begin);
}

/// Different conditions, each alone in its clause.
bool is_conjunction(const automaton& of, const chain::link& l) {
  const link_test test = link_test_of(l.takes, of);
  return test.is_plain && std::popcount(test.asks) == static_cast<int>(literals_of(of, l).size());
}

/// Without what the skip strategy wants.
std::optional<shift_chain> shift_chain_of(const automaton& of, std::span<const chain::link> links, bool reads_taken) {
  const std::size_t count = links.size();
  if (count < 2 || count > shift_chain::links_max) return std::nullopt;
  if (std::ranges::any_of(links, [](const chain::link& l) { return !l.stops.empty(); })) return std::nullopt;
  const auto is_like_first = [&](const chain::link& l) {
    return std::ranges::equal(literals_of(of, l), literals_of(of, links.front()));
  };
  const auto waits = [&](waiting how) {
    return std::all_of(links.begin() + 1, links.end(), [how](const chain::link& l) { return l.waiting == how; });
  };
  shift_chain made;
  made.reads_history = reads_taken;
  made.counts = waits(waiting::relaxed) && std::ranges::all_of(links, is_like_first) && !reads_taken;
  if (!made.counts && !waits(waiting::strict)) return std::nullopt;
  if (reads_taken && !std::ranges::all_of(links, [&](const chain::link& l) { return is_conjunction(of, l); }))
    return std::nullopt;
  for (const chain::link& l : links) {
    made.takes.push_back(l.takes);
    made.stages.push_back(l.stage);
  }
  made.kept_behind = of_the_last(count);
  return made;
}

}  // namespace

std::optional<shift_chain> shift_chain_of(const automaton& of, const chain& links) {
  if (links.pending) return std::nullopt;
  auto made = shift_chain_of(of, links.links, links.reads_history);
  if (!made) return made;
  switch (of.skip) {
    case skip_strategy::none:
    case skip_strategy::next: break;  // all others begin behind the match's first event
    case skip_strategy::past_last: made->kept_behind = 0; break;
    case skip_strategy::to_first:
    case skip_strategy::to_last:
      if (const auto before = pruned_by(of, links))
        made->kept_behind = of_the_last(links.links.size() - *before);
      else
        made->misses_skip_stage = true;
  }
  return made;
}

std::optional<shift_prefix> shift_prefix_of(const automaton& of, const reads_history& reads) {
  if (of.condition_count > condition_bits_max || of.reports_timeouts || of.has_gaps || of.may_duplicate)
    return std::nullopt;
  const chain_beginning beginning = chain_beginning_of(of);
  const std::span<const chain::link> links = beginning.links;
  std::optional<shift_prefix> longest;
  bool reads_any = false;
  for (std::size_t count = 1; count <= links.size() && beginning.behind[count - 1] != final_node; ++count) {
    for (const literal& l : literals_of(of, links[count - 1])) reads_any = reads_any || reads(l.condition);
    if (auto made = shift_chain_of(of, links.first(count), reads_any))
      longest = shift_prefix{std::move(*made), beginning.behind[count - 1]};
  }
  return longest;
}

}  // namespace millrace::cep
