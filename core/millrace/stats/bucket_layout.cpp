#include <fmt/format.h>

#include <millrace/base/error.hpp>
#include <millrace/stats/bucket_layout.hpp>

namespace millrace {
namespace {

int floor_log2(std::int64_t value) noexcept {
  return static_cast<int>(std::bit_width(static_cast<std::uint64_t>(value))) - 1;
}

std::int64_t power_of_ten(int exponent) noexcept {
  std::int64_t power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

void check(std::int64_t lowest, std::int64_t highest, int digits) {
  if (digits < 1 || digits > 5) throw error(fmt::format("a histogram has 1 to 5 significant digits, not {}", digits));
  if (lowest < 1 || lowest > highest / 2) {
    throw error(
        fmt::format("a histogram's range needs 1 <= lowest and 2 * lowest <= highest, not {} to {}", lowest, highest));
  }
}

/// Powers of two, from the finest steps up, until the highest value is covered.
int buckets_to_cover(std::int64_t highest, int finest_bits) noexcept {
  const int bits = floor_log2(highest) + 1;
  return bits > finest_bits ? bits - finest_bits + 1 : 1;
}

}  // namespace

bucket_layout::bucket_layout(std::int64_t lowest_discernible, std::int64_t highest_trackable, int significant_digits)
    : lowest_discernible_(lowest_discernible),
      highest_trackable_(highest_trackable),
      significant_digits_(significant_digits) {
  check(lowest_discernible, highest_trackable, significant_digits);
  unit_magnitude_ = floor_log2(lowest_discernible);
  // With 3 digits a step of 2 is fine enough from 2,000 up, where it is 0.1 %: steps of 1 must reach that far.
  const int step_bits = floor_log2(2 * power_of_ten(significant_digits) - 1) + 1;
  half_magnitude_ = step_bits - 1;
  finest_bits_ = unit_magnitude_ + step_bits;
  if (finest_bits_ > 62) {
    throw error(fmt::format("a histogram with a lowest value of {} cannot have {} digits: its steps exceed 62 bits",
                            lowest_discernible, significant_digits));
  }
  finest_mask_ = ((std::int64_t{1} << step_bits) - 1) << unit_magnitude_;
  bucket_count_ = buckets_to_cover(highest_trackable, finest_bits_);
}

}  // namespace millrace
