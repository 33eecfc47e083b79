#pragma once

#include <cstdint>

namespace millrace::detail {

inline constexpr std::uint32_t no_slot = 0xFFFFFFFF;

/// What a slot keeps of its neighbours in the order.
struct slot_links {
  std::uint32_t older;
  std::uint32_t newer;
};

/// An order of slots, oldest to newest, linked through the slots themselves by their numbers: a list that costs eight
/// bytes a slot. `links(number)` gives a slot's links. Complexity: O(1) each.
class slot_order {
 public:
  [[nodiscard]] std::uint32_t oldest() const noexcept { return oldest_; }
  [[nodiscard]] std::uint32_t newest() const noexcept { return newest_; }

  template <class Links>
  void append(Links&& links, std::uint32_t slot) noexcept {
    links(slot) = {newest_, no_slot};
    (newest_ == no_slot ? oldest_ : links(newest_).newer) = slot;
    newest_ = slot;
  }
  template <class Links>
  void remove(Links&& links, std::uint32_t slot) noexcept {
    const slot_links around = links(slot);
    (around.older == no_slot ? oldest_ : links(around.older).newer) = around.newer;
    (around.newer == no_slot ? newest_ : links(around.newer).older) = around.older;
  }
  /// What stood in one slot stands, links and all, in another.
  template <class Links>
  void moved(Links&& links, std::uint32_t to) noexcept {
    const slot_links around = links(to);
    (around.older == no_slot ? oldest_ : links(around.older).newer) = to;
    (around.newer == no_slot ? newest_ : links(around.newer).older) = to;
  }

 private:
  std::uint32_t oldest_ = no_slot;
  std::uint32_t newest_ = no_slot;
};

/// In its place where no order is kept.
struct no_order {};

}  // namespace millrace::detail
