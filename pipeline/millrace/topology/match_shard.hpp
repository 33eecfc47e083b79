#pragma once

#include <millrace/cep/held_events.hpp>
#include <millrace/cep/key_directory.hpp>
#include <millrace/cep/number_for.hpp>
#include <millrace/cep/release.hpp>
#include <millrace/topology/late_rule.hpp>
#include <millrace/topology/partition_key.hpp>
#include <millrace/topology/running_rule.hpp>
#include <millrace/topology/topology_limits.hpp>
#include <millrace/topology/typed_match.hpp>

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

namespace millrace::detail {

/// What a shard counts. All only grow.
struct match_shard_counters {
  std::uint64_t processed = 0;
  std::uint64_t dead = 0;          ///< events that a bound kept from some rule; not among the processed
  cep::matcher_counters matchers;  ///< over all rules
};

/// The keys of one shard of a typed topology: every rule's matcher over them. The typed counterpart of
/// `rules::engine`, with input order final: each event first moves the time of all keys to its own.
///
/// The rules that it begins with are inlined. Others may come and go between two events, see `late_rule`; those that
/// stay keep all their state, and what goes gives back what it holds bit by bit, with the events to come.
///
/// Threads: one owner; `prepare` is for any. Allocation: in the constructor and in `prepare`; none an event once warmed
/// up. Errors: those of handlers.
template <class T, class Key, class Record, class... Rules>
class match_shard {
 public:
  match_shard(const Key& key, const std::tuple<Rules...>& rules, const topology_limits& limits)
      : match_shard(key, rules, limits, matcher_limits_of(limits, Key::keyed), every_rule{}) {}

  template <record_output Out>
  void process(const event_header& event, Out& out) {
    if (event.type == change_mark) [[unlikely]]
      return apply(*reinterpret_cast<shard_change*>(event.key));
    if (going_ != nullptr) [[unlikely]]
      give_back(give_back_steps);
    // Once for all events of one time, in whichever shard they are.
    if (event.time_ns != time_ns_) move_time(event.time_ns);
    if (event.type == time_mark) return drain(event, 0, out);
    ++processed_;
    const cep::partition_id partition = find_partition(event);
    drain(event, 0, out);
    if (partition != null_handle) match(partition, event);
    drain(event, 1, out);
    if (releases_.has_dead()) [[unlikely]]
      count_dead();
  }

  /// Starts to load what the events that come next will need; see `rules::engine::look_ahead`.
  void look_ahead(std::span<const event_header* const> next) noexcept {
    if constexpr (Key::keyed) {
      next = next.first(std::min(next.size(), look_ahead_max));
      const bool is_large = directory_->size() >= prefetch_keys_min;
      if (is_large)
        for (const event_header* const event : next) directory_->prefetch(event->key);
      std::array<due_keys, sizeof...(Rules)> fires;
      if (is_large) find_due(next, fires);
      for (const event_header* const event : next) {
        if (event->type >= time_mark) continue;
        const auto key = key_(cep::data_as<T>(*event));
        glance_of(*event) = {event->sequence, directory_->erasures(), directory_->find(bytes_of(key), event->key)};
      }
      if (!is_large) return;
      const auto for_each_found = [&](auto&& f) {
        for (const event_header* const event : next)
          if (const glance& seen = glance_of(*event); seen.sequence == event->sequence && seen.partition != null_handle)
            for_each_rule([&](auto& rule) { f(rule.matcher, seen.partition); });
      };
      for_each_found([](auto& matcher, cep::partition_id id) { matcher.prefetch(id); });
      prefetch_due(fires, false);
      for_each_found([](auto& matcher, cep::partition_id id) { matcher.prefetch_matches(id, false); });
      prefetch_due(fires, true);
      for_each_found([](auto& matcher, cep::partition_id id) { matcher.prefetch_matches(id, true); });
    }
  }

