#include "oracle.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <utility>

namespace millrace::oracle {
namespace {

/// A partial match: where it stands and what it took. One without events is the start.
struct run {
  const node* at;
  path taken;
  std::int64_t last_ns = 0;
  std::vector<std::uint32_t> met{};  ///< inside `all ( … )`: the events of each member

  [[nodiscard]] bool is_start() const { return taken.empty(); }
  [[nodiscard]] std::size_t first() const {
    return is_start() ? std::numeric_limits<std::size_t>::max() : taken.front().index;
  }
};

class interpreter {
 public:
  /// `mine`: by record, whether it is of the key in hand.
  interpreter(const described& what, const std::vector<record>& records, std::vector<bool> mine)
      : what_(what),
        records_(records),
        mine_(std::move(mine)),
        nodes_(draw(what.pattern)),
        live_{{nodes_.start, {}, 0}} {}

  std::set<answer> run_all(bool final_watermark) {
    for (std::size_t i = 0; i < records_.size(); ++i) process(i);
    if (final_watermark) finish();
    return std::move(answers_);
  }

 private:
  // --- events -------------------------------------------------------------------------------------------

  void process(std::size_t index) {
    // Time moves once for all events of one time.
    const bool moves = index == 0 || records_[index].time_ns != now_;
    now_ = records_[index].time_ns;
    if (moves) advance();
    if (!mine_[index]) return;
    std::vector<run> kept;
    for (const run& each : live_) {
      std::vector<run> made = successors(each, index);
      if (each.is_start()) made.push_back(each);
      const bool stopped = std::ranges::any_of(made, [](const run& r) { return r.at->kind == node_kind::stop; });
      for (run& r : made) {
        if (r.at->kind == node_kind::final) {
          complete_.push_back(std::move(r));
        } else if (!stopped) {
          kept.push_back(std::move(r));
        }
      }
    }
    live_ = std::move(kept);
    if (live_.size() > live_count_max) throw too_many();
    release();
  }

  std::vector<run> successors(const run& from, std::size_t index) {
    const ask holds = [&](cep::condition_id id) {
      return oracle::holds(what_.conditions[id], {records_, index, from.taken});
    };
    if (from.at->kind == node_kind::gathering) return gathered(from, index, holds);
    std::vector<run> made;
    std::vector<const node*> stack{from.at};
    while (!stack.empty()) {
      const node* at = stack.back();
      stack.pop_back();
      if (at->kind == node_kind::stop) made.push_back({at, from.taken, from.last_ns});
      for (const edge& e : at->edges) {
        if (e.when(holds)) follow(e, *at, from, index, holds, stack, made);
      }
    }
    return made;
  }

  void follow(const edge& e, const node& at, const run& from, std::size_t index, const ask& holds,
              std::vector<const node*>& stack, std::vector<run>& made) {
    if (e.move == move::empty) {
      stack.push_back(e.target);
    } else if (e.move == move::ignore) {
      if (from.is_start()) return;
      // What 'not next' at the end lets through must come within its gap.
      if (e.target->kind == node_kind::final && at.gap_ns && now_ - from.last_ns >= *at.gap_ns) return;
      made.push_back({e.target, from.taken, from.last_ns});
    } else {
      if (!from.is_start() && at.gap_ns && now_ - from.last_ns >= *at.gap_ns) return;
      run next{e.target, from.taken, now_};
      if (e.member) return made.push_back(with_member(next, *e.target, *e.member, index));
      next.taken.push_back({at.stage, index});
      made.push_back(next);
      if (const node* final = final_beyond(e.target, holds)) made.push_back({final, next.taken, now_});
    }
  }

  /// Inside `all ( … )`: the event serves the first member that lacks events and that it fits, or is passed over.
  std::vector<run> gathered(const run& from, std::size_t index, const ask& holds) {
    const node& at = *from.at;
    if (!at.unless_over(holds)) return {};
    for (std::size_t i = 0; i < at.members.size(); ++i) {
      if (from.met[i] == at.members[i].times || !at.members[i].fits(holds)) continue;
      if (at.gap_ns && now_ - from.last_ns >= *at.gap_ns) return {};
      run next = with_member(from, at, i, index);
      next.last_ns = now_;
      bool complete = true;
      for (std::size_t k = 0; k < at.members.size(); ++k) complete = complete && next.met[k] == at.members[k].times;
      if (!complete) return {next};
      std::vector<run> made{{at.behind, next.taken, now_}};
      if (const node* final = final_beyond(at.behind, holds)) made.push_back({final, next.taken, now_});
      return made;
    }
    return {from};
  }

  static run with_member(run made, const node& gathering, std::size_t member, std::size_t index) {
    made.met.resize(gathering.members.size());
    ++made.met[member];
    made.taken.push_back({gathering.members[member].stage, index});
    return made;
  }

  static const node* final_beyond(const node* from, const ask& holds) {
    std::vector<const node*> stack{from};
    while (!stack.empty()) {
      const node* at = stack.back();
      stack.pop_back();
      for (const edge& e : at->edges) {
        if (e.move != move::empty || !e.when(holds)) continue;
        if (e.target->kind == node_kind::final) return e.target;
        stack.push_back(e.target);
      }
    }
    return nullptr;
  }

  // --- time ---------------------------------------------------------------------------------------------

