#pragma once

#include <millrace/replay/match_record.hpp>
#include <millrace/replay/traced_key.hpp>
#include <millrace/replay/window_stage.hpp>
#include <millrace/rules/engine.hpp>
#include <millrace/sink/match_line.hpp>
#include <millrace/sink/run_trace.hpp>
#include <millrace/stage/output_order.hpp>
#include <millrace/stats/histogram.hpp>
#include <millrace/time/cycle_clock.hpp>
#include <millrace/topology/stages.hpp>

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace millrace::replay {

/// The key whose partial matches are told of, and who hears of them.
struct trace_request {
  std::string key;                              ///< see `traced_key`
  std::function<void(std::string_view)> write;  ///< a line; called by the shard that has the key
};

/// What one shard gets of a change of the rules.
struct stage_change {
  std::unique_ptr<rules::engine_change> engine;
  std::unique_ptr<sink::match_line> line;
};

/// One shard of a replay: the engine of its keys and their windows, matches and results as lines.
/// Threads: one owner; `prepare` is for any.
class match_stage {
 public:
  struct options {
    bool lines = true;  ///< write lines; else heads only, for counting
    bool final_watermark = true;
    rules::engine_limits limits;
    rules::window_rule_limits windows;
    const cycle_clock* clock = nullptr;  ///< measures latency against the source's stamps; none: does not
    const trace_request* trace = nullptr;
  };

  match_stage(const std::shared_ptr<const rules::revision>& rules, const options& chosen)
      : options_(chosen),
        engine_(rules, chosen.limits),
        line_(std::make_unique<sink::match_line>(rules)),
        windows_(rules, chosen.windows, chosen.limits.matcher.when_full == cep::full_policy::dead_letter) {
    if (chosen.trace != nullptr) watch(rules, *chosen.trace);
  }

  /// This shard's part of a change, allocated off the event path; a slot of type `change_mark` brings it.
  [[nodiscard]] stage_change prepare(const std::shared_ptr<const rules::revision>& to) {
    return {engine_.prepare(to), std::make_unique<sink::match_line>(to)};
  }

  void look_ahead(std::span<const event_header* const> next) noexcept { engine_.look_ahead(next); }

  template <record_output Out>
  void process(const event_header& event, Out& out) {
    if (event.type == change_mark) [[unlikely]]
      return apply(*reinterpret_cast<stage_change*>(event.key));
    stamp_ = event.correlation;
    if (windows_.empty())
      match(event, out);
    else
      match_and_window(event, out);
    if (options_.clock != nullptr && stamp_ != 0)
      latency_.record(options_.clock->ns_between(stamp_, options_.clock->now()));
  }

  template <record_output Out>
  void finish(Out& out) {
    stamp_ = 0;
    if (!options_.final_watermark) return;
    engine_.finish([&](const rules::released_match& match) { emit(match, end_of_input_sequence, out); },
                   [&](std::int64_t now_ns) { windows_.finish_until(now_ns, out); });
    windows_.finish(out);
  }

  [[nodiscard]] const rules::engine& engine() const noexcept { return engine_; }
  [[nodiscard]] const window_stage& windows() const noexcept { return windows_; }
  [[nodiscard]] std::uint64_t select_faults() const noexcept { return line_->faults() + windows_.select_faults(); }
  /// Nanoseconds from reading an event to the end of its processing.
  [[nodiscard]] const histogram& latency() const noexcept { return latency_; }

 private:
  template <class Out>
  void match(const event_header& event, Out& out) {
    engine_.process(
        event, [&](const rules::released_match& found) { emit(found, event.sequence, out); },
        [&](const rules::dead_event& dead) { emit(dead, event, out); });
  }

  /// An event that is late for patterns goes to windows only: how late is too late each of them says itself.
  template <class Out>
  void match_and_window(const event_header& event, Out& out) {
    const bool is_behind = windows_.is_behind(event);
    if (!is_behind) {
      windows_.move_time(event, out);
      match(event, out);
    }
    if (event.type < time_mark) windows_.take(event, stamp_, is_behind && sees(event.type), out);
  }

  [[nodiscard]] bool sees(event_type type) const noexcept {
    return (engine_.in_force().types_of_patterns() >> type & 1) != 0;
  }

  // The engine last: once it has settled, the change may be gone.
  void apply(stage_change& change) noexcept {
    change.line->continue_from(*line_);
    line_.swap(change.line);
    engine_.apply(*change.engine);
  }

  template <class Out>
  void emit(const rules::released_match& match, std::uint64_t sequence, Out& out) {
    const std::string_view text = options_.lines ? line_->write(match) : std::string_view{};
    const output_order order{sequence, match.release_ns, pattern_phase + match.phase, match.rule_index,
                             match.taken.front().event->id.low};
    std::byte* const record = out.claim(order, sizeof(match_head) + text.size());
    const match_head head{match.phase == 0 ? 0 : stamp_, match.rule_index,
                          match.timeout ? match_kind::timeout : match_kind::match, match.count};
    std::memcpy(record, &head, sizeof head);
    if (!text.empty()) std::memcpy(record + sizeof head, text.data(), text.size());
    out.publish();
  }

  template <class Out>
  void emit(const rules::dead_event& dead, const event_header& event, Out& out) {
    const std::string_view text = line_->write(dead);
    std::byte* const record =
        out.claim(output_order{event.sequence, event.time_ns, pattern_phase_dead, dead.rule_index, event.id.low},
                  sizeof(match_head) + text.size());
    const match_head head{0, dead.rule_index, match_kind::dead};
    std::memcpy(record, &head, sizeof head);
    std::memcpy(record + sizeof head, text.data(), text.size());
    out.publish();
  }

  void watch(const std::shared_ptr<const rules::revision>& rules, const trace_request& wanted) {
    trace_ = std::make_unique<sink::run_trace>(rules, wanted.write);
    for (std::size_t group = 0; group < rules->groups.size(); ++group)
      if (const auto key = traced_key(*rules, group, wanted.key)) engine_.watch(group, *key, *trace_);
  }

  options options_;
  std::unique_ptr<sink::run_trace> trace_;  // before the engine, which calls it
  rules::engine engine_;
  std::unique_ptr<sink::match_line> line_;
  window_stage windows_;
  histogram latency_ = histogram::of_latencies();
  std::uint64_t stamp_ = 0;
};

}  // namespace millrace::replay
