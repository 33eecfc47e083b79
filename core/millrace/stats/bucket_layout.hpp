#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace millrace {

/// Which values share a histogram's bucket: HdrHistogram's layout (Gil Tene). Every power of two of the range
/// is cut into as many linear steps as the asked number of significant decimal digits needs, so that the
/// relative error is the same everywhere and a value's index is a few shifts.
///
/// With 3 digits and a lowest discernible value of 1: steps of 1 up to 2,047, of 2 up to 4,095, of 4 up to
/// 8,191, and so on.
/// Complexity: O(1) for each function. Allocation: none.
class bucket_layout {
 public:
  /// Requires (else throws `millrace::error`): 1 <= lowest, 2 * lowest <= highest, 1 <= digits <= 5, and
  /// steps that fit 62 bits.
  bucket_layout(std::int64_t lowest_discernible, std::int64_t highest_trackable, int significant_digits);

  /// Requires: 0 <= value <= highest_trackable().
  [[nodiscard]] std::size_t index_of(std::int64_t value) const noexcept {
    const int bucket = bucket_of(value);
    const std::int64_t step = value >> (bucket + unit_magnitude_);
    return static_cast<std::size_t>((std::int64_t{bucket + 1} << half_magnitude_) + step - half_count());
  }

  /// The smallest value counted at `index`.
  [[nodiscard]] std::int64_t value_at(std::size_t index) const noexcept {
    const auto bucket = static_cast<int>(index >> half_magnitude_) - 1;
    const auto step = static_cast<std::int64_t>(index & static_cast<std::size_t>(half_count() - 1));
    if (bucket < 0) return step << unit_magnitude_;
    return (step + half_count()) << (bucket + unit_magnitude_);
  }

  [[nodiscard]] std::int64_t equivalent_range(std::int64_t value) const noexcept {
    return std::int64_t{1} << (unit_magnitude_ + bucket_of(value));
  }
  [[nodiscard]] std::int64_t lowest_equivalent(std::int64_t value) const noexcept {
    return value & ~(equivalent_range(value) - 1);
  }
  [[nodiscard]] std::int64_t highest_equivalent(std::int64_t value) const noexcept {
    return value | (equivalent_range(value) - 1);
  }
  [[nodiscard]] std::int64_t median_equivalent(std::int64_t value) const noexcept {
    return lowest_equivalent(value) + (equivalent_range(value) >> 1);
  }

  /// How many indices there are.
  [[nodiscard]] std::size_t index_count() const noexcept {
    return (static_cast<std::size_t>(bucket_count_) + 1) << half_magnitude_;
  }
  [[nodiscard]] int bucket_count() const noexcept { return bucket_count_; }
  [[nodiscard]] int sub_bucket_count() const noexcept { return 2 << half_magnitude_; }
  [[nodiscard]] std::int64_t lowest_discernible() const noexcept { return lowest_discernible_; }
  [[nodiscard]] std::int64_t highest_trackable() const noexcept { return highest_trackable_; }
  [[nodiscard]] int significant_digits() const noexcept { return significant_digits_; }

  /// True when the same index means the same values in both, as far as both reach.
  [[nodiscard]] bool is_alike(const bucket_layout& other) const noexcept {
    return unit_magnitude_ == other.unit_magnitude_ && half_magnitude_ == other.half_magnitude_ &&
           bucket_count_ == other.bucket_count_;
  }

 private:
  [[nodiscard]] std::int64_t half_count() const noexcept { return std::int64_t{1} << half_magnitude_; }

  /// 0 for what the finest steps cover, then one more for each power of two.
  [[nodiscard]] int bucket_of(std::int64_t value) const noexcept {
    return static_cast<int>(std::bit_width(static_cast<std::uint64_t>(value | finest_mask_))) - finest_bits_;
  }

  std::int64_t lowest_discernible_;
  std::int64_t highest_trackable_;
  std::int64_t finest_mask_ = 0;
  int significant_digits_;
  int unit_magnitude_ = 0;
  int half_magnitude_ = 0;
  int finest_bits_ = 0;
  int bucket_count_ = 0;
};

}  // namespace millrace
