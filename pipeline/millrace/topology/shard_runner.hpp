#pragma once

#include <millrace/event/event_header.hpp>
#include <millrace/stage/idle_strategy.hpp>
#include <millrace/stage/progress_mark.hpp>
#include <millrace/topology/record_writer.hpp>
#include <millrace/topology/shard_link.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>

namespace millrace::detail {

/// A shard that wants to see the events that come next, before it gets each in its turn.
template <class Shard>
concept looks_ahead = requires(Shard& shard, std::span<const event_header* const> next) {
  shard.look_ahead(next);
};

/// Duty cycle of a shard's thread: takes events from its ring, processes them, and says how far it is.
///
/// Threads: the shard's.
template <class Shard>
class alignas(false_sharing_bytes) shard_runner {
 public:
  shard_runner(Shard& shard, run_links& links, shard_link& link)
      : shard_(shard),
        links_(links),
        link_(link),
        out_(links, link),
        idle_(links.wait, link.shard_parker),
        source_bell_(links.source_bell()),
        egress_bell_(links.egress_bell()) {}

  /// Returns at the end of the shard's input or when the run is aborted. Errors: those of the shard.
  void run() {
    while (open_ != nothing_open && !links_.control.aborted()) {
      if (run_batch() == 0) {
        idle_.until([&] { return link_.input.try_peek() != nullptr || links_.control.aborted(); });
      }
    }
  }

  [[nodiscard]] std::uint64_t processed() const noexcept { return processed_; }
  [[nodiscard]] const record_writer& output() const noexcept { return out_; }

 private:
  static constexpr std::size_t batch_max = 64;
  static constexpr std::size_t look_ahead_max = 64;

  // A slot is released before the next event begins, and not at the end of the batch: see `ingress`, point 4.
  std::size_t run_batch() {
    std::size_t count = 0;
    while (count < batch_max && open_ != nothing_open) {
      const std::size_t ready = link_.input.available(look_ahead_max);
      if (ready == 0) break;
      if constexpr (looks_ahead<Shard>) look_ahead(ready);
      for (std::size_t i = 0; i < ready && open_ != nothing_open; ++i, ++count) {
        take(header_at(0));
        link_.input.release();
      }
    }
    if (count != 0) tell();
    return count;
  }

  [[nodiscard]] const event_header& header_at(std::size_t index) noexcept {
    return *std::launder(reinterpret_cast<const event_header*>(link_.input.peek(index)));
  }

  void look_ahead(std::size_t ready) noexcept {
    std::array<const event_header*, look_ahead_max> next;
    std::size_t count = 0;
    for (std::size_t i = 0; i < ready; ++i) {
      next[count] = &header_at(i);
      if (next[count]->type < time_mark) ++count;
    }
    shard_.look_ahead(std::span<const event_header* const>(next.data(), count));
  }

  void take(const event_header& header) {
    if (header.type < reserved_type_min) [[likely]] {
      shard_.process(header, out_);
      ++processed_;
      open_ = header.sequence + 1;
    } else {
      if (header.type == end_mark) shard_.finish(out_);
      open_ = header.sequence;
    }
  }

  void tell() noexcept {
    link_.lowest_open.store(open_, std::memory_order_release);  // L1, pairs with L2
    egress_bell_.ring();
    source_bell_.ring();
  }

  Shard& shard_;
  run_links& links_;
  shard_link& link_;
  record_writer out_;
  idle idle_;
  doorbell source_bell_;
  doorbell egress_bell_;
  std::uint64_t open_ = 0;  // lowest sequence that a later record may have
  std::uint64_t processed_ = 0;
};

}  // namespace millrace::detail
