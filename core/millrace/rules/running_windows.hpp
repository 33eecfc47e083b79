#pragma once

#include <millrace/event/event.hpp>
#include <millrace/rules/revision.hpp>
#include <millrace/rules/router.hpp>
#include <millrace/rules/running_window.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace millrace::rules {

/// A window's result while it is handed on.
struct released_window {
  const window_rule* rule;
  std::uint32_t rule_index;  ///< place among the program's windows
  const key_group* by;
  std::span<const std::byte> key;  ///< packed; see `unpack_key`
  std::int64_t start_ns;
  std::int64_t end_ns;
  std::int64_t release_ns;     ///< when it was due: the time, or the watermark; of what an event released, its time
  std::uint64_t first_record;  ///< of its events; of what an event released, that event
  bool by_event;               ///< released by an event itself: an update, or a full window of counted events
  const select_aggregator* aggregates;
  const std::byte* state;  ///< null: a session that became part of another
};

/// An event that a window rule left out of all or some of its windows.
struct missed_window {
  const window_rule* rule;
  std::uint32_t rule_index;
  const event_header* event;
  window::left_out reason;
  std::uint64_t windows;  ///< that it came too late for
  bool is_taken;          ///< by others of the rule
};

/// What became of one window rule in a shard. All only grow.
struct window_rule_counters {
  std::uint64_t results = 0;
  std::uint64_t late = 0;             ///< events that came too late for all of their windows
  std::uint64_t late_windows = 0;     ///< pairs of event and window
  std::uint64_t refused = 0;          ///< events that no window took, as a bound on state was met
  std::uint64_t refused_windows = 0;  ///< pairs of event and window; others of the event's may have taken it
  std::uint64_t dead = 0;  ///< events that became dead letters: no window can hold their time, or a bound was met
  std::uint64_t values_refused = 0;
  std::uint64_t faults = 0;

  window_rule_counters& operator+=(const window_rule_counters& other) noexcept;
};

/// The windows of a rules program over the keys of one shard, beside an `engine` that runs its patterns. They get the
/// events that it gets, and those that are late for patterns.
///
/// What one call releases is handed on in no order; `release_ns`, `first_record`, `rule_index` put it in one, and
/// results that an event released come in order by rule. Threads: one owner. Allocation: in the constructor.
/// Complexity: linear in the rules an event.
class running_windows {
 public:
  running_windows(std::shared_ptr<const revision> rules, const window_rule_limits& limits);
  running_windows(const running_windows&) = delete;
  running_windows& operator=(const running_windows&) = delete;

  [[nodiscard]] bool empty() const noexcept { return rules_.empty(); }

  /// Whether an event is late for patterns: those do not see it.
  [[nodiscard]] bool is_behind(const event_header& event) const noexcept {
    return event.type < time_mark && event.time_ns < now_ns_;
  }

  /// What an event, or a `time_mark`, says of time: closes what is due. Requires: it is not behind.
  template <class HandOn>
  void move_time(const event_header& event, HandOn&& hand_on) {
    if (time_ == time_mode::arrival)
      move_time_to(event.time_ns, hand_on);
    else if (event.type == time_mark)
      move_time_to(behind(event.time_ns), hand_on);
  }

  /// Adds an event to its windows. Requires: time was moved by it, unless it is behind.
  template <class HandOn, class Miss>
  void add(const event_header& event, HandOn&& hand_on, Miss&& miss) {
    for (std::uint32_t index = 0; index < rules_.size(); ++index) {
      if ((event.route >> revision_->window_groups[index] & 1) == 0 || !rules_[index]->wants(event)) continue;
      add(index, event, hand_on, miss);
    }
  }

  /// Closes what is due at or before a time, where all events before it have come.
  template <class HandOn>
  void move_time_to(std::int64_t now_ns, HandOn&& hand_on) {
    if (now_ns <= now_ns_) return;
    now_ns_ = now_ns;
    if (now_ns < next_due_ns_) return;
    for (std::uint32_t index = 0; index < rules_.size(); ++index) close_due(index, now_ns, hand_on);
    find_next_due();
  }

  /// The final watermark, as far as a time.
  template <class HandOn>
  void finish_until(std::int64_t now_ns, HandOn&& hand_on) {
    move_time_to(time_ == time_mode::arrival ? now_ns : behind(now_ns), hand_on);
  }
  /// The rest of it: closes everything.
  template <class HandOn>
  void finish(HandOn&& hand_on) {
    move_time_to(last_time, hand_on);
    for (std::uint32_t index = 0; index < rules_.size(); ++index)
      rules_[index]->finish([&](const auto& result) { hand_on(released(index, result, last_time, false)); });
  }

  [[nodiscard]] std::vector<window_rule_counters> counters() const;

 private:
  static constexpr std::int64_t last_time = std::numeric_limits<std::int64_t>::max() - 1;

  /// Behind a watermark, which says that all events up to it have come.
  static std::int64_t behind(std::int64_t watermark_ns) noexcept { return std::min(watermark_ns, last_time - 1) + 1; }

  template <class HandOn, class Miss>
  void add(std::uint32_t index, const event_header& event, HandOn& hand_on, Miss& miss) {
    running_window& of = *rules_[index];
    // An operator hears of time where something is due; of a late event it must know how late it is.
    if (event.time_ns < now_ns_) of.advance_to(now_ns_, [](const running_window::result&) {});
    of.add(
        packer_.pack(revision_->window_groups[index], event), event,
        [&](const running_window::result& result) {
          released_window made = released(index, result, event.time_ns, true);
          made.first_record = event.id.low;
          hand_on(made);
        },
        [&](window::left_out reason, std::uint64_t windows, bool is_taken) {
          miss(missed_window{&of.rule(), index, &event, reason, windows, is_taken});
        });
    next_due_ns_ = std::min(next_due_ns_, of.next_due_ns());
  }

  /// One time after the other, so that each result knows when it was due.
  template <class HandOn>
  void close_due(std::uint32_t index, std::int64_t now_ns, HandOn& hand_on) {
    running_window& of = *rules_[index];
    // What is due at all is so by the last time. Nothing is due at the one behind it, which stands for never.
    const std::int64_t until_ns = std::min(now_ns, last_time);
    for (std::int64_t due = of.next_due_ns(); due <= until_ns; due = of.next_due_ns())
      of.advance_to(due, [&](const running_window::result& result) {
        hand_on(released(index, result, due - (time_ == time_mode::arrival ? 0 : 1), false));
      });
    of.advance_to(until_ns, [&](const running_window::result&) {});
  }

  [[nodiscard]] released_window released(std::uint32_t index, const running_window::result& result,
                                         std::int64_t release_ns, bool by_event) const noexcept;
  void find_next_due() noexcept;

  std::shared_ptr<const revision> revision_;
  time_mode time_;
  key_packer packer_;
  std::vector<std::unique_ptr<running_window>> rules_;
  std::int64_t now_ns_ = std::numeric_limits<std::int64_t>::min();  // events before it are late for patterns
  std::int64_t next_due_ns_ = running_window::never;
};

/// The values of a packed key, one a field, into `values`. Text points into the key.
void unpack_key(std::span<const field* const> fields, std::span<const std::byte> key,
                std::span<expr::value> values) noexcept;

}  // namespace millrace::rules
