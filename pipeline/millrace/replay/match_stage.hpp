#pragma once

#include <millrace/rules/engine.hpp>
#include <millrace/sink/match_line.hpp>
#include <millrace/stage/output_order.hpp>
#include <millrace/stats/histogram.hpp>
#include <millrace/time/cycle_clock.hpp>
#include <millrace/topology/stages.hpp>

#include <cstdint>
#include <cstring>
#include <memory>

namespace millrace::replay {

/// In front of each record that a match stage emits.
struct match_head {
  std::uint64_t stamp;  ///< cycle counter when the event came in; 0: not measured
  std::uint32_t rule;
  std::uint32_t timeout;
};

/// What one shard gets of a change of the rules.
struct stage_change {
  std::unique_ptr<rules::engine_change> engine;
  std::unique_ptr<sink::match_line> line;
};

/// One shard of a replay: the engine of its keys, and its matches as lines.
/// Threads: one owner; `prepare` is for any.
class match_stage {
 public:
  struct options {
    bool lines = true;  ///< write lines; else heads only, for counting
    bool final_watermark = true;
    rules::engine_limits limits;
    const cycle_clock* clock = nullptr;  ///< measures latency against the source's stamps; none: does not
  };

  match_stage(const std::shared_ptr<const rules::revision>& rules, const options& chosen)
      : options_(chosen), engine_(rules, chosen.limits), line_(std::make_unique<sink::match_line>(rules)) {}

  /// This shard's part of a change, allocated off the event path; a slot of type `change_mark` brings it.
  [[nodiscard]] stage_change prepare(const std::shared_ptr<const rules::revision>& to) {
    return {engine_.prepare(to), std::make_unique<sink::match_line>(to)};
  }

  template <record_output Out>
  void process(const event_header& event, Out& out) {
    if (event.type == change_mark) [[unlikely]]
      return apply(*reinterpret_cast<stage_change*>(event.key));
    stamp_ = event.correlation;
    engine_.process(event, [&](const rules::released_match& match) { emit(match, event.sequence, out); });
    if (options_.clock != nullptr && stamp_ != 0)
      latency_.record(options_.clock->ns_between(stamp_, options_.clock->now()));
  }

  template <record_output Out>
  void finish(Out& out) {
    stamp_ = 0;
    if (options_.final_watermark)
      engine_.finish([&](const rules::released_match& match) { emit(match, end_of_input_sequence, out); });
  }

  [[nodiscard]] const rules::engine& engine() const noexcept { return engine_; }
  [[nodiscard]] std::uint64_t select_faults() const noexcept { return line_->faults(); }
  /// Nanoseconds from reading an event to the end of its processing.
  [[nodiscard]] const histogram& latency() const noexcept { return latency_; }

 private:
  // The engine last: once it has settled, the change may be gone.
  void apply(stage_change& change) noexcept {
    change.line->continue_from(*line_);
    line_.swap(change.line);
    engine_.apply(*change.engine);
  }

  template <class Out>
  void emit(const rules::released_match& match, std::uint64_t sequence, Out& out) {
    const std::string_view text = options_.lines ? line_->write(match) : std::string_view{};
    const output_order order{sequence, match.release_ns, match.phase, match.rule_index,
                             match.taken.front().event->id.low};
    std::byte* const record = out.claim(order, sizeof(match_head) + text.size());
    const match_head head{match.phase == 0 ? 0 : stamp_, match.rule_index, match.timeout ? 1U : 0U};
    std::memcpy(record, &head, sizeof head);
    if (!text.empty()) std::memcpy(record + sizeof head, text.data(), text.size());
    out.publish();
  }

  options options_;
  rules::engine engine_;
  std::unique_ptr<sink::match_line> line_;
  histogram latency_ = histogram::of_latencies();
  std::uint64_t stamp_ = 0;
};

}  // namespace millrace::replay
