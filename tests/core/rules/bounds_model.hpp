#pragma once

#include <millrace/cep/matcher_limits.hpp>
#include <millrace/rules/program.hpp>

#include <fmt/format.h>
#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace millrace::rules {

/// What bounds on the state of single keys mean, worked out the slow way: partial matches are lists, their events
/// chains of nodes that count themselves, and a dead letter is found by trying the event on a copy. Of one pattern
/// whose conditions are about the event alone, without gaps, absence at the end, skip strategy, or looping groups.
class bounds_model {
 public:
  bounds_model(const pattern_rule& rule, const cep::matcher_limits& limits)
      : of_(*rule.automaton), conditions_(rule.conditions), limits_(limits), name_(rule.name) {}

  /// What the event makes its key hand on, as a `recorder` writes it.
  std::vector<std::string> process(std::uint32_t key, const event_header& event) {
    for (auto& [each, runs] : keys_)
      while (of_.within_ns != 0 && !runs.empty() && event.time_ns - runs.front().start_ns >= of_.within_ns)
        runs.pop_front();
    std::vector<std::string> made;
    if (limits_.when_full == cep::full_policy::dead_letter) {
      const cep::bound met = tried(keys_[key], event);
      if (met != cep::bound::none) {
        ++dead;
        made.push_back(fmt::format("{} dead {}: {}", name_, event.id.low, name_of(met)));
        return made;
      }
    }
    const outcome of = apply(keys_[key], event, limits_);
    for (const path& match : of.matches) made.push_back(line_of(match, event.time_ns));
    return made;
  }

  std::uint64_t refused = 0;
  std::uint64_t dropped = 0;
  std::uint64_t dead = 0;
  std::uint64_t cut = 0;
  std::size_t runs_most = 0;  ///< that one key had
  std::size_t steps_most = 0;

 private:
  struct node;
  using path = std::shared_ptr<const node>;
  struct node {
    path parent;
    std::uint64_t event;
    std::shared_ptr<std::size_t> alive;  // of the key

    node(path behind, std::uint64_t number, std::shared_ptr<std::size_t> count)
        : parent(std::move(behind)), event(number), alive(std::move(count)) {
      ++*alive;
    }
    ~node() { --*alive; }
    node(const node&) = delete;
    node& operator=(const node&) = delete;
  };
  struct run {
    path taken;
    cep::node_id at;
    std::int64_t start_ns;
  };
  using run_queue = std::deque<run>;

  struct outcome {
    std::vector<path> matches;
    std::size_t runs_peak = 0;
    std::size_t takes = 0;
    std::size_t length = 0;
    std::size_t completed = 0;
  };

  static std::size_t length_of(const path& taken) { return taken == nullptr ? 0 : 1 + length_of(taken->parent); }

  [[nodiscard]] std::string line_of(const path& match, std::int64_t at_ns) const {
    std::vector<std::uint64_t> events;
    for (path p = match; p != nullptr; p = p->parent) events.insert(events.begin(), p->event);
    return fmt::format("{}@{}:{}", name_, at_ns, fmt::join(events, ","));
  }

  [[nodiscard]] bool holds(cep::guard g, const event_header& event) {
    bool clause = false;
    for (std::uint32_t i = g.begin; i < g.end; ++i) {
      const cep::literal& l = of_.literals[i];
      clause = clause || (conditions_.test_event(l.condition, event) == cep::verdict::yes) != l.negated;
      if (!l.ends_clause) continue;
      if (!clause) return false;
      clause = false;
    }
    return true;
  }

  /// Which bound the event would meet, without any.
  cep::bound tried(const run_queue& from, const event_header& event) {
    run_queue copy;
    const auto alive = std::make_shared<std::size_t>(0);
    std::map<const node*, path> copies;
    const auto copied = [&](const auto& self, const path& p) -> path {
      if (p == nullptr) return nullptr;
      path& known = copies[p.get()];
      if (known == nullptr) known = std::make_shared<node>(self(self, p->parent), p->event, alive);
      return known;
    };
    for (const run& r : from) copy.push_back({copied(copied, r.taken), r.at, r.start_ns});
    const std::size_t steps_before = *alive;
    cep::matcher_limits none = limits_;
    none.runs_per_key = none.steps_per_key = none.matches_at_once = none.match_events = 1U << 30;
    bounds_model other(*this);
    const outcome of = other.apply(copy, event, none);
    if (of.completed > limits_.stored_matches_at_once()) return cep::bound::matches_at_once;
    if (of.length > limits_.match_events) return cep::bound::match_events;
    if (limits_.runs_per_key != 0 && of.runs_peak > limits_.runs_per_key) return cep::bound::runs_per_key;
    if (limits_.steps_per_key != 0 && steps_before + of.takes > limits_.steps_per_key) return cep::bound::steps_per_key;
    return cep::bound::none;
  }

