#pragma once

#include <millrace/pool/slab_pool.hpp>
#include <millrace/window/aggregator.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace millrace::window::detail {

/// Where an operator's states stand: in its own records where the compiler knows their size, else in a pool.
/// Allocation: in the constructor only.
template <aggregator A>
class state_places {
 public:
  struct place {
    std::uint32_t handle;
  };

  state_places(A of, std::uint32_t states_max)
      : of_(std::move(of)), states_(states_max, of_.state_bytes()), scratch_(1, of_.state_bytes()) {
    static_cast<void>(scratch_.try_allocate());
  }

  /// False when there is no room.
  [[nodiscard]] bool try_begin(place& at) noexcept {
    at.handle = states_.try_allocate();
    if (at.handle == null_handle) return false;
    of_.begin(states_[at.handle]);
    return true;
  }
  [[nodiscard]] bool try_copy(place& into, const place& from) noexcept {
    into.handle = states_.try_allocate();
    if (into.handle == null_handle) return false;
    copy_state(of_, states_[into.handle], states_[from.handle]);
    return true;
  }
  void end(place& at) noexcept {
    of_.end(states_[at.handle]);
    states_.release(at.handle);
  }

  [[nodiscard]] std::byte* bytes(place& at) noexcept { return states_[at.handle]; }
  [[nodiscard]] const std::byte* bytes(const place& at) const noexcept { return states_[at.handle]; }
  [[nodiscard]] std::byte* scratch() noexcept { return scratch_[0]; }
  [[nodiscard]] A& of() noexcept { return of_; }
  [[nodiscard]] const A& of() const noexcept { return of_; }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept { return states_.reserved_bytes(); }

 private:
  A of_;
  byte_slab_pool states_;
  byte_slab_pool scratch_;
};

template <inline_aggregator A>
class state_places<A> {
 public:
  struct place {
    alignas(8) std::byte inside[A::inline_state_bytes];
  };

  state_places(A of, std::uint32_t) : of_(std::move(of)) {}

  [[nodiscard]] bool try_begin(place& at) noexcept {
    of_.begin(at.inside);
    return true;
  }
  [[nodiscard]] bool try_copy(place& into, const place& from) noexcept {
    copy_state(of_, into.inside, from.inside);
    return true;
  }
  void end(place& at) noexcept { of_.end(at.inside); }

  [[nodiscard]] std::byte* bytes(place& at) noexcept { return at.inside; }
  [[nodiscard]] const std::byte* bytes(const place& at) const noexcept { return at.inside; }
  [[nodiscard]] std::byte* scratch() noexcept { return scratch_.inside; }
  [[nodiscard]] A& of() noexcept { return of_; }
  [[nodiscard]] const A& of() const noexcept { return of_; }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept { return 0; }

 private:
  A of_;
  place scratch_{};
};

}  // namespace millrace::window::detail
