#pragma once

#include <millrace/event/event_header.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace millrace::rules {

/// What is known of events before their turn: what the condition index says of them, and which of many members of each
/// group they concern. Room is for so many events in a row; an event further on takes the place of an older one.
///
/// Threads: one owner. Allocation: in the constructor. Complexity: O(1), but for what is written.
template <class Member>
class foreseen_events {
 public:
  static constexpr std::size_t events_max = 64;   ///< a power of two
  static constexpr std::size_t members_max = 16;  ///< that are named, of a group; of more, none are

  foreseen_events() = default;
  foreseen_events(std::size_t words, std::size_t groups)
      : words_(words),
        groups_(groups),
        sequences_(events_max, no_event),
        open_(events_max * words),
        counts_(events_max * groups),
        members_(events_max * groups * room_each) {}

  /// Where an event stands, if it is known.
  [[nodiscard]] static std::size_t slot_of(const event_header& event) noexcept { return event.sequence % events_max; }
  [[nodiscard]] bool has(const event_header& event) const noexcept {
    return sequences_[slot_of(event)] == event.sequence;
  }
  /// From now on the event is known, by nothing yet. Returns its slot.
  std::size_t begin(const event_header& event) noexcept {
    const std::size_t slot = slot_of(event);
    sequences_[slot] = event.sequence;
    for (std::size_t group = 0; group < groups_; ++group) count(slot, group) = 0;
    return slot;
  }

  /// Of the event of a slot, and so the following.
  [[nodiscard]] std::uint64_t* open(std::size_t slot) noexcept { return open_.data() + slot * words_; }
  /// Room for the members of a group, one more than are named, and how many there are.
  [[nodiscard]] Member* room(std::size_t slot, std::size_t group) noexcept {
    return members_.data() + (slot * groups_ + group) * room_each;
  }
  [[nodiscard]] std::uint32_t& count(std::size_t slot, std::size_t group) noexcept {
    return counts_[slot * groups_ + group];
  }
  /// Whether all members are named.
  [[nodiscard]] bool names_all(std::size_t slot, std::size_t group) const noexcept {
    return counts_[slot * groups_ + group] <= members_max;
  }
  /// Those named, in the order of adding. Requires: all are.
  [[nodiscard]] std::span<const Member> members(std::size_t slot, std::size_t group) const noexcept {
    const std::size_t at = slot * groups_ + group;
    return {members_.data() + at * room_each, counts_[at]};
  }

 private:
  static constexpr std::size_t room_each = members_max + 1;
  static constexpr std::uint64_t no_event = ~std::uint64_t{0};

  std::size_t words_ = 0;
  std::size_t groups_ = 0;
  std::vector<std::uint64_t> sequences_;
  std::vector<std::uint64_t> open_;
  std::vector<std::uint32_t> counts_;  // by event, then group
  std::vector<Member> members_;        // the same
};

}  // namespace millrace::rules
