#include <fmt/ostream.h>

#include <algorithm>
#include <cmath>
#include <millrace/base/check.hpp>
#include <millrace/stats/histogram.hpp>
#include <ostream>

namespace millrace {
namespace {

/// The next percentile of the iteration: ticks are twice as dense for every halving of the distance to 100.
double step_percentile(double percentile, int ticks_per_half_distance) noexcept {
  const double halvings = std::floor(std::log(100.0 / (100.0 - percentile)) / std::log(2.0));
  return percentile + 100.0 / (ticks_per_half_distance * std::exp2(halvings + 1));
}

}  // namespace

histogram::histogram(std::int64_t lowest_discernible, std::int64_t highest_trackable, int significant_digits)
    : layout_(lowest_discernible, highest_trackable, significant_digits), counts_(layout_.index_count()) {}

void histogram::merge(const histogram& other) noexcept {
  if (other.count_ == 0) return;
  saturated_ += other.saturated_;
  negative_ += other.negative_;
  if (!layout_.is_alike(other.layout_) || other.max_ > layout_.highest_trackable()) {
    other.for_each([&](std::int64_t value, std::uint64_t count) { record_n(value, count); });
    return;
  }
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

void histogram::reset() noexcept {
  std::fill(counts_.begin(), counts_.end(), 0);
  count_ = saturated_ = negative_ = 0;
  min_ = no_min;
  max_ = 0;
}

double histogram::mean() const noexcept {
  if (count_ == 0) return 0;
  double sum = 0;
  for_each([&](std::int64_t value, std::uint64_t count) {
    sum += static_cast<double>(layout_.median_equivalent(value)) * static_cast<double>(count);
  });
  return sum / static_cast<double>(count_);
}

double histogram::stddev() const noexcept {
  if (count_ == 0) return 0;
  const double middle = mean();
  double sum = 0;
  for_each([&](std::int64_t value, std::uint64_t count) {
    const double deviation = static_cast<double>(layout_.median_equivalent(value)) - middle;
    sum += deviation * deviation * static_cast<double>(count);
  });
  return std::sqrt(sum / static_cast<double>(count_));
}

std::int64_t histogram::value_at_percentile(double percentile) const noexcept {
  if (count_ == 0) return 0;
  if (!(percentile > 0)) return min();
  // One step towards zero, so that rounding in the product cannot ask for one value too many.
  const double asked = std::nextafter(std::min(percentile, 100.0), 0.0);
  const double needed = std::ceil(asked * static_cast<double>(count_) / 100.0);
  const auto target = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(needed), 1, count_);
  std::uint64_t reached = 0;
  std::size_t index = 0;
  while ((reached += counts_[index]) < target) ++index;
  return layout_.highest_equivalent(layout_.value_at(index));
}

std::vector<histogram::percentile_row> histogram::percentile_rows(int ticks_per_half_distance) const {
  MILLRACE_CHECK(ticks_per_half_distance > 0, "there is at least one tick to a halving");
  std::vector<percentile_row> rows;
  double percentile = 0;
  std::uint64_t reached = 0;
  std::int64_t highest = 0;
  for_each([&](std::int64_t value, std::uint64_t count) {
    reached += count;
    highest = layout_.highest_equivalent(value);
    const double here = 100.0 * static_cast<double>(reached) / static_cast<double>(count_);
    while (percentile <= here) {
      rows.push_back({highest, percentile, reached});
      percentile = step_percentile(percentile, ticks_per_half_distance);
      if (reached == count_) break;
    }
  });
  if (count_ != 0) rows.push_back({highest, 100.0, count_});
  return rows;
}

void histogram::write_hgrm(std::ostream& out, int ticks_per_half_distance, double value_scale) const {
  auto scaled = [&](double value) { return value / value_scale; };
  fmt::print(out, "{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
  for (const percentile_row& row : percentile_rows(ticks_per_half_distance)) {
    const double part = row.percentile / 100.0;
    fmt::print(out, "{:12.3f} {:2.12f} {:10}", scaled(static_cast<double>(row.value)), part, row.count);
    if (row.percentile != 100.0) fmt::print(out, " {:14.2f}", 1 / (1 - part));
    out << '\n';
  }
  fmt::print(out, "#[Mean    = {:12.3f}, StdDeviation   = {:12.3f}]\n", scaled(mean()), scaled(stddev()));
  fmt::print(out, "#[Max     = {:12.3f}, Total count    = {:12}]\n", scaled(static_cast<double>(max())), count_);
  fmt::print(out, "#[Buckets = {:12}, SubBuckets     = {:12}]\n", layout_.bucket_count(), layout_.sub_bucket_count());
}

}  // namespace millrace
