#pragma once

#include <millrace/cep/run_store.hpp>

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <vector>

namespace millrace::cep {

/// A match, a set of matches, or a timed-out partial match on its way out. Its matcher's `hand_out` tells its events.
struct release {
  std::uint64_t first;  ///< position of its first event in the feed
  std::int64_t at_ns;   ///< when it was released, or timed out
  std::uint32_t path;   ///< of meaning to its matcher only
  std::uint16_t rule;   ///< which of the engine's patterns
  bool timeout;
  bool is_set = false;  ///< stands for all matches with this first event
  std::uint32_t partition = 0;
};

/// An event that changed nothing in one pattern, because a bound on its state was met.
struct dead_letter {
  std::uint16_t rule;
  bound met;
};

/// What one event, or one step of time, releases over all patterns and keys.
///
/// Order of handing on: by the position of the first event in the feed, then by rule, then in the order of arrival
/// here. Rules with different keys may arrive in an order that depends on which shard has them.
/// Threads: one owner. Allocation: until it has grown to the largest number released at once.
class releases {
 public:
  /// `room`: for so many at once memory is there from the start.
  explicit releases(std::size_t room = 1'024) {
    waiting_.reserve(room);
    dead_.reserve(16);
    grow_room_to_sort();
  }

  void add(const release& r) {
    waiting_.push_back(r);
    if (waiting_.capacity() > sorted_.capacity()) [[unlikely]]
      grow_room_to_sort();
  }
  void add(const dead_letter& d) { dead_.push_back(d); }
  [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }
  [[nodiscard]] bool has_dead() const noexcept { return !dead_.empty(); }

  template <class HandOn>
  void drain(HandOn&& hand_on) {
    sort();
    for (const release& r : waiting_) hand_on(r);
    waiting_.clear();
  }

  /// Dead letters of the event in hand, in order of rule.
  template <class HandOn>
  void drain_dead(HandOn&& hand_on) {
    for (const dead_letter& d : dead_) hand_on(d);
    dead_.clear();
  }

 private:
  using key = std::tuple<std::uint64_t, std::uint16_t, std::size_t>;  // first, rule, arrival

  /// With the room for them, so that it makes no difference in which order they come.
  void grow_room_to_sort() {
    keys_.reserve(waiting_.capacity());
    sorted_.reserve(waiting_.capacity());
  }
  [[nodiscard]] key key_of(std::size_t i) const noexcept { return {waiting_[i].first, waiting_[i].rule, i}; }

  void sort() {
    // Nearly always in order already; std::stable_sort would allocate.
    for (std::size_t i = 1; i < waiting_.size(); ++i) {
      if (key_of(i - 1) < key_of(i)) continue;
      if (waiting_.size() <= few) return insert_in_order(i);
      for (std::size_t order = 0; order < waiting_.size(); ++order) keys_.push_back(key_of(order));
      std::ranges::sort(keys_);
      for (const auto& each : keys_) sorted_.push_back(waiting_[std::get<2>(each)]);
      waiting_.swap(sorted_);
      sorted_.clear();
      keys_.clear();
      return;
    }
  }

  static constexpr std::size_t few = 32;
  /// Those from `i` on, into those before it, which are in order.
  void insert_in_order(std::size_t i) noexcept {
    for (; i < waiting_.size(); ++i) {
      const release moved = waiting_[i];
      std::size_t to = i;
      for (; to > 0 && std::tie(moved.first, moved.rule) < std::tie(waiting_[to - 1].first, waiting_[to - 1].rule);
           --to)
        waiting_[to] = waiting_[to - 1];
      waiting_[to] = moved;
    }
  }

  std::vector<release> waiting_;
  std::vector<dead_letter> dead_;
  std::vector<release> sorted_;
  std::vector<key> keys_;
};

}  // namespace millrace::cep
