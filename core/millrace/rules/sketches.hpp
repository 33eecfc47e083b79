#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace millrace::rules {

/// HyperLogLog over 64-bit hashes: the number of distinct ones with a standard error of 1.04 / sqrt(4096) = 1.6 %,
/// small numbers by linear counting (Flajolet, Fusy, Gandouet, Meunier, "HyperLogLog", AofA 2007; Heule, Nunkesser,
/// Hall, EDBT 2013). A merged sketch is that of all values of both. In 4 KiB of a window's state.
struct cardinality_sketch {
  static constexpr std::size_t registers = 4'096;
  std::uint8_t ranks[registers];

  void add(std::uint64_t hash) noexcept;
  void merge(const cardinality_sketch& later) noexcept;
  [[nodiscard]] std::uint64_t estimate() const noexcept;
};

/// DDSketch (Masson, Rim, Lee, VLDB 2019): quantiles with a relative error of 1 %, whatever the values. Buckets that
/// hold something stand in order; should more than 1,024 be needed (values over more than nine orders of magnitude,
/// with none left out), the two lowest become one, and low quantiles lose their bound.
class quantile_sketch {
 public:
  void begin() noexcept { count_ = used_ = 0; }
  /// Requires: the value is finite.
  void add(double value) noexcept { add(bucket_of(value), 1); }
  void merge(const quantile_sketch& later) noexcept;
  /// The value of rank `portion` * (count - 1), rounded down; none where nothing was added.
  [[nodiscard]] std::optional<double> at(double portion) const noexcept;

 private:
  static constexpr std::uint32_t buckets_max = 1'024;
  struct bucket {
    std::int32_t number;  // below 0: of negative values
    std::uint32_t unused;
    std::uint64_t count;
  };

  [[nodiscard]] static std::int32_t bucket_of(double value) noexcept;
  [[nodiscard]] static double value_of(std::int32_t bucket) noexcept;
  void add(std::int32_t number, std::uint64_t count) noexcept;

  std::uint64_t count_;
  std::uint64_t used_;
  bucket buckets_[buckets_max];
};

}  // namespace millrace::rules
