#pragma once

#include <millrace/stage/idle_strategy.hpp>
#include <millrace/topology/egress_merger.hpp>
#include <millrace/topology/shard_link.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>

namespace millrace::detail {

/// Duty cycle of the thread that merges and feeds the sink.
template <class Sink>
class egress_runner {
 public:
  egress_runner(Sink& sink, run_links& links)
      : sink_(sink), links_(links), merger_(links), idle_(links.wait, links.egress_parker) {}

  /// Returns when all is out, when the sink wants no more, or when the run is aborted; the last two abort it.
  void run() noexcept {
    try {
      merge_all();
    } catch (...) {
      failed_ = true;
      links_.control.fail(std::current_exception());
    }
    if (merger_.closed()) links_.control.abort();
  }

  /// Flushes what the sink took, except after a failure of its own.
  void finish() noexcept {
    if (failed_) return;
    try {
      flush();
    } catch (...) {
      links_.control.note(std::current_exception());
    }
  }

  [[nodiscard]] bool closed() const noexcept { return merger_.closed(); }
  [[nodiscard]] std::uint64_t records_out() const noexcept { return records_out_; }

 private:
  void merge_all() {
    while (!merger_.closed() && !links_.control.aborted()) {
      const std::size_t count = merger_.pass(sink_, idle_);
      records_out_ += count;
      unflushed_ |= count != 0;
      if (count == 0) {
        if (merger_.ended()) return;
        flush();
      }
      idle_.after(count);
    }
  }

  void flush() {
    if (!unflushed_) return;
    unflushed_ = false;
    sink_.flush();
  }

  Sink& sink_;
  run_links& links_;
  egress_merger merger_;
  idle idle_;
  std::uint64_t records_out_ = 0;
  bool unflushed_ = false;
  bool failed_ = false;
};

}  // namespace millrace::detail
