#pragma once

#include <millrace/feed/swar.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::feed {

/// Finds field names among the few that a feed's layouts know: open addressing at most a quarter full, keyed
/// by the length and the first and last eight bytes, so that nearly every look-up is one probe.
///
/// Threads: immutable once built. Allocation: when built only.
class name_table {
 public:
  static constexpr std::uint32_t unknown = ~std::uint32_t{0};

  /// Slot i of the table is `names[i]`. Requires: no name occurs twice.
  explicit name_table(const std::vector<std::string>& names);

  /// The slot of the name of `bytes` bytes at `at`, or `unknown`. Requires: eight readable bytes behind it.
  [[nodiscard]] std::uint32_t find(const char* at, std::size_t bytes) const noexcept {
    const std::uint64_t head = head_of(at, bytes);
    for (std::size_t i = place(head, at, bytes);; ++i) {
      const entry& e = entries_[i & mask_];
      if (e.slot == unknown) return unknown;
      if (e.head == head && e.bytes == bytes && (bytes <= 8 || std::memcmp(e.text.data() + 8, at + 8, bytes - 8) == 0))
        return e.slot;
    }
  }

  /// The JSON string behind the quote at `at - 1` is the name of that slot, written without escapes, closing
  /// quote included. Requires: as `find`.
  [[nodiscard]] bool is_quoted(std::uint32_t slot, const char* at) const noexcept {
    const quoted& q = quoted_[slot];
    return ((swar::load(at) ^ q.head) & q.mask) == 0 &&
           (q.bytes <= 8 || std::memcmp(q.text.data() + 8, at + 8, q.bytes - 8) == 0);
  }

 private:
  struct quoted {
    std::uint64_t head = 0;
    std::uint64_t mask = 0;
    std::size_t bytes = 0;
    std::string text;
  };
  struct entry {
    std::uint64_t head = 0;
    std::size_t bytes = 0;
    std::uint32_t slot = unknown;
    std::string text;
  };

  static std::uint64_t head_of(const char* at, std::size_t bytes) noexcept {
    const std::uint64_t word = swar::load(at);
    return bytes >= 8 ? word : word & ((std::uint64_t{1} << (8 * bytes)) - 1);
  }
  [[nodiscard]] std::size_t place(std::uint64_t head, const char* at, std::size_t bytes) const noexcept {
    const std::uint64_t tail = bytes > 8 ? swar::load(at + bytes - 8) : 0;
    return static_cast<std::size_t>(((head ^ (tail >> 7) ^ bytes) * 0x9e3779b97f4a7c15ULL) >> shift_);
  }

  std::vector<entry> entries_;
  std::vector<quoted> quoted_;
  std::size_t mask_ = 0;
  unsigned shift_ = 0;
};

}  // namespace millrace::feed
