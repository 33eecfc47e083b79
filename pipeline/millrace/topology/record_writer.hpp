#pragma once

#include <millrace/base/check.hpp>
#include <millrace/stage/idle_strategy.hpp>
#include <millrace/topology/shard_link.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace millrace::detail {

/// Output of a shard that runs in a thread of its own: records go to egress over a ring, in place. See
/// `record_output`.
///
/// Threads: the shard's. Progress: blocks while the ring is full. Allocation: for a record that is longer than a
/// message of the ring, until the buffer for those has grown to the longest.
class record_writer {
 public:
  record_writer(run_links& links, shard_link& link);

  std::byte* claim(const output_order& order, std::size_t bytes) {
    MILLRACE_ASSERT(order >= last_);
    last_ = order;
    if (bytes <= record_bytes_max_) [[likely]] {
      if (std::byte* const record = claim_message({.order = order}, bytes); record != nullptr) [[likely]]
        return record;
    }
    return claim_long(bytes);
  }

  void publish() {
    if (!long_claimed_) [[likely]] {
      link_.output.publish();
    } else {
      publish_long();
    }
  }

  [[nodiscard]] std::uint64_t full_waits() const noexcept { return full_waits_; }
  [[nodiscard]] std::uint64_t records_split() const noexcept { return records_split_; }

 private:
  /// Nothing only when the run is aborted.
  std::byte* claim_message(const record_head& head, std::size_t bytes) {
    std::byte* message = link_.output.try_claim(sizeof head + bytes);
    if (message == nullptr) [[unlikely]]
      message = wait_for_room(sizeof head + bytes);
    if (message == nullptr) [[unlikely]]
      return nullptr;
    ::new (message) record_head(head);
    return message + sizeof head;
  }

  std::byte* wait_for_room(std::size_t message_bytes);
  std::byte* claim_long(std::size_t bytes);
  void publish_long();

  run_links& links_;
  shard_link& link_;
  doorbell source_bell_;
  doorbell egress_bell_;
  idle idle_;
  std::size_t record_bytes_max_;
  output_order last_{};
  bool long_claimed_ = false;
  std::size_t long_bytes_ = 0;
  std::vector<std::uint64_t> long_record_;
  std::uint64_t full_waits_ = 0;
  std::uint64_t records_split_ = 0;
};

}  // namespace millrace::detail
