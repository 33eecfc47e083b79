#pragma once

#include <millrace/replay/match_record.hpp>
#include <millrace/rules/running_windows.hpp>
#include <millrace/sink/window_line.hpp>
#include <millrace/stage/output_order.hpp>
#include <millrace/topology/stages.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::replay {

/// The windows of one shard of a replay, and their results as lines in output order: by when they were due, then by the
/// position of their first event in the feed, then by rule.
///
/// Threads: one owner. Allocation: until its buffers have grown to what one event released at most.
class window_stage {
 public:
  window_stage(const std::shared_ptr<const rules::revision>& rules, const rules::window_rule_limits& limits,
               bool dead_letters)
      : windows_(rules, limits), line_(rules->declarations), dead_letters_(dead_letters) {
    held_.reserve(1'024);
    text_.reserve(256 * 1'024);
  }

  [[nodiscard]] bool empty() const noexcept { return windows_.empty(); }
  /// The event is late for patterns: those must not see it.
  [[nodiscard]] bool is_behind(const event_header& event) const noexcept { return windows_.is_behind(event); }

  /// First half of an event, and all of a mark: emits what time closes.
  template <record_output Out>
  void move_time(const event_header& event, Out& out) {
    windows_.move_time(event, [&](const rules::released_window& result) { hold(result); });
    emit_held(event.sequence, out);
  }
  /// Second half: the event falls into its windows; emits what that releases. `was_late`: it was counted as late.
  template <record_output Out>
  void take(const event_header& event, std::uint64_t stamp, bool was_late, Out& out) {
    if (is_behind(event) && (event.route & rules::counts_here) != 0) ++processed_;
    windows_.add(
        event,
        [&](const rules::released_window& result) {
          const output_order order{event.sequence, event.time_ns, window_phase_by_event, result.rule_index,
                                   result.first_record};
          emit(order, {stamp, result.rule_index, match_kind::window}, line_.write(result), out);
        },
        [&](const rules::missed_window& missed) { hold(missed, event, was_late); });
    emit_held(event.sequence, out);
  }

  /// The final watermark, as far as a time.
  template <record_output Out>
  void finish_until(std::int64_t now_ns, Out& out) {
    windows_.finish_until(now_ns, [&](const rules::released_window& result) { hold(result); });
    emit_held(end_of_input_sequence, out);
  }
  template <record_output Out>
  void finish(Out& out) {
    windows_.finish([&](const rules::released_window& result) { hold(result); });
    emit_held(end_of_input_sequence, out);
  }

  [[nodiscard]] std::vector<rules::window_rule_counters> counters() const {
    auto made = windows_.counters();
    for (rules::window_rule_counters& each : made)
      if (dead_letters_) each.dead += std::exchange(each.refused, 0);
    return made;
  }
  /// Events that are late for patterns, and that this shard counts.
  [[nodiscard]] std::uint64_t processed() const noexcept { return processed_; }
  [[nodiscard]] std::uint64_t select_faults() const noexcept { return line_.faults(); }

 private:
  struct held_line {
    output_order order;  // its sequence is given when it is emitted
    match_head head;
    std::size_t begin;
    std::size_t bytes;
  };

  void hold(const output_order& order, const match_head& head, std::string_view text) {
    held_.push_back({order, head, text_.size(), text.size()});
    text_ += text;
  }
  void hold(const rules::released_window& result) {
    hold({0, result.release_ns, window_phase_by_time, result.rule_index, result.first_record},
         {0, result.rule_index, match_kind::window}, line_.write(result));
  }
  void hold(const rules::missed_window& missed, const event_header& event, bool was_late) {
    const bool is_late = missed.reason == window::left_out::late;
    if (missed.reason == window::left_out::no_room && !dead_letters_) return;
    match_head head{0, missed.rule_index, is_late ? match_kind::late : match_kind::dead};
    head.count = was_late || missed.is_taken ? 0 : 1;
    hold({0, event.time_ns, window_phase_missed, missed.rule_index, event.id.low}, head, line_.write(missed));
  }

  template <class Out>
  void emit_held(std::uint64_t sequence, Out& out) {
    if (held_.empty()) [[likely]]
      return;
    const auto earlier = [](const held_line& a, const held_line& b) {
      return a.order != b.order ? a.order < b.order : a.begin < b.begin;
    };
    std::sort(held_.begin(), held_.end(), earlier);
    for (held_line& each : held_) {
      each.order.sequence = sequence;
      emit(each.order, each.head, std::string_view(text_).substr(each.begin, each.bytes), out);
    }
    held_.clear();
    text_.clear();
  }

  template <class Out>
  static void emit(const output_order& order, const match_head& head, std::string_view text, Out& out) {
    std::byte* const record = out.claim(order, sizeof head + text.size());
    std::memcpy(record, &head, sizeof head);
    std::memcpy(record + sizeof head, text.data(), text.size());
    out.publish();
  }

  rules::running_windows windows_;
  sink::window_line line_;
  bool dead_letters_;  // events that meet a bound are told of
  std::vector<held_line> held_;
  std::string text_;  // of the lines that are held
  std::uint64_t processed_ = 0;
};

}  // namespace millrace::replay
