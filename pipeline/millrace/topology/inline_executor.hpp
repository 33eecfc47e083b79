#pragma once

#include <millrace/base/check.hpp>
#include <millrace/base/error.hpp>
#include <millrace/stage/idle_strategy.hpp>
#include <millrace/topology/executor_options.hpp>
#include <millrace/topology/inline_ingress.hpp>
#include <millrace/topology/inline_output.hpp>
#include <millrace/topology/run_report.hpp>
#include <millrace/topology/stages.hpp>
#include <millrace/topology/stop_flag.hpp>

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace millrace {

/// Runs a source, its shards and a sink in the calling thread, by calls and without rings. The output is byte
/// for byte that of `threaded_executor` with the same objects.
///
///     source.poll ─► shard.process ─► (in order) ─► sink.consume
///
/// Threads: built and run by one; `stop` from any thread or signal handler. Allocation: when built, and until
/// buffers have grown to the largest output of one event. Errors: what the stages throw comes out of `run`
/// after the sink was flushed.
template <class Source, class Shard, class Sink>
class inline_executor {
 public:
  using ingress = detail::inline_ingress<Shard, Sink>;
  using output = detail::inline_output<Sink>;
  static_assert(event_source<Source, ingress>, "the source must have bool poll(Ingress&)");
  static_assert(event_shard<Shard, output>, "a shard must have process(const event_header&, Out&) and finish(Out&)");
  static_assert(record_sink<Sink>, "the sink must have bool consume(const output_order&, span) and flush()");

  /// Requires: at least one shard; all outlive the executor. Errors: `error` for options out of range.
  inline_executor(Source& source, std::vector<Shard*> shards, Sink& sink, const executor_options& options = {})
      : source_(source),
        shards_(std::move(shards)),
        sink_(sink),
        out_(sink, static_cast<unsigned>(shards_.size())),
        in_(shards_, out_, checked(options).event_bytes_max),
        idle_(options.wait.value_or(wait_strategy::backoff)) {
    MILLRACE_CHECK(!shards_.empty(), "an executor has at least one shard");
  }

  /// Runs to the end of the input, to `stop`, or until the sink wants no more. Once an executor.
  run_report run() {
    try {
      return report(cycle());
    } catch (...) {
      flush_after_failure();
      throw;
    }
  }

  /// Ends the run after the present poll. May come before `run`.
  void stop() noexcept { stop_.raise(); }

  [[nodiscard]] std::span<const std::string> warnings() const noexcept { return {}; }

 private:
  run_end cycle() {
    bool more = true;
    while (more && !stop_.raised() && !out_.closed()) {
      const std::uint64_t before = in_.published();
      more = source_.poll(in_);
      const std::uint64_t work = in_.published() - before;
      if (work == 0) out_.flush();
      idle_.after(work);
    }
    if (!more && !out_.closed()) finish();
    out_.flush();
    if (out_.closed()) return run_end::sink_closed;
    return more ? run_end::stopped : run_end::input_ended;
  }

  void finish() {
    out_.drain();
    for (unsigned i = 0; i < shards_.size(); ++i) {
      out_.set_shard(i);
      shards_[i]->finish(out_);
    }
  }

  // What came out before a failure shall be seen; a second failure says nothing new.
  void flush_after_failure() noexcept {
    try {
      out_.flush();
    } catch (...) {
    }
  }

  run_report report(run_end end) const {
    run_report result;
    result.end = end;
    result.events_in = in_.events_in();
    result.processed = in_.processed();
    result.records_out = out_.records_out();
    return result;
  }

  Source& source_;
  std::vector<Shard*> shards_;
  Sink& sink_;
  output out_;
  ingress in_;
  source_idle idle_;
  stop_flag stop_;
};

}  // namespace millrace
