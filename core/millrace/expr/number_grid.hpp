#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace millrace::expr {

/// Finds where a number stands among constants: each step of a grid that is laid over them knows the first of its own,
/// and has few. So there is no branch that depends on the number, which no predictor would know.
///
/// Threads: immutable; any thread may read. Allocation: in the constructor. Complexity: O(1).
class number_grid {
 public:
  number_grid() = default;
  /// Of four steps a constant. None is laid where the constants lie so unevenly that some step has many of them.
  /// Requires: they ascend, there are some, and none is NaN.
  explicit number_grid(std::span<const double> constants);

  [[nodiscard]] bool is_laid() const noexcept { return widest_ != 0; }
  /// Of a number that is the i-th constant 2i+1; of one between them the even number between theirs.
  /// Requires: the grid is laid; `value` is not NaN.
  [[nodiscard]] std::size_t class_of(double value) const noexcept {
    const std::size_t first = firsts_[step_of(value)];
    const double* const at = padded_.data() + first;
    std::size_t below = at[0] < value ? 1 : 0;
    for (std::uint32_t i = 1; i < widest_; ++i) below += at[i] < value ? 1 : 0;
    return 2 * (first + below) + (at[below] == value ? 1 : 0);
  }

 private:
  /// It never descends with the number: what is in a lower step is a lower number.
  [[nodiscard]] std::size_t step_of(double value) const noexcept {
    const double step = (value - from_) * steps_each_;
    return static_cast<std::size_t>(static_cast<std::int64_t>(std::min(std::max(0.0, step), last_)));
  }

  double from_ = 0;                    // where the first step begins
  double steps_each_ = 0;              // steps to a unit
  double last_ = 0;                    // step
  std::uint32_t widest_ = 0;           // constants of one step, at most
  std::vector<std::uint32_t> firsts_;  // by step: the first constant that is not below it
  std::vector<double> padded_;         // the constants, and behind them as many NaN as a step may look at
};

}  // namespace millrace::expr
