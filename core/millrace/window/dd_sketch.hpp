#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace millrace::window {

/// Quantiles to a relative error: DDSketch (Masson, Rim, Lee, VLDB 2019). `quantile(q)` is within `error` of the value
/// that stands at rank q * (count - 1) in order, rounded down, as long as the values of its sign span no more than
/// `bins` bins, a factor of ((1 + error) / (1 - error))^bins: 10^8 at 1 % and 1,024 bins. Beyond it the values nearest
/// to zero share a bin, and quantiles that fall into that one are wrong; `is_collapsed` says so.
///
/// Values below 10^-300 in size count as 0. Infinities and what is no number are not taken, and counted. Merging loses
/// nothing. Threads: one owner. Allocation: none. Complexity: O(1) to add, and the steps of a logarithm; a sketch that
/// grows clears the bins between; O(bins) for all else.
class dd_sketch {
 public:
  /// Errors: `millrace::error` for an error outside 0.0001 … 0.5, and for fewer bins than 2 or more than 65,536.
  explicit dd_sketch(double error = 0.01, std::uint32_t bins = 1'024);

  [[nodiscard]] std::size_t state_bytes() const noexcept;
  void begin(std::byte* state) const noexcept;
  void add(std::byte* state, double value) noexcept;
  void merge(std::byte* into, const std::byte* later) const noexcept;
  void end(std::byte*) const noexcept {}

  /// None without values. Requires: q is within 0 … 1.
  [[nodiscard]] std::optional<double> quantile(const std::byte* state, double q) const noexcept;
  /// The median.
  [[nodiscard]] std::optional<double> value(const std::byte* state) const noexcept { return quantile(state, 0.5); }
  [[nodiscard]] std::uint64_t count(const std::byte* state) const noexcept;
  [[nodiscard]] bool is_collapsed(const std::byte* state) const noexcept;
  [[nodiscard]] double relative_error() const noexcept { return error_; }
  /// Inputs that were not taken.
  [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_; }

 private:
  struct head;
  struct side;

  [[nodiscard]] std::uint32_t* bins_of(std::byte* state, bool negative) const noexcept;
  [[nodiscard]] const std::uint32_t* bins_of(const std::byte* state, bool negative) const noexcept;
  void add_to(head& of, side& to, std::uint32_t* bins, std::int32_t index, std::uint32_t count) const noexcept;
  void raise(head& of, side& to, std::uint32_t* bins, std::int32_t index) const noexcept;
  [[nodiscard]] std::size_t place_of(std::int32_t index) const noexcept;
  [[nodiscard]] double value_of(std::int32_t index) const noexcept;

  double error_;
  double log_gamma_;
  std::uint32_t bins_;
  std::uint64_t left_out_ = 0;
};

}  // namespace millrace::window
