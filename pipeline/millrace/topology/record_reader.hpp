#pragma once

#include <millrace/stage/idle_strategy.hpp>
#include <millrace/topology/shard_link.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <span>
#include <vector>

namespace millrace::detail {

/// The records of one shard as egress sees them: a head, or a promise about the next one.
///
/// Threads: egress. Allocation: as `record_writer`, for long records only.
class record_reader {
 public:
  record_reader(run_links& links, shard_link& link) : links_(&links), link_(&link), bell_(links.bell_of(link)) {}

  /// Looks for a head where there is none yet.
  void look() noexcept {
    if (head_ != nullptr) return;
    lowest_open_ = link_->lowest_open.load(std::memory_order_acquire);  // L2, pairs with L1; before the peek
    peek();
  }

  [[nodiscard]] bool has_head() const noexcept { return head_ != nullptr; }
  /// Requires: `has_head()`.
  [[nodiscard]] const output_order& order() const noexcept { return head_->order; }
  /// Where there is no head: every record still to come has this sequence or a higher one.
  [[nodiscard]] std::uint64_t lowest_open() const noexcept { return lowest_open_; }
  [[nodiscard]] bool ended() const noexcept { return head_ == nullptr && lowest_open_ == nothing_open; }

  /// The head's bytes; nothing when the run was aborted before all of them had come. Valid until `release`.
  [[nodiscard]] std::optional<std::span<const std::byte>> bytes(idle& idle) {
    if (head_->bytes_behind == 0) [[likely]]
      return payload_;
    return gather(idle);
  }

  /// Steps to the next record, if it is there.
  void release() noexcept {
    link_->output.release();
    peek();
  }

  /// Tells the shard that there is room.
  void ring() const noexcept { bell_.ring(); }

 private:
  void peek() noexcept {
    const auto message = link_->output.try_peek();
    head_ = message ? std::launder(reinterpret_cast<const record_head*>(message->data())) : nullptr;
    if (message) payload_ = message->subspan(sizeof(record_head));
  }

  std::optional<std::span<const std::byte>> gather(idle& idle);

  run_links* links_;
  shard_link* link_;
  doorbell bell_;
  const record_head* head_ = nullptr;
  std::span<const std::byte> payload_;
  std::uint64_t lowest_open_ = 0;
  std::vector<std::byte> gathered_;
};

}  // namespace millrace::detail
