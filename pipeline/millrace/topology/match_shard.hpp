#pragma once

#include <millrace/cep/held_events.hpp>
#include <millrace/cep/key_directory.hpp>
#include <millrace/cep/matcher.hpp>
#include <millrace/cep/release.hpp>
#include <millrace/topology/partition_key.hpp>
#include <millrace/topology/topology_limits.hpp>
#include <millrace/topology/typed_match.hpp>

#include <algorithm>
#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

namespace millrace::detail {

/// A pattern ready to run, and what is made of its matches.
template <class Compiled, class Handler>
struct match_rule {
  using conditions_type = typename Compiled::conditions_type;

  Compiled pattern;
  Handler handler;
};

/// A rule in a shard: a matcher and a copy of the handler.
template <class Rule>
struct running_rule {
  struct setup {
    const Rule& rule;
    std::uint16_t index;
    const cep::matcher_limits& limits;
    cep::held_events& events;
  };

  explicit running_rule(const setup& from)
      : matcher(from.rule.pattern.automaton, from.rule.pattern.conditions, from.index, from.limits, from.events),
        handler(from.rule.handler),
        index(from.index) {}

  cep::matcher<typename Rule::conditions_type> matcher;
  decltype(Rule::handler) handler;
  std::uint16_t index;
};

/// What a shard counts. All only grow.
struct match_shard_counters {
  std::uint64_t processed = 0;
  std::uint64_t keys_refused = 0;
  cep::matcher_counters matchers;  ///< over all rules
};

/// The keys of one shard of a typed topology: every rule's matcher over them. The typed counterpart of
/// `rules::engine`, with input order final: each event first moves the time of all keys to its own.
///
/// Threads: one owner. Allocation: in the constructor; none an event once warmed up. Errors: those of handlers.
template <class T, class Key, class Record, class... Rules>
class match_shard {
 public:
  match_shard(const Key& key, const std::tuple<Rules...>& rules, const topology_limits& limits)
      : match_shard(key, rules, limits, matcher_limits_of(limits, Key::keyed), every_rule{}) {}

  template <record_output Out>
  void process(const event_header& event, Out& out) {
    // Once for all events of one time, in whichever shard they are.
    if (event.time_ns != time_ns_) for_each_rule([&](auto& rule) { rule.matcher.advance(event.time_ns, releases_); });
    time_ns_ = event.time_ns;
    if (event.type == time_mark) return drain({event.sequence, event.time_ns, 0, 0, 0}, out);
    ++processed_;
    const cep::partition_id partition = find_partition(event);
    drain({event.sequence, event.time_ns, 0, 0, 0}, out);
    if (partition == null_handle) return;
    match(partition, event);
    drain({event.sequence, event.time_ns, 1, 0, 0}, out);
  }

  /// The final watermark: passes every deadline that is still pending, one after another.
  template <record_output Out>
  void finish(Out& out) {
    constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
    for (std::int64_t due_ns = next_deadline(); due_ns != never; due_ns = next_deadline()) {
      // A run may have come to where it is already overdue; time does not go back for it.
      const std::int64_t now_ns = std::max(due_ns, time_ns_);
      for_each_rule([&](auto& rule) { rule.matcher.advance(now_ns, releases_); });
      time_ns_ = now_ns;
      drain({end_of_input_sequence, now_ns, 0, 0, 0}, out);
    }
  }

  [[nodiscard]] match_shard_counters counters() const noexcept {
    match_shard_counters sum{processed_, keys_refused_, {}};
    const auto add = [&](const cep::matcher_counters& of) {
      sum.matchers.matches += of.matches;
      sum.matchers.timeouts += of.timeouts;
      sum.matchers.refused += of.refused;
      sum.matchers.skip_misses += of.skip_misses;
    };
    std::apply([&](const auto&... rule) { (add(rule.matcher.counters()), ...); }, rules_);
    return sum;
  }

 private:
  using every_rule = std::index_sequence_for<Rules...>;

  /// A release and the sequence of its first event, by which it goes out: ids are the user's and may repeat.
  struct due {
    cep::release what;
    std::uint64_t start;
    std::uint32_t position;
  };

