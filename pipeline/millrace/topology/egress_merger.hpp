#pragma once

#include <millrace/stage/idle_strategy.hpp>
#include <millrace/stage/output_order.hpp>
#include <millrace/topology/record_reader.hpp>
#include <millrace/topology/shard_link.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::detail {

/// Merges the shards' records in output order: one goes out when every other shard has a later head, or has
/// promised that nothing of its sequence or below is still to come.
///
/// Threads: egress. Complexity: linear in the number of shards for each run of records of one shard.
class egress_merger {
 public:
  explicit egress_merger(run_links& links) {
    for (const auto& link : links.shards) lanes_.emplace_back(links, *link);
  }

  /// Gives records of one shard, as many as may go now up to a limit, to the sink. Returns how many.
  /// Errors: those of the sink.
  template <class Sink>
  std::size_t pass(Sink& sink, idle& idle) {
    look();
    if (earliest_ == nullptr) return 0;
    std::size_t count = 0;
    while (count < run_max && earliest_->has_head() && may_go(*earliest_)) {
      const auto bytes = earliest_->bytes(idle);
      if (!bytes) break;
      closed_ = !sink.consume(earliest_->order(), *bytes);
      ++count;
      earliest_->release();
      if (closed_) break;
    }
    if (count != 0) earliest_->ring();
    return count;
  }

  /// The sink wants no more.
  [[nodiscard]] bool closed() const noexcept { return closed_; }

  /// Every shard has ended and all of its records are out. Requires: the last pass gave nothing.
  [[nodiscard]] bool ended() const noexcept {
    return std::all_of(lanes_.begin(), lanes_.end(), [](const record_reader& each) { return each.ended(); });
  }

 private:
  // The other shards wait for room while one's run goes out.
  static constexpr std::size_t run_max = 64;

  // Equal records of two shards go by shard number, which is the order of lanes_.
  static bool earlier(const record_reader& a, const record_reader& b) noexcept {
    const auto order = a.order() <=> b.order();
    return order != 0 ? order < 0 : &a < &b;
  }

  void look() noexcept {
    earliest_ = runner_up_ = nullptr;
    open_min_ = nothing_open;
    for (record_reader& each : lanes_) {
      each.look();
      if (!each.has_head()) {
        open_min_ = std::min(open_min_, each.lowest_open());
      } else if (earliest_ == nullptr || earlier(each, *earliest_)) {
        runner_up_ = earliest_;
        earliest_ = &each;
      } else if (runner_up_ == nullptr || earlier(each, *runner_up_)) {
        runner_up_ = &each;
      }
    }
  }

  [[nodiscard]] bool may_go(const record_reader& lane) const noexcept {
    if (lane.order().sequence >= open_min_) return false;
    return runner_up_ == nullptr || earlier(lane, *runner_up_);
  }

  std::vector<record_reader> lanes_;
  record_reader* earliest_ = nullptr;
  record_reader* runner_up_ = nullptr;
  std::uint64_t open_min_ = 0;  // of the shards without a head
  bool closed_ = false;
};

}  // namespace millrace::detail
