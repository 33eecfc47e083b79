#pragma once

#include <millrace/pool/slab_pool.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace millrace::cep {

/// Numbers with a handle each, all of which are forgotten at one go: what a matcher has made already for the partial
/// matches of one start. Open addressing with linear probing, at most half full.
///
/// Threads: one owner. Allocation: until it has grown to the most numbers between two `forget`. Complexity: O(1)
/// expected, also for `forget`.
class seen_set {
 public:
  /// `null_handle` when the number is not there.
  [[nodiscard]] std::uint32_t find(std::uint64_t number) const noexcept {
    if (entries_.empty()) return null_handle;
    const entry& found = entries_[place_of(number)];
    return found.round == round_ ? found.handle : null_handle;
  }

  /// Requires: `handle` is not `null_handle`. A number that is there gets the new handle.
  void put(std::uint64_t number, std::uint32_t handle) {
    if (2 * (count_ + 1) > entries_.size()) grow();
    entry& at = entries_[place_of(number)];
    if (at.round != round_) ++count_;
    at = {number, round_, handle};
  }

  void erase(std::uint64_t number) noexcept {
    if (entries_.empty()) return;
    // The place stays taken, for others may have been put behind it.
    entry& at = entries_[place_of(number)];
    if (at.round == round_) at.handle = null_handle;
  }

  void forget() noexcept {
    ++round_;
    count_ = 0;
  }

 private:
  struct entry {
    std::uint64_t number = 0;
    std::uint64_t round = 0;  // when it was put; of another round: free
    std::uint32_t handle = null_handle;
  };
  static constexpr std::size_t size_min = 64;

  /// Where the number is, or would be put.
  [[nodiscard]] std::size_t place_of(std::uint64_t number) const noexcept {
    const std::size_t last = entries_.size() - 1;
    std::uint64_t hash = number * 0x9e37'79b9'7f4a'7c15;
    hash ^= hash >> 32;
    std::size_t at = hash & last;
    while (entries_[at].round == round_ && entries_[at].number != number) at = (at + 1) & last;
    return at;
  }

  void grow() {
    std::vector<entry> before(entries_.empty() ? size_min : 2 * entries_.size());
    before.swap(entries_);
    count_ = 0;
    for (const entry& each : before) {
      if (each.round != round_ || each.handle == null_handle) continue;
      entries_[place_of(each.number)] = each;
      ++count_;
    }
  }

  std::vector<entry> entries_;
  std::uint64_t round_ = 1;
  std::size_t count_ = 0;  // taken places of this round
};

}  // namespace millrace::cep
