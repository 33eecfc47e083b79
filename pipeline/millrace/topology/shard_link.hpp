#pragma once

#include <millrace/base/cache_line.hpp>
#include <millrace/ring/message_ring.hpp>
#include <millrace/ring/parker.hpp>
#include <millrace/ring/spsc_ring.hpp>
#include <millrace/stage/idle_strategy.hpp>
#include <millrace/stage/output_order.hpp>
#include <millrace/topology/executor_options.hpp>
#include <millrace/topology/run_control.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

namespace millrace::detail {

/// Value of `lowest_open` when nothing more comes.
inline constexpr std::uint64_t nothing_open = std::numeric_limits<std::uint64_t>::max();
static_assert(end_of_input_sequence < nothing_open, "records of the end are passed by the end itself");

/// What a shard's thread shares with the source's and with egress.
///
///     source ──► input ──► shard ──► output, lowest_open ──► egress
///
/// `lowest_open` is the shard's promise that every record still to come has that sequence or a higher one. It
/// is a word beside the ring and not a message in it: it needs no room, so a full ring cannot hold it back, and
/// a slow egress reads the newest one only.
///
///     shard:  publish records; store lowest_open  L1        egress:  load lowest_open  L2; peek
///
/// L1 pairs with L2: who has read the promise sees every record that was published before it, so a ring that is
/// empty after L2 will give nothing below the promise.
struct shard_link {
  shard_link(const executor_options& options, std::size_t slot_bytes)
      : input(options.ring_slots, slot_bytes), output(options.output_ring_bytes) {}

  spsc_ring<> input;
  message_ring<> output;
  parker shard_parker;  // the shard's thread, whether it waits for events or for room

  // Written by the shard.
  alignas(false_sharing_bytes) std::atomic<std::uint64_t> lowest_open{0};
};

/// All that the threads of one run share.
struct run_links {
  run_links(const executor_options& options, std::size_t shard_count, wait_strategy strategy) : wait(strategy) {
    const std::size_t slot_bytes =
        (options.event_bytes_max + cache_line_bytes - 1) / cache_line_bytes * cache_line_bytes;
    for (std::size_t i = 0; i < shard_count; ++i) {
      shards.push_back(std::make_unique<shard_link>(options, slot_bytes));
      control.add(shards.back()->shard_parker);
    }
    control.add(source_parker);
    control.add(egress_parker);
  }

  [[nodiscard]] doorbell source_bell() noexcept { return {wait, source_parker}; }
  [[nodiscard]] doorbell egress_bell() noexcept { return {wait, egress_parker}; }
  [[nodiscard]] doorbell bell_of(shard_link& shard) const noexcept { return {wait, shard.shard_parker}; }

  wait_strategy wait;
  std::vector<std::unique_ptr<shard_link>> shards;
  parker source_parker;
  parker egress_parker;
  run_control control;
};

/// In front of a record's bytes in a shard's output ring. A record longer than a message goes in several, each
/// with this head.
struct record_head {
  output_order order;
  std::uint64_t bytes_behind = 0;  ///< of the record, in the messages after this one
};

static_assert(sizeof(record_head) % 8 == 0, "a record's bytes are 8-byte aligned behind its head");

}  // namespace millrace::detail
