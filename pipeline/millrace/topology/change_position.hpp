#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <optional>

namespace millrace {

/// Where a change of patterns came into force.
/// Threads: set by the source's, read by any. Progress: wait-free.
class change_position {
 public:
  void set(std::uint64_t before) noexcept { before_.store(before, std::memory_order_release); }  // W1, pairs with W2

  /// How many events, or records of a feed, the source gave before: the next is the first that the new patterns see.
  /// Nothing while the change is on its way, and for good where the run ended first.
  [[nodiscard]] std::optional<std::uint64_t> value() const noexcept {
    const std::uint64_t known = before_.load(std::memory_order_acquire);  // W2, pairs with W1
    return known == on_its_way ? std::nullopt : std::optional(known);
  }

 private:
  static constexpr std::uint64_t on_its_way = std::numeric_limits<std::uint64_t>::max();
  std::atomic<std::uint64_t> before_{on_its_way};
};

}  // namespace millrace
