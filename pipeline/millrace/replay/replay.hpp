#pragma once

#include <millrace/feed/open_feed.hpp>
#include <millrace/replay/feed_source.hpp>
#include <millrace/replay/match_sink.hpp>
#include <millrace/replay/match_stage.hpp>
#include <millrace/rules/program.hpp>
#include <millrace/stats/histogram.hpp>
#include <millrace/topology/executor_options.hpp>
#include <millrace/topology/run_report.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::replay {

/// How a feed is replayed through a rules program.
struct replay_options {
  std::optional<unsigned> shards;  ///< none: inline, in the calling thread; else threads, with so many shards
  source_options source;
  bool lines = true;  ///< write matches; else only count them
  std::optional<std::uint64_t> limit;
  bool measures_latency = false;
  rules::engine_limits limits;
  rules::window_rule_limits windows;
  executor_options executor;
  std::function<void(std::string_view line)> on_dead_event;  ///< of events that a bound on state kept from a pattern
  std::function<void(std::string_view line)> on_late_event;  ///< of events that came too late for some window
  std::optional<trace_request> trace;  ///< asks for single runs, and shows all events to all patterns
};

/// What became of the patterns of one name.
struct pattern_summary {
  std::string name;
  std::uint64_t matches = 0;
  std::uint64_t timeouts = 0;
  cep::matcher_counters counters;  ///< over all shards
};

/// What became of a window rule.
struct window_summary {
  std::string name;
  rules::window_rule_counters counters;  ///< over all shards
};

/// What a replay did.
struct replay_summary {
  run_end end = run_end::input_ended;
  bool limit_reached = false;
  bool output_closed = false;
  source_counters source;
  rules::engine_counters engine;       ///< `processed` is without `dead_at_bound` and `late_for_windows`
  std::uint64_t dead_at_bound = 0;     ///< events that a bound on state kept from some pattern
  std::uint64_t late_for_windows = 0;  ///< events too late for all windows of a rule, and not in the source's `late`
  std::uint64_t select_faults = 0;
  std::vector<pattern_summary> patterns;  ///< of all names that ever were in force
  std::vector<window_summary> windows;
  std::uint64_t wall_ns = 0;
  histogram event_latency = histogram::of_latencies();  ///< event read to event processed
  histogram match_latency = histogram::of_latencies();  ///< event read to match written
  std::uint64_t output_bytes = 0;
  std::uint32_t output_checksum = 0;  ///< CRC-32C
  std::vector<std::string> warnings;
  std::string failure;  ///< what ended the run, when something failed: what was done until then is above
};

/// A replay that is ready to run.
///
/// Threads: `run` by one; `stop`, `change`, `in_force` and `bytes_read` from any, `stop` also from a signal handler.
/// Errors: the constructor throws `error`; a failure during the run is told in the summary.
class replay_run {
 public:
  replay_run(const std::shared_ptr<const rules::program>& rules, std::unique_ptr<feed::decoder> decoder,
             sink::text_output& out, const replay_options& options);
  ~replay_run();

  replay_summary run();
  void stop() noexcept;

  /// Other patterns, while events flow or before: from a position between two records on, and not before the record
  /// given, `change` holds; the patterns that it leaves alone keep all their state. Allocates for all shards, in the
  /// calling thread. A position means the same for any number of shards, threaded and inline. Returns where to read
  /// the position once it is known. Errors: see `next_revision`; `error` when memory is refused. The rules then stay
  /// as they are.
  std::shared_ptr<const change_position> change(const rules::rules_change& change, std::uint64_t not_before = 0);

  /// The patterns as of the last change that was asked for.
  [[nodiscard]] std::shared_ptr<const rules::revision> in_force() const;

  [[nodiscard]] std::uint64_t bytes_read() const noexcept;
  [[nodiscard]] std::optional<std::uint64_t> bytes_total() const noexcept;

 private:
  class state;
  std::unique_ptr<state> state_;
};

/// A decoder for the records that a rules program declares.
std::unique_ptr<feed::decoder> open_rules_feed(const std::string& path, feed::format format,
                                               const std::shared_ptr<const rules::program>& rules);
feed::layout_set layouts_of(const std::shared_ptr<const rules::program>& rules);

}  // namespace millrace::replay
