#pragma once

#include <millrace/window/aggregator.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

namespace millrace::window {

/// In the place of a `subtract` that there is not.
struct no_subtract {};

/// An aggregator from functions: `add(State&, event)` or `add(State&, event, time, sequence)`, `merge(State&, const
/// State&)`, and, where it has an inverse, `subtract(State&, event)`.
template <class Event, class State, class Add, class Merge, class Subtract = no_subtract>
class custom_aggregate {
  static_assert(std::is_trivially_copyable_v<State> && alignof(State) <= 8,
                "operators move states as bytes, aligned to eight");

 public:
  using input_type = Event;
  static constexpr std::size_t inline_state_bytes = (sizeof(State) + 7) / 8 * 8;

  custom_aggregate(State initial, Add add, Merge merge, Subtract subtract = {})
      : initial_(initial), add_(std::move(add)), merge_(std::move(merge)), subtract_(std::move(subtract)) {}

  [[nodiscard]] std::size_t state_bytes() const noexcept { return inline_state_bytes; }
  void begin(std::byte* state) noexcept { ::new (static_cast<void*>(state)) State(initial_); }
  void add(std::byte* state, const Event& event, std::int64_t time, std::uint64_t sequence) noexcept {
    if constexpr (std::is_invocable_v<Add&, State&, const Event&, std::int64_t, std::uint64_t>)
      add_(of(state), event, time, sequence);
    else
      add_(of(state), event);
  }
  void subtract(std::byte* state, const Event& event, std::int64_t,
                std::uint64_t) noexcept requires std::is_invocable_v<Subtract&, State&, const Event&> {
    subtract_(of(state), event);
  }
  void merge(std::byte* into, const std::byte* later) noexcept { merge_(of(into), value(later)); }
  void end(std::byte*) noexcept {}

  [[nodiscard]] static const State& value(const std::byte* state) noexcept {
    return *std::launder(reinterpret_cast<const State*>(state));
  }

 private:
  static State& of(std::byte* state) noexcept { return *std::launder(reinterpret_cast<State*>(state)); }

  State initial_;
  [[no_unique_address]] Add add_;
  [[no_unique_address]] Merge merge_;
  [[no_unique_address]] Subtract subtract_;
};

/// `make_aggregate<event>(state{}, add, merge)`.
template <class Event, class State, class Add, class Merge, class Subtract = no_subtract>
[[nodiscard]] auto make_aggregate(State initial, Add add, Merge merge, Subtract subtract = {}) {
  return custom_aggregate<Event, State, Add, Merge, Subtract>(initial, std::move(add), std::move(merge),
                                                              std::move(subtract));
}

}  // namespace millrace::window
