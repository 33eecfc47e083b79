#pragma once

#include <millrace/base/check.hpp>
#include <millrace/event/event_header.hpp>
#include <millrace/pool/reservation.hpp>
#include <millrace/stage/idle_strategy.hpp>
#include <millrace/stage/progress_mark.hpp>
#include <millrace/topology/shard_link.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace millrace::detail {

/// Hands events to shards over their rings, and tells shards that get none how far the input has gone. See
/// `event_ingress`.
///
/// Why bounded rings and an ordered merge cannot block each other. Suppose that no thread can move.
///  1. Egress waits for a shard B whose output ring is empty and whose promise is not above the earliest head m.
///     (If no ring had a head, no shard would wait for room, so all input would be consumed.)
///  2. An empty output ring takes any message, so B waits for input, and has seen all that it was sent.
///  3. The source waits for a slot of a shard X. (Elsewhere it moves; before it idles it tells every shard that
///     all it has published is complete, and then B's promise is above m.)
///  4. X does not take events, so it waits for output room inside the processing of an event e. A shard releases
///     every slot before it begins the next, so e's is the oldest that X holds, and as a ring has two slots at
///     least, something was put in behind it: a later event, or a mark. A mark goes only to a shard that does not
///     know what it says, so one behind e tells of an event later than e. Either way e < s, the last event that
///     the source has published.
///  5. X has a head, emitted at or before e: so m <= e < s.
///  6. While it waits, the source offers every shard the mark "all below s is complete" (`tell_others`); B, with
///     room, has got it, so its promise is at least s, which is above m. That contradicts 1. A source that waits in
///     `flush` or `end` has told B even more.
/// Nothing needs to be buffered without bound, and no output ring need hold more than one message.
///
/// Threads: the source's. Allocation: when built.
class ingress {
 public:
  ingress(run_links& links, std::size_t event_bytes_max);

  [[nodiscard]] unsigned shards() const noexcept { return static_cast<unsigned>(lanes_.size()); }

  event_header& claim(unsigned shard) {
    MILLRACE_ASSERT(shard < shards());
    lane& to = lanes_[shard];
    std::byte* slot = to.link->input.try_claim();
    if (slot == nullptr) [[unlikely]]
      slot = wait_for_slot(to);
    claimed_ = ::new (slot) event_header{};
    return *claimed_;
  }

  void publish(unsigned shard) {
    MILLRACE_ASSERT(claimed_->type < reserved_type_min && claimed_->sequence < end_of_input_sequence);
    if (!aborted_) [[likely]]
      hand_over(lanes_[shard], claimed_->sequence);
  }

  void flush();

  /// Ends the input of every shard. Requires: `mark` is `end_mark` or `stop_mark`.
  void end(event_type mark);

  /// Slots published so far; how many events they were; how often a ring was full.
  [[nodiscard]] std::uint64_t published() const noexcept { return published_; }
  [[nodiscard]] std::uint64_t events_in() const noexcept { return events_in_; }
  [[nodiscard]] std::uint64_t full_waits() const noexcept { return full_waits_; }

 private:
  struct lane {
    shard_link* link;
    doorbell bell;
    std::uint64_t told = 0;     // lowest sequence that may still come, as far as the shard has been told
    std::uint64_t told_at = 0;  // value of published_ then
  };

  // Slots published elsewhere after which a shard is told: bounds how late a merge can be under load.
  static constexpr std::uint64_t mark_interval = 64;

  void hand_over(lane& to, std::uint64_t sequence) {
    MILLRACE_ASSERT(sequence >= to.told);
    to.link->input.publish();
    to.bell.ring();
    if (events_in_ == 0 || sequence != last_sequence_) begin_event(sequence);
    to.told = sequence + 1;
    to.told_at = ++published_;
    if (published_ % mark_interval == 0) [[unlikely]]
      tell_stale();
  }

  // What came before is complete; this event may have further copies.
  void begin_event(std::uint64_t sequence) {
    MILLRACE_ASSERT(events_in_ == 0 || sequence > last_sequence_);
    last_sequence_ = complete_ = sequence;
    ++events_in_;
  }

  std::byte* wait_for_slot(lane& full);
  bool try_tell(lane& to, event_type mark, std::uint64_t open);
  bool tell_others(const lane* but, event_type mark, std::uint64_t open);
  void tell_all(event_type mark, std::uint64_t open);
  void tell_stale();

  run_links& links_;
  std::vector<lane> lanes_;
  idle idle_;
  event_header* claimed_ = nullptr;
  std::uint64_t last_sequence_ = 0;
  std::uint64_t complete_ = 0;  // every event below is with all its shards
  std::uint64_t published_ = 0;
  std::uint64_t events_in_ = 0;
  std::uint64_t full_waits_ = 0;
  bool aborted_ = false;
  reservation scratch_;  // stands in for a slot once the run is aborted
};

}  // namespace millrace::detail
