#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <millrace/base/cache_line.hpp>
#include <millrace/base/error.hpp>
#include <millrace/base/prefetch.hpp>
#include <millrace/pool/reservation.hpp>
#include <millrace/ring/std_atomics.hpp>
#include <new>

namespace millrace {

/// The slots of an event ring as one of its threads sees them: a copy of where they lie and how large they are, so
/// that nobody reads a line that others write. A slot's first 8-byte word is the sequence that was last published in
/// it.
template <class Atomics>
class event_slots {
 public:
  /// `count`: a power of two, at least 2. `bytes`: 16, 32 or a multiple of 64.
  /// Errors: throws `millrace::error` for sizes that it cannot take.
  static reservation reserve(std::size_t count, std::size_t bytes) {
    if (count < 2 || !std::has_single_bit(count)) throw error("a ring's slot count is a power of two, at least 2");
    if (bytes != 16 && bytes != 32 && (bytes == 0 || bytes % cache_line_bytes != 0)) {
      throw error("an event ring's slot is 16 or 32 bytes or a multiple of 64");
    }
    return reservation::for_items(count, bytes, cache_line_bytes, memory_content::undefined);
  }

  event_slots(std::byte* memory, std::size_t count, std::size_t bytes) noexcept
      : memory_(memory), mask_(count - 1), bytes_(bytes) {}

  [[nodiscard]] std::size_t count() const noexcept { return static_cast<std::size_t>(mask_ + 1); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::byte* at(std::uint64_t sequence) const noexcept { return memory_ + (sequence & mask_) * bytes_; }

  /// Makes each slot look as if it had been written a lap before `first_sequence`.
  void empty(std::uint64_t first_sequence) const noexcept {
    for (std::uint64_t i = 0; i <= mask_; ++i) {
      const std::uint64_t sequence = first_sequence + i;
      ::new (at(sequence)) std::uint64_t(sequence - mask_ - 1);
    }
  }

  [[nodiscard]] auto word(std::uint64_t sequence) const noexcept {
    return typename Atomics::template atomic_ref<std::uint64_t>(
        *std::launder(reinterpret_cast<std::uint64_t*>(at(sequence))));
  }

  /// How many slots lie in so many lines; at least 1.
  [[nodiscard]] std::uint64_t slots_in(std::uint64_t lines) const noexcept {
    return std::max<std::uint64_t>(lines * cache_line_bytes / bytes_, 1);
  }

  /// Starts to fetch the slot's lines to write to them, once a line.
  void fetch_to_write(std::uint64_t sequence) const noexcept {
    for_each_line(sequence, [](std::byte* line) { prefetch_line_for_write(line); });
  }
  /// The same to read them.
  void fetch_to_read(std::uint64_t sequence) const noexcept {
    for_each_line(sequence, [](const std::byte* line) { prefetch_line(line); });
  }

 private:
  template <class Fetch>
  void for_each_line(std::uint64_t sequence, Fetch fetch) const noexcept {
    std::byte* const slot = at(sequence);
    if (reinterpret_cast<std::uintptr_t>(slot) % cache_line_bytes != 0) return;
    for (std::size_t line = 0; line < bytes_; line += cache_line_bytes) fetch(slot + line);
  }

  std::byte* memory_;
  std::uint64_t mask_;
  std::size_t bytes_;
};

}  // namespace millrace
