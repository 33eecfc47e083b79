#pragma once

#include <millrace/stage/idle_strategy.hpp>
#include <millrace/stage/progress_mark.hpp>
#include <millrace/topology/ingress.hpp>
#include <millrace/topology/shard_link.hpp>
#include <millrace/topology/stop_flag.hpp>

#include <cstdint>
#include <exception>

namespace millrace::detail {

/// Duty cycle of the source's thread.
///
/// A source that fails counts as stopped: what it gave before comes out, and then its failure does.
template <class Source>
class source_runner {
 public:
  source_runner(Source& source, run_links& links, ingress& in, const stop_flag& stop)
      : source_(source), links_(links), in_(in), stop_(stop), idle_(links.wait) {}

  void run() noexcept {
    try {
      poll_all();
    } catch (...) {
      links_.control.note(std::current_exception());
    }
    in_.end(input_ended_ ? end_mark : stop_mark);
  }

  /// The source had no more to give. Requires: `run` has returned.
  [[nodiscard]] bool input_ended() const noexcept { return input_ended_; }

 private:
  void poll_all() {
    while (!input_ended_ && !stop_.raised() && !links_.control.aborted()) {
      const std::uint64_t before = in_.published();
      input_ended_ = !source_.poll(in_);
      const std::uint64_t work = in_.published() - before;
      // Under load the shards' own events tell how far the input is; without it nothing else would.
      if (work == 0) in_.flush();
      idle_.after(work);
    }
  }

  Source& source_;
  run_links& links_;
  ingress& in_;
  const stop_flag& stop_;
  source_idle idle_;
  bool input_ended_ = false;
};

}  // namespace millrace::detail
