#pragma once

#include <millrace/base/check.hpp>
#include <millrace/placement/pinning.hpp>
#include <millrace/topology/egress_runner.hpp>
#include <millrace/topology/executor_options.hpp>
#include <millrace/topology/ingress.hpp>
#include <millrace/topology/record_writer.hpp>
#include <millrace/topology/run_report.hpp>
#include <millrace/topology/shard_link.hpp>
#include <millrace/topology/shard_runner.hpp>
#include <millrace/topology/source_runner.hpp>
#include <millrace/topology/stages.hpp>
#include <millrace/topology/stop_flag.hpp>
#include <millrace/topology/thread_plan.hpp>
#include <millrace/topology/thread_set.hpp>

#include <exception>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace millrace {

/// Runs a source, shards and a sink in threads of their own, with rings in between. The output is byte for byte
/// that of `inline_executor` with the same objects.
///
///                  ┌─ ring ─► shard 0 ─ ring ─┐
///     source.poll ─┼─ ring ─► shard 1 ─ ring ─┼─► merge in order ─► sink.consume
///     (a thread)   └─ ring ─► …  (one each)   ┘   (the calling thread)
///
/// Threads: built and run by one; `stop` from any thread or signal handler. Allocation: when built and when the
/// threads start, and for records longer than half an output ring; else none. Errors: the first failure of a
/// stage ends the run, comes out of `run` after all threads have ended, and the sink is flushed unless it was
/// the one that failed. Before a source's failure all that it gave comes out; a shard's or the sink's drops what
/// is under way.
template <class Source, class Shard, class Sink>
class threaded_executor {
 public:
  using ingress = detail::ingress;
  using output = detail::record_writer;
  static_assert(event_source<Source, ingress>, "the source must have bool poll(Ingress&)");
  static_assert(event_shard<Shard, output>, "a shard must have process(const event_header&, Out&) and finish(Out&)");
  static_assert(record_sink<Sink>, "the sink must have bool consume(const output_order&, span) and flush()");

  /// Requires: at least one shard; all outlive the executor. Errors: `error` for options out of range.
  threaded_executor(Source& source, std::vector<Shard*> shards, Sink& sink, const executor_options& options = {})
      : shards_(std::move(shards)),
        plan_(detail::plan_threads(checked(options), shards_.size(), machine::detect())),
        links_(options, shards_.size(), plan_.wait),
        in_(links_, options.event_bytes_max),
        source_(source, links_, in_, stop_),
        egress_(sink, links_),
        warnings_(plan_.places.warnings) {
    MILLRACE_CHECK(!shards_.empty(), "an executor has at least one shard");
    for (std::size_t i = 0; i < shards_.size(); ++i) {
      runners_.push_back(std::make_unique<runner>(*shards_[i], links_, *links_.shards[i]));
    }
  }

  /// Runs to the end of the input, to `stop`, or until the sink wants no more. Once an executor.
  run_report run() {
    const affinity_guard lent;
    detail::thread_set threads;
    try {
      start(threads);
      note(detail::settle("egress", plan_.egress()));
      egress_.run();
    } catch (...) {
      links_.control.fail(std::current_exception());
    }
    threads.join();
    egress_.finish();
    for (std::string& each : threads.warnings()) note(std::move(each));
    links_.control.rethrow();
    return report();
  }

  /// Ends the run after the source's present poll; what was taken in comes out first. May come before `run`.
  void stop() noexcept { stop_.raise(); }

  /// What the user should hear: complete after `run`, about placement and waiting before.
  [[nodiscard]] std::span<const std::string> warnings() const noexcept { return warnings_; }
  /// How the threads wait.
  [[nodiscard]] wait_strategy waits_by() const noexcept { return plan_.wait; }

 private:
  using runner = detail::shard_runner<Shard>;

  void start(detail::thread_set& threads) {
    for (std::size_t i = 0; i < runners_.size(); ++i) {
      threads.start("shard-" + std::to_string(i), plan_.shard(i), [this, i]() noexcept { run_shard(*runners_[i]); });
    }
    threads.start("source", plan_.source(), [this]() noexcept { source_.run(); });
  }

  void run_shard(runner& shard) noexcept {
    try {
      shard.run();
    } catch (...) {
      links_.control.fail(std::current_exception());
    }
  }

  void note(std::string warning) {
    if (!warning.empty()) warnings_.push_back(std::move(warning));
  }

  run_report report() const {
    run_report result;
    result.end = egress_.closed()        ? run_end::sink_closed
                 : source_.input_ended() ? run_end::input_ended
                                         : run_end::stopped;
    result.events_in = in_.events_in();
    result.input_full_waits = in_.full_waits();
    result.records_out = egress_.records_out();
    for (const auto& each : runners_) {
      result.processed.push_back(each->processed());
      result.output_full_waits += each->output().full_waits();
      result.records_split += each->output().records_split();
    }
    return result;
  }

  std::vector<Shard*> shards_;
  stop_flag stop_;
  detail::thread_plan plan_;
  detail::run_links links_;
  // Each written by one thread, on lines of its own.
  alignas(false_sharing_bytes) ingress in_;
  detail::source_runner<Source> source_;
  alignas(false_sharing_bytes) detail::egress_runner<Sink> egress_;
  alignas(false_sharing_bytes) std::vector<std::string> warnings_;
  std::vector<std::unique_ptr<runner>> runners_;
};

}  // namespace millrace