  template <std::size_t... Index>
  match_shard(const Key& key, const std::tuple<Rules...>& rules, const topology_limits& limits,
              const cep::matcher_limits& bounds, std::index_sequence<Index...>)
      : key_(key),
        events_(limits.events, sizeof(T)),
        rules_(typename running_rule<Rules>::setup{std::get<Index>(rules), static_cast<std::uint16_t>(Index), bounds,
                                                   events_}...) {
    if constexpr (Key::keyed)
      directory_.emplace(bounds.partitions, sizeof(key_(std::declval<const T&>())));
    else
      for_each_rule([](auto& rule) { rule.matcher.open(0); });
    due_.reserve(1'024);
    taken_.reserve(1'024);
  }

  template <class F>
  void for_each_rule(F&& f) {
    std::apply([&](auto&... rule) { (f(rule), ...); }, rules_);
  }
  template <class F>
  [[nodiscard]] bool all_rules(F&& f) {
    return std::apply([&](auto&... rule) { return (f(rule) && ...); }, rules_);
  }

  [[nodiscard]] cep::partition_id find_partition(const event_header& event) {
    for_each_rule([](auto& rule) { rule.matcher.begin_event(); });
    if constexpr (Key::keyed) {
      const auto key = key_(cep::data_as<T>(event));
      const cep::partition_id known = directory_->find(bytes_of(key), event.key);
      if (known != null_handle) return known;
      // A key gets state only when a match can begin with it.
      if (all_rules([&](auto& rule) { return !rule.matcher.may_start(event); })) return null_handle;
      return open_partition(bytes_of(key), event.key);
    } else {
      return 0;
    }
  }

  [[nodiscard]] cep::partition_id open_partition(std::span<const std::byte> key, std::uint64_t hash) {
    const auto may_evict = [&](cep::partition_id id) {
      if (!all_rules([&](auto& rule) { return rule.matcher.idle(id); })) return false;
      for_each_rule([&](auto& rule) { rule.matcher.close(id); });
      return true;
    };
    const cep::partition_id made = directory_->insert(key, hash, may_evict);
    if (made == null_handle) {
      ++keys_refused_;
    } else {
      for_each_rule([&](auto& rule) { rule.matcher.open(made); });
    }
    return made;
  }

  void match(cep::partition_id partition, const event_header& event) {
    events_.pick_up(event);
    for_each_rule([&](auto& rule) { rule.matcher.process(partition, event, releases_); });
    events_.put_down();
  }

  [[nodiscard]] std::int64_t next_deadline() {
    std::int64_t first = std::numeric_limits<std::int64_t>::max();
    for_each_rule([&](auto& rule) { first = std::min(first, rule.matcher.next_deadline().value_or(first)); });
    return first;
  }

  template <class Out>
  void drain(output_order order, Out& out) {
    if (releases_.empty()) return;
    releases_.drain([&](const cep::release& r) {
      due_.push_back({r, start_of(r), static_cast<std::uint32_t>(due_.size())});
    });
    const auto earlier = [](const due& a, const due& b) {
      return a.start != b.start ? a.start < b.start : a.position < b.position;
    };
    if (due_.size() > 1 && !std::ranges::is_sorted(due_, earlier)) std::ranges::sort(due_, earlier);
    for (const due& each : due_) {
      order.first = each.start;
      order.rule = each.what.rule;
      for_each_rule([&](auto& rule) {
        if (rule.index == each.what.rule) hand_on(rule, each.what, order, out);
      });
    }
    due_.clear();
  }

  [[nodiscard]] std::uint64_t start_of(const cep::release& r) {
    std::uint64_t start = 0;
    for_each_rule([&](auto& rule) {
      if (rule.index == r.rule) start = rule.matcher.store().unfold(r.path, taken_).front().event->sequence;
    });
    return start;
  }

  template <class Running, class Out>
  void hand_on(Running& rule, const cep::release& r, const output_order& order, Out& out) {
    auto& store = rule.matcher.store();
    const typed_match<T> match(store.unfold(r.path, taken_), rule.matcher.compiled().stages, r.at_ns, r.timeout);
    emitter<Record, Out> to(out, order);
    rule.handler(match, to);
    store.release_path(r.path);
  }

  const Key& key_;
  cep::held_events events_;
  std::tuple<running_rule<Rules>...> rules_;
  std::optional<cep::key_directory> directory_;  // none: one partition in all
  cep::releases releases_;
  std::vector<due> due_;
  std::vector<expr::taken_event> taken_;
  std::int64_t time_ns_ = std::numeric_limits<std::int64_t>::min();  // that all keys have come to
  std::uint64_t processed_ = 0;
  std::uint64_t keys_refused_ = 0;
};

}  // namespace millrace::detail
