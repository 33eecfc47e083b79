#pragma once

#include <millrace/window/aggregator.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

namespace millrace::window::detail {

/// How many bytes the states take together with a time, where the compiler knows.
template <class A>
struct bytes_since_first {};
template <inline_aggregator A>
struct bytes_since_first<A> {
  static constexpr std::size_t inline_state_bytes = sizeof(std::int64_t) + A::inline_state_bytes;
};

/// An aggregator that keeps the lowest time of the events beside the states of another.
template <aggregator A>
class since_first : public bytes_since_first<A> {
 public:
  using input_type = typename A::input_type;

  explicit since_first(A of) : of_(std::move(of)) {}

  [[nodiscard]] std::size_t state_bytes() const noexcept { return sizeof(std::int64_t) + of_.state_bytes(); }
  void begin(std::byte* state) noexcept {
    set_first_time(state, std::numeric_limits<std::int64_t>::max());
    of_.begin(inner(state));
  }
  void add(std::byte* state, const input_type& input, std::int64_t time, std::uint64_t sequence) noexcept {
    set_first_time(state, std::min(first_time(state), time));
    of_.add(inner(state), input, time, sequence);
  }
  void merge(std::byte* into, const std::byte* later) noexcept {
    set_first_time(into, std::min(first_time(into), first_time(later)));
    of_.merge(inner(into), inner(later));
  }
  void copy(std::byte* into, const std::byte* from) noexcept {
    set_first_time(into, first_time(from));
    copy_state(of_, inner(into), inner(from));
  }
  void end(std::byte* state) noexcept { of_.end(inner(state)); }

  [[nodiscard]] static std::int64_t first_time(const std::byte* state) noexcept {
    std::int64_t time;
    std::memcpy(&time, state, sizeof time);
    return time;
  }
  [[nodiscard]] static std::byte* inner(std::byte* state) noexcept { return state + sizeof(std::int64_t); }
  [[nodiscard]] static const std::byte* inner(const std::byte* state) noexcept { return state + sizeof(std::int64_t); }

  [[nodiscard]] A& of() noexcept { return of_; }
  [[nodiscard]] const A& of() const noexcept { return of_; }

 private:
  static void set_first_time(std::byte* state, std::int64_t time) noexcept { std::memcpy(state, &time, sizeof time); }

  A of_;
};

}  // namespace millrace::window::detail
