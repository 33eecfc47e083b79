#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::cep {

/// A small number for each condition, which all become 0 again at one go.
/// Threads: one owner. Allocation: in the constructor. Complexity: O(1); `forget` amortised.
class answer_table {
 public:
  explicit answer_table(std::size_t conditions = 0) : marked_(conditions) {}

  [[nodiscard]] std::uint32_t operator[](std::size_t condition) const noexcept {
    const std::uint32_t marked = marked_[condition];
    return marked / answers == round_ ? marked % answers : 0;
  }
  /// Requires: `answer` < 4.
  void set(std::size_t condition, std::uint32_t answer) noexcept { marked_[condition] = round_ * answers + answer; }

  void forget() noexcept {
    if (++round_ != rounds) return;
    std::fill(marked_.begin(), marked_.end(), 0);
    round_ = 1;
  }

 private:
  static constexpr std::uint32_t answers = 4;
  static constexpr std::uint32_t rounds = 1U << 30;

  std::vector<std::uint32_t> marked_;  // the round of an answer, and the answer
  std::uint32_t round_ = 1;
};

}  // namespace millrace::cep