  outcome apply(run_queue& of_key, const event_header& event, const cep::matcher_limits& limits) {
    outcome made;
    run_queue before = std::exchange(of_key, {});
    run_queue& kept = of_key;
    auto alive = alive_in(before);
    const auto drop_oldest = [&] {
      run_queue& list = kept.empty() ? before : kept;
      if (limits.when_full != cep::full_policy::drop_oldest || list.empty()) return false;
      list.pop_front();
      ++dropped;
      return true;
    };
    const auto add_run = [&](const path& taken, cep::node_id at, std::int64_t start_ns) {
      const std::size_t bound = limits.runs_per_key == 0 ? ~std::size_t{0} : limits.runs_per_key;
      if (kept.size() + before.size() >= bound && !drop_oldest()) return void(++refused);
      kept.push_back({taken, at, start_ns});
      made.runs_peak = std::max(made.runs_peak, kept.size() + before.size());
    };
    const auto add_match = [&](const path& taken) {
      ++made.completed;
      if (made.matches.size() == limits.stored_matches_at_once()) return void(++cut);
      made.matches.push_back(taken);
    };
    const auto add_step = [&](const path& behind) -> path {
      ++made.takes;
      made.length = std::max(made.length, length_of(behind) + 1);
      const std::size_t bound = limits.steps_per_key == 0 ? ~std::size_t{0} : limits.steps_per_key;
      const bool too_long = length_of(behind) >= limits.match_events;
      for (int drops = 0; too_long || *alive >= bound; ++drops)
        if (too_long || drops == 64 || !drop_oldest()) return ++refused, nullptr;
      path step = std::make_shared<node>(behind, event.id.low, alive);
      steps_most = std::max(steps_most, *alive);
      return step;
    };
    const auto offer = [&](const run& r) {
      std::vector<const cep::edge*> open;
      bool stopped = false;
      const cep::node& at = of_.nodes[r.at];
      for (std::uint32_t i = at.edges_begin; i < at.edges_end; ++i) {
        const cep::edge& e = of_.edges[i];
        if (!holds(e.guard, event)) continue;
        stopped = stopped || e.action == cep::action::stop;
        if (e.action != cep::action::stop) open.push_back(&e);
      }
      for (const cep::edge* e : open) {
        const bool goes_on = !stopped && e->target != cep::final_node;
        if (e->action == cep::action::ignore) {
          if (goes_on) add_run(r.taken, e->target, r.start_ns);
          if (e->target == cep::final_node) add_match(r.taken);
          continue;
        }
        bool complete = e->target == cep::final_node;
        for (std::uint32_t i = e->finals_begin; i < e->finals_end; ++i)
          complete = complete || holds(of_.finals[i], event);
        if (!complete && !goes_on) continue;
        const path taken = add_step(r.taken);
        if (taken == nullptr) continue;
        if (goes_on) add_run(taken, e->target, r.start_ns);
        if (complete) add_match(taken);
      }
    };
    while (!before.empty()) {
      const run r = before.front();
      before.pop_front();
      offer(r);
    }
    offer({nullptr, 0, event.time_ns});
    runs_most = std::max(runs_most, kept.size());
    return made;
  }

  static std::shared_ptr<std::size_t> alive_in(const run_queue& of_key) {
    return of_key.empty() ? std::make_shared<std::size_t>(0) : of_key.front().taken->alive;
  }

  const cep::automaton& of_;
  condition_programs conditions_;
  cep::matcher_limits limits_;
  std::string name_;
  std::map<std::uint32_t, run_queue> keys_;
};

}  // namespace millrace::rules
