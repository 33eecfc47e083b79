#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <millrace/base/cache_line.hpp>
#include <millrace/base/check.hpp>
#include <millrace/base/error.hpp>
#include <millrace/pool/reservation.hpp>
#include <millrace/ring/std_atomics.hpp>
#include <optional>
#include <span>

namespace millrace {

/// Hands messages of any length, written and read in place, from one thread to one other, in one
/// power-of-two byte buffer. A record is an 8-byte header (the payload's length) and the payload, padded to 8
/// bytes; one that would cross the buffer's end is put at its start, behind a padding record. Counters,
/// private lines and orderings are those of `spsc_ring`.
///
///     | len 5 | payload.. | len 12 | payload...... | padding .. (end)
///
/// Threads: one producer calls `try_claim`, `publish`; one consumer `try_peek`, `advance`, `release`.
/// Progress: wait-free. Allocation: in the constructor only. Complexity: O(1).
/// Errors: the constructor throws `millrace::error` for sizes it cannot take.
template <class Atomics = std_atomics>
class message_ring {
 public:
  /// `capacity_bytes`: a power of two from 64 to 2^31. `first_position`: a multiple of 8, where the counters
  /// start; tests use it to cross their wraps.
  explicit message_ring(std::size_t capacity_bytes, std::uint64_t first_position = 0)
      : mask_(checked(capacity_bytes, first_position) - 1),
        memory_(capacity_bytes, cache_line_bytes, memory_content::undefined),
        producer_{first_position, first_position},
        tail_{first_position},
        consumer_{first_position, first_position, 0},
        head_{first_position} {}

  message_ring(const message_ring&) = delete;
  message_ring& operator=(const message_ring&) = delete;

  /// The longest message: a record of half the buffer fits an empty ring wherever its position stands.
  [[nodiscard]] std::size_t message_bytes_max() const noexcept { return capacity() / 2 - header_bytes; }

  [[nodiscard]] std::size_t capacity() const noexcept { return mask_ + 1; }

  /// Room for a message of `bytes` behind those claimed before, aligned to 8; null when there is none now, or
  /// when `bytes` exceeds `message_bytes_max()`. A claim cannot be taken back; a batch that fills the ring must be
  /// published before more room can come.
  [[nodiscard]] std::byte* try_claim(std::size_t bytes) noexcept {
    if (bytes > message_bytes_max()) return nullptr;
    const std::size_t record = record_bytes(bytes);
    const std::size_t to_end = capacity() - offset(producer_.next);
    const std::size_t padding = record > to_end ? to_end : 0;
    if (!has_room(padding + record)) return nullptr;
    if (padding != 0) write_header(producer_.next, padding_mark);
    producer_.next += padding;
    write_header(producer_.next, bytes);
    std::byte* const payload = at(producer_.next) + header_bytes;
    producer_.next += record;
    return payload;
  }

  /// Hands over every message claimed so far.
  void publish() noexcept { tail_.value.store(producer_.next, Atomics::template release<"P2">); }  // pairs with C1

  /// The next message, the same one until `advance` or `release`; nothing when the ring is empty.
  [[nodiscard]] std::optional<std::span<const std::byte>> try_peek() noexcept {
    if (consumer_.next == consumer_.tail_seen) {
      consumer_.tail_seen = tail_.value.load(Atomics::template acquire<"C1">);  // pairs with P2
      if (consumer_.next == consumer_.tail_seen) return std::nullopt;
    }
    std::uint64_t bytes = read_header(consumer_.next);
    if (bytes == padding_mark) {
      consumer_.next += capacity() - offset(consumer_.next);
      bytes = read_header(consumer_.next);
    }
    consumer_.peeked = record_bytes(bytes);
    return std::span<const std::byte>(at(consumer_.next) + header_bytes, bytes);
  }

  /// Steps over the peeked message without giving its room back yet, so that a batch is released at once.
  void advance() noexcept {
    consumer_.next += consumer_.peeked;
    consumer_.peeked = 0;
  }

  /// Gives back the room of every message up to the peeked one, that one too.
  void release() noexcept {
    advance();
    head_.value.store(consumer_.next, Atomics::template release<"C2">);  // pairs with P1
  }

 private:
  static constexpr std::size_t header_bytes = 8;
  static constexpr std::uint64_t padding_mark = ~std::uint64_t{0};

  static std::size_t checked(std::size_t capacity, std::uint64_t first_position) {
    if (capacity < 64 || capacity > (std::size_t{1} << 31) || !std::has_single_bit(capacity)) {
      throw error("a message ring's capacity is a power of two from 64 bytes to 2 GiB");
    }
    if (first_position % header_bytes != 0) throw error("a message ring's first position is a multiple of 8");
    return capacity;
  }

  static constexpr std::size_t record_bytes(std::size_t payload) noexcept {
    return header_bytes + (payload + header_bytes - 1) / header_bytes * header_bytes;
  }
  [[nodiscard]] std::size_t offset(std::uint64_t position) const noexcept { return position & mask_; }
  [[nodiscard]] std::byte* at(std::uint64_t position) const noexcept { return memory_.data() + offset(position); }
  void write_header(std::uint64_t position, std::uint64_t value) noexcept { Atomics::write_word(at(position), value); }
  [[nodiscard]] std::uint64_t read_header(std::uint64_t position) const noexcept {
    return Atomics::read_word(at(position));
  }

  [[nodiscard]] bool has_room(std::size_t bytes) noexcept {
    if (capacity() - (producer_.next - producer_.head_seen) >= bytes) return true;
    producer_.head_seen = head_.value.load(Atomics::template acquire<"P1">);  // pairs with C2
    return capacity() - (producer_.next - producer_.head_seen) >= bytes;
  }

  // Written by nobody after construction.
  std::size_t mask_;
  reservation memory_;

  // Written and read by the producer alone.
  struct alignas(false_sharing_bytes) {
    std::uint64_t next;
    std::uint64_t head_seen;
  } producer_;

  // Written by the producer, polled by the consumer.
  struct alignas(false_sharing_bytes) {
    typename Atomics::template atomic<std::uint64_t> value;
  } tail_;

  // Written and read by the consumer alone.
  struct alignas(false_sharing_bytes) {
    std::uint64_t next;
    std::uint64_t tail_seen;
    std::size_t peeked;
  } consumer_;

  // Written by the consumer, polled by the producer.
  struct alignas(false_sharing_bytes) {
    typename Atomics::template atomic<std::uint64_t> value;
  } head_;
};

}  // namespace millrace
