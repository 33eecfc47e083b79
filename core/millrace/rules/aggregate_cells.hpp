#pragma once

#include <millrace/expr/value.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace millrace::rules::cells {

// What the plain aggregates keep in a window's state. Aligned to eight bytes, as states are: 128-bit sums are in two
// words.

/// An exact sum of integers; 2^64 of them cannot overflow it.
class whole_sum {
 public:
  void add(expr::wide v) noexcept { set(get() + v); }
  [[nodiscard]] expr::wide get() const noexcept {
    return static_cast<expr::wide>(static_cast<wide_bits>(high_) << 64 | low_);
  }
  [[nodiscard]] expr::value value() const noexcept {
    const expr::wide sum = get();
    const bool fits = sum >= expr::integer_min && sum <= expr::integer_max;
    return fits ? expr::value::of_integer(sum) : expr::value::none();
  }

 private:
  __extension__ using wide_bits = unsigned __int128;
  void set(expr::wide v) noexcept {
    low_ = static_cast<std::uint64_t>(static_cast<wide_bits>(v));
    high_ = static_cast<std::uint64_t>(static_cast<wide_bits>(v) >> 64);
  }

  std::uint64_t low_ = 0;
  std::uint64_t high_ = 0;
};

/// Numbers and how many; of integers the sum is exact.
struct mean {
  whole_sum whole;
  double floating = 0;
  std::uint64_t count = 0;
};

/// Welford's algorithm (Technometrics 4, 1962), two of them joined as by Chan, Golub and LeVeque (1979).
struct spread {
  double mean = 0;
  double squares = 0;  // of differences from the mean
  std::uint64_t count = 0;

  void add(double v) noexcept {
    ++count;
    const double difference = v - mean;
    mean += difference / static_cast<double>(count);
    squares += difference * (v - mean);
  }
  void merge(const spread& later) noexcept {
    if (later.count == 0) return;
    const auto mine = static_cast<double>(count);
    const auto its = static_cast<double>(later.count);
    const double difference = later.mean - mean;
    count += later.count;
    mean += difference * its / (mine + its);
    squares += later.squares + difference * difference * mine * its / (mine + its);
  }
  [[nodiscard]] expr::value variance() const noexcept {
    return count < 2 ? expr::value::none() : expr::value::of_floating(squares / static_cast<double>(count - 1));
  }
};

/// A sum that halves in every half-life, as of its newest event.
struct decayed {
  double sum = 0;
  std::int64_t newest_ns = 0;
  std::uint64_t count = 0;

  void add(double v, std::int64_t time_ns, double half_life_ns) noexcept { merge({v, time_ns, 1}, half_life_ns); }
  void merge(const decayed& later, double half_life_ns) noexcept {
    if (later.count == 0) return;
    if (count == 0) {
      *this = later;
      return;
    }
    const auto left = [&](std::int64_t ns) { return std::exp2(-(static_cast<double>(ns)) / half_life_ns); };
    if (later.newest_ns >= newest_ns) {
      sum = sum * left(later.newest_ns - newest_ns) + later.sum;
      newest_ns = later.newest_ns;
    } else {
      sum += later.sum * left(newest_ns - later.newest_ns);
    }
    count += later.count;
  }
};

/// Where `first` and `last` have their value from. The value stands behind it.
struct place {
  std::int64_t time_ns = 0;
  std::uint64_t sequence = 0;
  std::uint64_t present = 0;

  [[nodiscard]] bool before(const place& other) const noexcept {
    return time_ns != other.time_ns ? time_ns < other.time_ns : sequence < other.sequence;
  }
};

}  // namespace millrace::rules::cells
