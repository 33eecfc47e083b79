#pragma once

#include <millrace/window/aggregator.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>

namespace millrace::window {

/// Several aggregates of the same events in one pass: their states stand side by side.
template <aggregator First, aggregator... Rest>
class combined_aggregate {
  static constexpr std::size_t count = 1 + sizeof...(Rest);

 public:
  using input_type = typename First::input_type;

  explicit combined_aggregate(First first, Rest... rest) : parts_(std::move(first), std::move(rest)...) {
    std::size_t offset = 0;
    each([&](auto& part, std::size_t i) {
      offsets_[i] = offset;
      offset += (part.state_bytes() + 7) / 8 * 8;
    });
    bytes_ = offset;
  }

  [[nodiscard]] std::size_t state_bytes() const noexcept { return bytes_; }
  void begin(std::byte* state) noexcept {
    each([&](auto& part, std::size_t i) { part.begin(state + offsets_[i]); });
  }
  void add(std::byte* state, const input_type& input, std::int64_t time, std::uint64_t sequence) noexcept {
    each([&](auto& part, std::size_t i) { part.add(state + offsets_[i], input, time, sequence); });
  }
  void merge(std::byte* into, const std::byte* later) noexcept {
    each([&](auto& part, std::size_t i) { part.merge(into + offsets_[i], later + offsets_[i]); });
  }
  void copy(std::byte* into, const std::byte* from) noexcept {
    each([&](auto& part, std::size_t i) { copy_state(part, into + offsets_[i], from + offsets_[i]); });
  }
  void end(std::byte* state) noexcept {
    each([&](auto& part, std::size_t i) { part.end(state + offsets_[i]); });
  }

  template <std::size_t I>
  [[nodiscard]] auto& part() noexcept {
    return std::get<I>(parts_);
  }
  /// What the part `I` of a combined state stands for.
  template <std::size_t I>
  [[nodiscard]] auto value(const std::byte* state) const {
    return std::get<I>(parts_).value(state + offsets_[I]);
  }

 private:
  template <class F>
  void each(F&& f) noexcept {
    [&]<std::size_t... I>(std::index_sequence<I...>) { (f(std::get<I>(parts_), I), ...); }
    (std::make_index_sequence<count>{});
  }

  std::tuple<First, Rest...> parts_;
  std::array<std::size_t, count> offsets_{};
  std::size_t bytes_ = 0;
};

}  // namespace millrace::window
