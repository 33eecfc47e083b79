#pragma once

#include <millrace/base/cache_line.hpp>
#include <millrace/base/check.hpp>
#include <millrace/event/event_header.hpp>
#include <millrace/pool/reservation.hpp>
#include <millrace/stage/progress_mark.hpp>
#include <millrace/topology/inline_output.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace millrace::detail {

/// Ingress that hands an event to its shard by a call. See `event_ingress`.
template <class Shard, class Sink>
class inline_ingress {
 public:
  inline_ingress(const std::vector<Shard*>& shards, inline_output<Sink>& out, std::size_t event_bytes_max)
      : shards_(shards),
        out_(out),
        slot_(event_bytes_max, cache_line_bytes, memory_content::zero),
        processed_(shards.size()) {}

  [[nodiscard]] unsigned shards() const noexcept { return static_cast<unsigned>(shards_.size()); }

  event_header& claim([[maybe_unused]] unsigned shard) noexcept {
    MILLRACE_ASSERT(shard < shards());
    return *::new (slot_.data()) event_header{};
  }

  void publish(unsigned shard) {
    const auto& event = *std::launder(reinterpret_cast<const event_header*>(slot_.data()));
    MILLRACE_ASSERT(event.type < reserved_type_min && event.sequence < end_of_input_sequence);
    if (out_.closed()) return;
    begin(event.sequence);
    out_.set_shard(shard);
    shards_[shard]->process(event, out_);
    ++processed_[shard];
    ++published_;
  }

  void flush() { out_.flush(); }

  /// Events that came in since the run began, and how many each shard got.
  [[nodiscard]] std::uint64_t events_in() const noexcept { return events_in_; }
  [[nodiscard]] const std::vector<std::uint64_t>& processed() const noexcept { return processed_; }
  /// Slots published: differs from one poll to the next where the poll gave something.
  [[nodiscard]] std::uint64_t published() const noexcept { return published_; }

 private:
  // Records of the event before can only come out once all its copies have been with their shards.
  void begin(std::uint64_t sequence) {
    if (events_in_ != 0 && sequence == sequence_) return;
    MILLRACE_ASSERT(events_in_ == 0 || sequence > sequence_);
    out_.drain();
    sequence_ = sequence;
    ++events_in_;
  }

  const std::vector<Shard*>& shards_;
  inline_output<Sink>& out_;
  reservation slot_;
  std::uint64_t sequence_ = 0;
  std::uint64_t events_in_ = 0;
  std::uint64_t published_ = 0;
  std::vector<std::uint64_t> processed_;
};

}  // namespace millrace::detail
