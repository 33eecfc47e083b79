#pragma once

#include <millrace/cep/held_events.hpp>
#include <millrace/cep/key_directory.hpp>
#include <millrace/cep/matcher.hpp>
#include <millrace/cep/release.hpp>
#include <millrace/rules/conditions.hpp>
#include <millrace/rules/program.hpp>
#include <millrace/rules/router.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

namespace millrace::rules {

/// Bounds on the state of one shard.
struct engine_limits {
  cep::matcher_limits matcher;      ///< of each pattern
  std::uint32_t events = 1U << 20;  ///< copies of events that partial matches hold, over all patterns
};

/// A match, or a partial match that timed out, while it is handed on.
struct released_match {
  const pattern_rule* rule;
  std::uint32_t rule_index;
  std::int64_t at_ns;       ///< when it was released, or timed out
  std::int64_t release_ns;  ///< event time that released it
  std::uint32_t phase;      ///< 0: released by the passing of time; 1: by the event itself
  bool timeout;
  expr::history taken;  ///< its events, in the order of taking; valid during the call
};

/// What an engine counts. All only grow.
struct engine_counters {
  std::uint64_t processed = 0;  ///< events, each counted in one shard
  std::uint64_t matches = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t refused = 0;  ///< partial matches that a bound kept from being
  std::uint64_t faults = 0;   ///< conditions that ended in overflow or division by zero
  std::uint64_t skip_misses = 0;
};

/// The patterns of a rules program over the keys of one shard.
///
/// Threads: one owner. Allocation: in the constructor; none an event once warmed up.
class engine {
 public:
  engine(std::shared_ptr<const program> rules, const engine_limits& limits);

  /// Takes one event of those that the router sends here, or a `time_mark`, in order of time, and hands on what
  /// it releases, in order: what is due by its time, then its own matches.
  template <class HandOn>
  void process(const event_header& event, HandOn&& hand_on) {
    if (event.type == time_mark) {
      advance_to(event.time_ns);
      return drain(event.time_ns, 0, hand_on);
    }
    if ((event.route & counts_here) != 0) ++processed_;
    if (rules_->time == time_mode::arrival) advance_to(event.time_ns);
    find_partitions(event);
    if (rules_->time != time_mode::arrival) advance_partitions(event);
    drain(event.time_ns, 0, hand_on);
    match(event);
    drain(event.time_ns, 1, hand_on);
  }

  /// The final watermark: passes every deadline that is still pending, one after another.
  template <class HandOn>
  void finish(HandOn&& hand_on) {
    while (const auto deadline = next_deadline()) {
      if (*deadline == std::numeric_limits<std::int64_t>::max()) return;
      // A run may have come to where it is already overdue; time does not go back for it.
      move_time(std::max(*deadline, time_ns_));
      drain(time_ns_, 0, hand_on);
    }
  }

  [[nodiscard]] engine_counters counters() const noexcept;
  /// Matches and timeouts of one pattern.
  [[nodiscard]] const cep::matcher_counters& counters_of(std::size_t pattern) const noexcept {
    return matchers_[pattern]->counters();
  }

  /// Events of which partial matches hold copies.
  [[nodiscard]] std::uint32_t held_event_count() const noexcept { return events_.size(); }

 private:
  using matcher = cep::matcher<condition_programs>;

  struct group_state {
    std::optional<cep::key_directory> directory;  // none: one partition in all
    std::vector<matcher*> matchers;
    std::vector<std::uint64_t> types;  // that each of them sees
    cep::partition_id partition = null_handle;
  };

  /// Time moves once for all events of one time: a run that comes to where it is already overdue is over when time
  /// grows, in whichever shard it is.
  void advance_to(std::int64_t now_ns) {
    if (now_ns != time_ns_) move_time(now_ns);
  }
  void move_time(std::int64_t now_ns);
  void find_partitions(const event_header& event);
  [[nodiscard]] cep::partition_id find_partition(std::size_t index, group_state& group, const event_header& event);
  void advance_partitions(const event_header& event);
  void match(const event_header& event);
  [[nodiscard]] std::optional<std::int64_t> next_deadline() const noexcept;

  template <class HandOn>
  void drain(std::int64_t release_ns, std::uint32_t phase, HandOn& hand_on) {
    if (releases_.empty()) return;
    releases_.drain([&](const cep::release& r) {
      auto& store = matchers_[r.rule]->store();
      hand_on(released_match{&rules_->patterns[r.rule], r.rule, r.at_ns, release_ns, phase, r.timeout,
                             store.unfold(r.path, taken_)});
      store.release_path(r.path);
    });
  }

  std::shared_ptr<const program> rules_;
  cep::held_events events_;
  key_packer packer_;
  std::vector<std::unique_ptr<matcher>> matchers_;
  std::vector<group_state> groups_;
  cep::releases releases_;
  std::vector<expr::taken_event> taken_;
  std::int64_t time_ns_ = std::numeric_limits<std::int64_t>::min();  // that all keys have come to
  std::uint64_t processed_ = 0;
  std::uint64_t keys_refused_ = 0;
};

}  // namespace millrace::rules