  /// The longest that some event may still be waited for; none: without end.
  static std::optional<std::int64_t> patience(const node* from, std::set<const node*>& seen) {
    const bool stands_here = seen.empty();
    seen.insert(from);
    std::optional<std::int64_t> longest = -1;
    const auto extend = [&](std::optional<std::int64_t> by) {
      longest = longest && by ? std::optional(std::max(*longest, *by)) : std::nullopt;
    };
    if (from->kind == node_kind::final || from->kind == node_kind::stop) return longest;
    if (from->kind == node_kind::gathering) return from->gap_ns;
    if (from->stage.empty() && !from->is_joint) {  // waits for what must be absent
      const bool waits_on = std::ranges::any_of(from->edges, [&](const edge& e) { return e.target == from; });
      if (waits_on || (stands_here && from->gap_ns)) return from->gap_ns;
    }
    for (const edge& e : from->edges) {
      if (e.move == move::take) extend(from->gap_ns);
      if (e.move == move::ignore && e.target->kind == node_kind::final) extend(from->gap_ns);
      if (e.move != move::take && !seen.contains(e.target)) extend(patience(e.target, seen));
    }
    return longest;
  }

  /// When the run ends by time; of two that are due, the bound on the gap counts.
  [[nodiscard]] std::optional<std::int64_t> end_of(const run& r) const {
    if (r.is_start() || r.at->kind == node_kind::final || r.at->kind == node_kind::stop) return std::nullopt;
    std::set<const node*> seen;
    const std::optional<std::int64_t> gap = patience(r.at, seen);
    std::optional<std::int64_t> made;
    if (what_.pattern.within_ns != 0) made = records_[r.first()].time_ns + what_.pattern.within_ns;
    if (gap && *gap >= 0) {
      const std::int64_t due = r.last_ns + *gap;
      if (!made || due <= now_ || due < *made) made = due;
    }
    return made;
  }

  void advance() {
    std::vector<run> kept;
    for (run& each : live_) {
      const auto end = end_of(each);
      if (!end || *end > now_) {
        kept.push_back(std::move(each));
      } else if (each.at->kind == node_kind::pending) {
        complete_.push_back(std::move(each));
      } else if (what_.pattern.reports_timeouts) {
        answers_.insert(answer_of(each, true, *end));
      }
    }
    live_ = std::move(kept);
    release();
  }

  void finish() {
    for (;;) {
      std::optional<std::int64_t> due;
      for (const run& each : live_)
        if (const auto end = end_of(each); end && (!due || *end < *due)) due = *end;
      if (!due) return;
      now_ = std::max(*due, now_);
      advance();
    }
  }

  // --- matches ------------------------------------------------------------------------------------------

  void release() {
    std::ranges::stable_sort(complete_, {}, &run::first);
    while (!complete_.empty()) {
      const run match = complete_.front();
      if (what_.pattern.skip != cep::skip_strategy::none && is_held_back(match)) return;
      complete_.erase(complete_.begin());
      prune(match);
      answers_.insert(answer_of(match, false, now_));
    }
  }

  [[nodiscard]] bool is_held_back(const run& match) const {
    return std::ranges::any_of(live_, [&](const run& r) { return r.first() < match.first(); });
  }

  void prune(const run& match) {
    using cep::skip_strategy;
    std::size_t keep_from = 0;  // partial matches that begin here or later stay
    switch (what_.pattern.skip) {
      case skip_strategy::none: return;
      case skip_strategy::next: keep_from = match.first() + 1; break;
      case skip_strategy::past_last: keep_from = match.taken.back().index + 1; break;
      case skip_strategy::to_first: keep_from = first_under(match, what_.pattern.skip_to); break;
      case skip_strategy::to_last:
        for (const taken_record& t : match.taken)
          if (t.stage == what_.pattern.skip_to) keep_from = t.index;
        break;
    }
    std::erase_if(live_, [&](const run& r) { return r.first() < keep_from; });
    std::erase_if(complete_, [&](const run& r) { return r.first() < keep_from; });
  }

  static std::size_t first_under(const run& match, const std::string& stage) {
    const auto found = std::ranges::find(match.taken, stage, &taken_record::stage);
    return found == match.taken.end() ? 0 : found->index;
  }

  static answer answer_of(const run& r, bool timeout, std::int64_t at_ns) {
    answer made{timeout, at_ns, {}};
    for (const taken_record& t : r.taken) made.stages[t.stage].push_back(static_cast<std::int64_t>(t.index));
    return made;
  }

  const described& what_;
  const std::vector<record>& records_;
  std::vector<bool> mine_;
  nodes nodes_;
  std::vector<run> live_;
  std::vector<run> complete_;
  std::int64_t now_ = 0;
  std::set<answer> answers_;
};

}  // namespace

std::set<answer> find_all(const described& what, const std::vector<record>& records, bool final_watermark,
                          const std::string& key) {
  if (key.empty()) return interpreter(what, records, std::vector<bool>(records.size(), true)).run_all(final_watermark);
  std::map<value, std::vector<bool>> keys;
  for (std::size_t i = 0; i < records.size(); ++i)
    keys.try_emplace(records[i].fields.at(key), records.size(), false).first->second[i] = true;
  std::set<answer> made;
  for (auto& [of_key, mine] : keys) made.merge(interpreter(what, records, std::move(mine)).run_all(final_watermark));
  return made;
}

}  // namespace millrace::oracle
