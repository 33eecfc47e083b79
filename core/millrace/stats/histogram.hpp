#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <millrace/stats/bucket_layout.hpp>
#include <vector>

namespace millrace {

/// Counts of values such as latencies over a wide range with a fixed relative error, in HdrHistogram's
/// layout, so that its numbers and its percentile files are those that HdrHistogram's tools give and read.
/// Threads: one owner. Allocation: in the constructor only. Units: whatever `record` is given.
/// Errors: the constructor throws `millrace::error` for a range it cannot lay out.
class histogram {
 public:
  /// One line of a percentile iteration.
  struct percentile_row {
    std::int64_t value;   // the highest that its bucket counts
    double percentile;    // 0 to 100
    std::uint64_t count;  // values up to and with this bucket
  };

  histogram(std::int64_t lowest_discernible, std::int64_t highest_trackable, int significant_digits);

  /// From 1 ns to an hour with 3 digits, in nanoseconds: 184 KiB.
  static histogram of_latencies() { return histogram(1, 3'600'000'000'000, 3); }

  /// A value above the highest trackable one is recorded at it and counted in `saturated()`; one below zero
  /// (clocks of two cores disagree) is recorded at zero and counted in `negative()`. Complexity: O(1).
  void record(std::int64_t value) noexcept { record_n(value, 1); }

  void record_n(std::int64_t value, std::uint64_t count) noexcept {
    if (value > layout_.highest_trackable()) {
      value = layout_.highest_trackable();
      saturated_ += count;
    } else if (value < 0) {
      value = 0;
      negative_ += count;
    }
    counts_[layout_.index_of(value)] += count;
    count_ += count;
    if (value > max_) max_ = value;
    if (value < min_) min_ = value;
  }

  /// Adds the counts of `other`. Where the layouts differ, each bucket is recorded at its lowest value, as
  /// HdrHistogram does.
  void merge(const histogram& other) noexcept;

  void reset() noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint64_t saturated() const noexcept { return saturated_; }
  [[nodiscard]] std::uint64_t negative() const noexcept { return negative_; }

  /// The lowest value of the lowest bucket in use; 0 when nothing was recorded.
  [[nodiscard]] std::int64_t min() const noexcept { return count_ == 0 ? 0 : layout_.lowest_equivalent(min_); }

  /// The highest value of the highest bucket in use; 0 when nothing was recorded.
  [[nodiscard]] std::int64_t max() const noexcept { return count_ == 0 ? 0 : layout_.highest_equivalent(max_); }

  /// Of the buckets' middles; 0 when nothing was recorded.
  [[nodiscard]] double mean() const noexcept;
  [[nodiscard]] double stddev() const noexcept;

  /// The highest value of the first bucket up to which at least this percentage of the values lie; at 0 the
  /// lowest value of the first bucket in use. `percentile` is taken as 0 to 100.
  [[nodiscard]] std::int64_t value_at_percentile(double percentile) const noexcept;

  /// How many values share the bucket of `value`. Requires: 0 <= value <= highest trackable.
  [[nodiscard]] std::uint64_t count_at(std::int64_t value) const noexcept { return counts_[layout_.index_of(value)]; }

  /// Calls `f(lowest value of the bucket, count)` for every bucket in use, ascending.
  template <class F>
  void for_each(F&& f) const {
    std::uint64_t left = count_;
    for (std::size_t i = 0; left != 0; ++i) {
      if (counts_[i] == 0) continue;
      f(layout_.value_at(i), counts_[i]);
      left -= counts_[i];
    }
  }

  /// The rows of HdrHistogram's percentile iteration: the percentiles are `ticks_per_half_distance` to each
  /// halving of the distance to 100 %, and a last row at 100.
  [[nodiscard]] std::vector<percentile_row> percentile_rows(int ticks_per_half_distance) const;

  /// Writes the percentile table (`.hgrm`) that HdrHistogram's plotters read; values are divided by
  /// `value_scale`.
  void write_hgrm(std::ostream& out, int ticks_per_half_distance = 5, double value_scale = 1.0) const;

  [[nodiscard]] const bucket_layout& layout() const noexcept { return layout_; }

 private:
  static constexpr std::int64_t no_min = INT64_MAX;

  bucket_layout layout_;
  std::uint64_t count_ = 0;
  std::uint64_t saturated_ = 0;
  std::uint64_t negative_ = 0;
  std::int64_t min_ = no_min;
  std::int64_t max_ = 0;
  std::vector<std::uint64_t> counts_;
};

}  // namespace millrace
