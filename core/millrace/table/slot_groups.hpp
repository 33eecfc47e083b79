#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <millrace/base/prefetch.hpp>
#include <millrace/pool/reservation.hpp>
#include <millrace/table/tag_group.hpp>

namespace millrace::detail {

/// Reserved memory for groups of fifteen slots, and for their tags in an array of their own: a million keys' fit into a
/// second cache, and tell what is new without a look at a slot. Tags in front of their slots, so that a key is in one
/// page and every fifth in one line, took a twentieth to an eighth more at 10,000 and at ten million keys.
template <class Slot>
class slot_groups {
 public:
  slot_groups(std::size_t groups, memory_pages pages)
      : tags_(reservation::for_items(groups, sizeof(tag_group), 64, memory_content::zero, pages)),
        slots_(reservation::for_items(groups, tag_group::slots * sizeof(Slot), 64, memory_content::undefined, pages)) {}

  [[nodiscard]] tag_group& group(std::size_t g) noexcept { return reinterpret_cast<tag_group*>(tags_.data())[g]; }
  [[nodiscard]] const tag_group& group(std::size_t g) const noexcept {
    return reinterpret_cast<const tag_group*>(tags_.data())[g];
  }

  /// Slots are numbered by places, group by group.
  [[nodiscard]] static constexpr std::size_t place(std::size_t g, std::size_t index) noexcept {
    return g * tag_group::slots + index;
  }
  [[nodiscard]] static constexpr std::size_t group_of(std::size_t place) noexcept { return place / tag_group::slots; }
  [[nodiscard]] static constexpr std::size_t index_of(std::size_t place) noexcept { return place % tag_group::slots; }

  [[nodiscard]] Slot& at(std::size_t place) noexcept { return reinterpret_cast<Slot*>(slots_.data())[place]; }
  [[nodiscard]] const Slot& at(std::size_t place) const noexcept {
    return reinterpret_cast<const Slot*>(slots_.data())[place];
  }
  [[nodiscard]] std::size_t place_of(const Slot& slot) const noexcept {
    return static_cast<std::size_t>(&slot - &at(0));
  }

  void prefetch_group(std::size_t g) const noexcept { prefetch_line(&group(g)); }
  /// Starts to load the first half of a group's slots, which fill first; four lines at most. All of them, or one line
  /// only, took more.
  void prefetch_slots(std::size_t g) const noexcept {
    constexpr std::size_t end = std::min<std::size_t>(tag_group::slots * sizeof(Slot) / 2, 256);
    for (std::size_t offset = 0; offset < end; offset += 64) prefetch_line(slots_.data() + bytes_of(g) + offset);
  }

  [[nodiscard]] std::size_t bytes() const noexcept { return tags_.bytes() + slots_.bytes(); }

  /// Of the slots.
  [[nodiscard]] static constexpr std::size_t bytes_of(std::size_t groups) noexcept {
    return groups * tag_group::slots * sizeof(Slot);
  }
  void make_resident(std::size_t from, std::size_t to) noexcept { slots_.make_resident(from, to - from); }

 private:
  static_assert(alignof(Slot) <= 64, "a table's keys and values are aligned to a cache line at most");

  reservation tags_;
  reservation slots_;
};

}  // namespace millrace::detail
