#pragma once

#include <millrace/window/aggregator.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <new>
#include <type_traits>
#include <utility>

namespace millrace::window {

/// A small value that aggregates: `add(x, time, sequence)`, `merge(other)`, `value()`; if it can, `subtract(x)`; and
/// `takes(x)` where it does not take all of them.
template <class S>
concept aggregate_value = std::is_trivially_copyable_v<S> && alignof(S) <= 8 && requires(S& each, const S& other) {
  each.merge(other);
  other.value();
};

/// An aggregator of `Event`s from a small value `S`, that is given `project(event)`. States are copies of a prototype,
/// so that it can have parameters.
///
/// What `S` does not take (no numbers, infinities) is left out and counted.
template <class Event, aggregate_value S, class Project = std::identity>
class aggregate {
 public:
  using input_type = Event;
  using state_type = S;
  static constexpr std::size_t inline_state_bytes = (sizeof(S) + 7) / 8 * 8;

  aggregate() = default;
  explicit aggregate(Project project, S prototype = {}) : project_(std::move(project)), prototype_(prototype) {}

  [[nodiscard]] std::size_t state_bytes() const noexcept { return inline_state_bytes; }

  void begin(std::byte* state) noexcept { ::new (static_cast<void*>(state)) S(prototype_); }
  void add(std::byte* state, const Event& event, std::int64_t time, std::uint64_t sequence) noexcept {
    const auto& x = std::invoke(project_, event);
    if (!takes(x)) {
      ++left_out_;
      return;
    }
    of(state).add(x, time, sequence);
  }
  void subtract(std::byte* state, const Event& event, std::int64_t, std::uint64_t) noexcept requires
      requires(S& each, std::invoke_result_t<Project, const Event&> x) {
    each.subtract(x);
  }
  {
    const auto& x = std::invoke(project_, event);
    if (takes(x)) of(state).subtract(x);
  }
  void merge(std::byte* into, const std::byte* later) noexcept { of(into).merge(of(later)); }
  void end(std::byte*) noexcept {}

  [[nodiscard]] static const S& of(const std::byte* state) noexcept {
    return *std::launder(reinterpret_cast<const S*>(state));
  }
  [[nodiscard]] auto value(const std::byte* state) const noexcept { return of(state).value(); }
  /// Inputs that were left out.
  [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_; }

 private:
  static S& of(std::byte* state) noexcept { return *std::launder(reinterpret_cast<S*>(state)); }
  template <class X>
  static bool takes(const X& x) noexcept {
    if constexpr (requires { S::takes(x); })
      return S::takes(x);
    else
      return true;
  }

  [[no_unique_address]] Project project_{};
  S prototype_{};
  std::uint64_t left_out_ = 0;
};

}  // namespace millrace::window