  /// The final watermark: passes every deadline that is still pending, one after another.
  template <record_output Out>
  void finish(Out& out) {
    while (going_ != nullptr) give_back(std::numeric_limits<std::uint32_t>::max());
    while (const auto due_ns = next_deadline()) {
      // A run may have come to where it is already overdue; time does not go back for it.
      const std::int64_t now_ns = std::max(*due_ns, time_ns_);
      move_time(now_ns);
      if (!releases_.empty()) hand_on({end_of_input_sequence, now_ns, 0, 0, 0}, out);
    }
  }

  /// This shard's part of a change: the rule of this number goes, where there is one, and `coming` comes, where there
  /// is one. A slot of type `change_mark` brings it. Errors: `error` when memory is refused.
  [[nodiscard]] std::unique_ptr<shard_change> prepare(std::uint16_t index) const {
    return std::make_unique<shard_change>(index, nullptr);
  }
  template <class Rule>
  [[nodiscard]] std::unique_ptr<shard_change> prepare(std::uint16_t index, const Rule& coming) {
    const typename running_rule<Rule>::setup from{coming, index, Key::keyed, bounds_, classes_, events_};
    return std::make_unique<shard_change>(index, std::make_unique<late_rule_of<T, Record, Rule>>(from, Key::keyed));
  }

  [[nodiscard]] match_shard_counters counters() const noexcept {
    match_shard_counters sum{processed_, dead_, gone_};
    std::apply([&](const auto&... rule) { ((sum.matchers += rule.matcher.counters()), ...); }, rules_);
    for (const late_rule* rule = late_.get(); rule != nullptr; rule = rule->next.get())
      sum.matchers += rule->counters();
    return sum;
  }

  /// Events of which partial matches hold copies.
  [[nodiscard]] std::uint32_t held_event_count() const noexcept { return events_.size(); }

 private:
  using every_rule = std::index_sequence_for<Rules...>;

  static constexpr std::size_t look_ahead_max = 64;
  static constexpr std::uint32_t prefetch_keys_min = 4'096;  // the state of fewer stays in the cache
  // Partial matches or keys of patterns that go, an event: some cache misses each.
  static constexpr std::uint32_t give_back_steps = 8;

  /// What `look_ahead` has found out about an event.
  struct glance {
    std::uint64_t sequence = ~std::uint64_t{0};  // none
    std::uint64_t erasures = 0;                  // of the directory, when the partition was found
    cep::partition_id partition = null_handle;
  };
  [[nodiscard]] glance& glance_of(const event_header& event) noexcept {
    return glances_[event.sequence % look_ahead_max];
  }

  /// Some of the keys of a rule whose timers fire before the events that are looked at have come; one step ahead of the
  /// keys that events find.
  struct due_keys {
    std::array<cep::partition_id, look_ahead_max> ids;
    std::size_t count = 0;
  };
  void find_due(std::span<const event_header* const> next, std::array<due_keys, sizeof...(Rules)>& fires) noexcept {
    if (next.empty()) return;
    std::size_t place = 0;
    for_each_rule([&](auto& rule) {
      due_keys& of = fires[place++];
      of.count = rule.matcher.due_by(next.back()->time_ns, of.ids);
      for (std::size_t i = 0; i < of.count; ++i) rule.matcher.prefetch(of.ids[i]);
    });
  }
  void prefetch_due(const std::array<due_keys, sizeof...(Rules)>& fires, bool events) noexcept {
    std::size_t place = 0;
    for_each_rule([&](auto& rule) {
      const due_keys& of = fires[place++];
      for (std::size_t i = 0; i < of.count; ++i)
        events ? rule.matcher.prefetch_due(of.ids[i]) : rule.matcher.prefetch_matches(of.ids[i], false);
    });
  }

  /// A release, which may be several matches with one first event, and the sequence of that event, by which it goes
  /// out: ids are the user's and may repeat.
  struct due {
    cep::release what;
    std::uint64_t start;
    std::uint32_t position;
  };

