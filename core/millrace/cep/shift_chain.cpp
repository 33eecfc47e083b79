#include <millrace/cep/shift_chain.hpp>

#include <millrace/cep/link_test.hpp>

#include <algorithm>
#include <bit>

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

}  // namespace

std::optional<shift_chain> shift_chain_of(const automaton& of, const chain& links) {
  const std::size_t count = links.links.size();
  if (links.pending || count < 2 || count > shift_chain::links_max) return std::nullopt;
  const auto literals_of = [&](const chain::link& l) {
    return std::span(of.literals).subspan(l.takes.begin, l.takes.end - l.takes.begin);
  };
  const chain::link& first = links.links.front();
  const auto is_like_first = [&](const chain::link& l) {
    return std::ranges::equal(literals_of(l), literals_of(first));
  };
  const auto waits = [&](waiting how) {
    return std::all_of(links.links.begin() + 1, links.links.end(),
                       [how](const chain::link& l) { return l.waiting == how; });
  };
  // Of different conditions, each alone in its clause.
  const auto is_conjunction = [&](const chain::link& l) {
    const link_test test = link_test_of(l.takes, of);
    return test.is_plain && std::popcount(test.asks) == static_cast<int>(literals_of(l).size());
  };
  if (std::ranges::any_of(links.links, [](const chain::link& l) { return !l.stops.empty(); })) return std::nullopt;
  shift_chain made;
  made.reads_history = links.reads_history;
  made.counts = waits(waiting::relaxed) && std::ranges::all_of(links.links, is_like_first) && !links.reads_history;
  if (!made.counts && !waits(waiting::strict)) return std::nullopt;
  if (made.reads_history && !std::ranges::all_of(links.links, is_conjunction)) return std::nullopt;
  for (const chain::link& l : links.links) {
    made.takes.push_back(l.takes);
    made.stages.push_back(l.stage);
  }
  made.kept_behind = of_the_last(count);
  switch (of.skip) {
    case skip_strategy::none:
    case skip_strategy::next: break;  // all others begin behind the match's first event
    case skip_strategy::past_last: made.kept_behind = 0; break;
    case skip_strategy::to_first:
    case skip_strategy::to_last:
      if (const auto before = pruned_by(of, links))
        made.kept_behind = of_the_last(count - *before);
      else
        made.misses_skip_stage = true;
  }
  return made;
}

}  // namespace millrace::cep