  template <std::size_t... Index>
  match_shard(const Key& key, const std::tuple<Rules...>& rules, const topology_limits& limits,
              const cep::matcher_limits& bounds, std::index_sequence<Index...>)
      : key_(key),
        bounds_(bounds),
        classes_(limits.classes),
        events_(limits.events, sizeof(T)),
        rules_(typename running_rule<Rules>::setup{std::get<Index>(rules), static_cast<std::uint16_t>(Index), false,
                                                   bounds_, classes_, events_}...) {
    if constexpr (Key::keyed)
      directory_.emplace(limits.keys, sizeof(key_(std::declval<const T&>())), true);
    else
      for_each_rule([](auto& rule) { rule.matcher.open(0); });
    due_.reserve(1'024);
  }

  /// The rules that were given at build time and are in force.
  template <class F>
  void for_each_rule(F&& f) {
    std::apply([&](auto&... rule) { ((rule.in_force ? f(rule) : void()), ...); }, rules_);
  }
  template <class F>
  [[nodiscard]] bool all_rules(F&& f) {
    return std::apply([&](auto&... rule) { return ((!rule.in_force || f(rule)) && ...); }, rules_);
  }
  template <class F>
  void for_each_late(F&& f) {
    for (late_rule* rule = late_.get(); rule != nullptr; rule = rule->next.get()) f(*rule);
  }
  template <class F>
  [[nodiscard]] bool all_late(F&& f) {
    for (late_rule* rule = late_.get(); rule != nullptr; rule = rule->next.get())
      if (!f(*rule)) return false;
    return true;
  }

  void move_time(std::int64_t now_ns) {
    time_ns_ = now_ns;
    if (now_ns >= next_move_ns_) {
      next_move_ns_ = std::numeric_limits<std::int64_t>::max();
      for_each_rule([&](auto& rule) {
        rule.matcher.advance(now_ns, releases_);
        next_move_ns_ = std::min(next_move_ns_, rule.matcher.next_move_ns());
      });
    }
    for_each_late([&](late_rule& rule) { rule.advance(now_ns, releases_); });
  }

  [[nodiscard]] cep::partition_id find_partition(const event_header& event) {
    for_each_rule([](auto& rule) { rule.matcher.begin_event(); });
    if constexpr (Key::keyed) {
      const glance& seen = glance_of(event);
      if (seen.sequence == event.sequence && seen.partition != null_handle && seen.erasures == directory_->erasures())
        return seen.partition;
      const auto key = key_(cep::data_as<T>(event));
      const cep::partition_id known = directory_->find(bytes_of(key), event.key);
      if (known != null_handle) return known;
      // A key gets state only when a match can begin with it.
      if (all_rules([&](auto& rule) { return !rule.matcher.may_start(event); }) &&
          all_late([&](late_rule& rule) { return !rule.may_start(event); }))
        return null_handle;
      return open_partition(bytes_of(key), event);
    } else {
      return 0;
    }
  }

  [[nodiscard]] cep::partition_id open_partition(std::span<const std::byte> key, const event_header& event) {
    const cep::partition_id made = cep::number_for({key, event.key}, *directory_, bounds_.when_full, null_handle,
                                                   event.time_ns, releases_, [&](auto&& f) {
                                                     for_each_rule([&](auto& rule) { f(rule.matcher); });
                                                     for_each_late([&](late_rule& rule) { f(rule); });
                                                   });
    if (made != null_handle) return made;
    const auto refuse = [&](auto& rule) {
      if (rule.may_start(event)) rule.refuse_key(releases_);
    };
    for_each_rule([&](auto& rule) { refuse(rule.matcher); });
    for_each_late(refuse);
    return made;
  }

  void match(cep::partition_id partition, const event_header& event) {
    events_.pick_up(event);
    for_each_rule([&](auto& rule) {
      rule.matcher.process(partition, event, releases_);
      next_move_ns_ = std::min(next_move_ns_, rule.matcher.next_move_ns());
    });
    for_each_late([&](late_rule& rule) { rule.process(partition, event, releases_); });
    events_.put_down();
  }

  /// All rules see the key in this shard: the event is counted here and nowhere else.
  void count_dead() noexcept {
    releases_.drain_dead([](const cep::dead_letter&) {});
    --processed_;
    ++dead_;
  }

  [[nodiscard]] std::optional<std::int64_t> next_deadline() {
    std::optional<std::int64_t> first;
    const auto look_at = [&first](std::optional<std::int64_t> deadline) {
      if (deadline && (!first || *deadline < *first)) first = deadline;
    };
    for_each_rule([&](auto& rule) { look_at(rule.matcher.next_deadline()); });
    for_each_late([&](const late_rule& rule) { look_at(rule.next_deadline()); });
    return first;
  }

  /// Hands on what the event has released. Its place in the output is made when there is something: as an argument it
  /// would be written in words and read in pairs of them, for which the processor waits.
  template <class Out>
  void drain(const event_header& event, std::uint32_t phase, Out& out) {
    if (!releases_.empty()) hand_on({event.sequence, event.time_ns, phase, 0, 0}, out);
  }
  template <class Out>
  void hand_on(output_order order, Out& out) {
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
        if (rule.index == each.what.rule) rule.template hand_on<T, Record>(each.what, order, out);
      });
      if (late_ != nullptr) hand_on_late(each.what, order, out);
    }
    due_.clear();
  }

  [[nodiscard]] std::uint64_t start_of(const cep::release& r) {
    std::uint64_t start = 0;
    for_each_rule([&](auto& rule) {
      if (rule.index == r.rule) start = rule.matcher.start_sequence(r);
    });
    for_each_late([&](late_rule& rule) {
      if (rule.index == r.rule) start = rule.start_sequence(r);
    });
    return start;
  }

  template <class Out>
  void hand_on_late(const cep::release& r, const output_order& order, Out& out) {
    output_behind<Out> erased(out);
    for_each_late([&](late_rule& rule) {
      if (rule.index == r.rule) rule.hand_on(r, order, erased);
    });
  }

  // --- changes ------------------------------------------------------------------------------------------

  void apply(shard_change& change) noexcept {
    for_each_rule([&](auto& rule) {
      if (rule.index == change.index) rule.in_force = false;
    });
    for (auto* link = &late_; *link != nullptr; link = &(*link)->next) {
      if ((*link)->index != change.index) continue;
      change.going = std::move(*link);
      *link = std::move(change.going->next);
      gone_ += change.going->counters();
      break;
    }
    if (change.coming != nullptr) {
      change.coming->next = std::move(late_);
      late_ = std::move(change.coming);
    }
    (going_ == nullptr ? going_ : going_last_->next) = &change;
    going_last_ = &change;
  }

  void give_back(std::uint32_t steps) noexcept {
    shard_change& oldest = *going_;
    if (!(oldest.going != nullptr ? oldest.going->give_back(steps) : give_back_built(oldest.index, steps))) return;
    going_ = oldest.next;
    oldest.done.store(true, std::memory_order_release);  // S1, pairs with S2; it may be gone from here on
  }

  /// Of a rule that was given at build time; true for others, which had nothing.
  [[nodiscard]] bool give_back_built(std::uint16_t index, std::uint32_t steps) noexcept {
    return std::apply([&](auto&... rule) { return ((rule.index != index || rule.matcher.give_back(steps)) && ...); },
                      rules_);
  }

  const Key& key_;
  cep::matcher_limits bounds_;
  cep::class_choice classes_;
  cep::held_events events_;
  std::tuple<running_rule<Rules>...> rules_;
  std::optional<cep::key_directory> directory_;  // none: one partition in all
  std::array<glance, look_ahead_max> glances_;
  cep::releases releases_;
  std::vector<due> due_;
  std::int64_t time_ns_ = std::numeric_limits<std::int64_t>::min();       // that all keys have come to
  std::int64_t next_move_ns_ = std::numeric_limits<std::int64_t>::min();  // of the rules given at build time
  std::uint64_t processed_ = 0;
  std::uint64_t dead_ = 0;
  std::unique_ptr<late_rule> late_;  // rules that came at run time
  cep::matcher_counters gone_;       // of those of them that have gone
  shard_change* going_ = nullptr;    // changes that have something to give back, oldest first
  shard_change* going_last_ = nullptr;
};

}  // namespace millrace::detail
