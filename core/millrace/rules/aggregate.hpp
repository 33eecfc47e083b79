#pragma once

#include <millrace/expr/program.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace::rules {

/// What a window computes over its events.
enum class aggregate_kind : std::uint8_t {
  count,    ///< events, or those for which the expression has a value
  sum,      ///< exact of integers, in 128 bits; no value beyond what an i64 or a u64 holds
  average,  ///< of integers from their exact sum
  least,
  greatest,
  first,  ///< by (time, position)
  last,
  variance,         ///< of the sample: Welford, merged as Chan, Golub and LeVeque do; no value below two events
  deviation,        ///< its root
  distinct,         ///< exact; see `window::distinct_values`
  approx_distinct,  ///< HyperLogLog, standard error 1.6 %; see `window::hyper_log_log`
  quantile,         ///< DDSketch, relative error 1 %; see `window::dd_sketch`
  top,              ///< the most frequent values, most frequent first; see `frequent_values`
  decayed_sum,      ///< as of the newest event; what is a half-life older counts half
};

/// One aggregate of a window's `select`, compiled.
struct aggregate {
  aggregate_kind kind = aggregate_kind::count;
  std::optional<expr::program> over;  ///< none: `count()`
  double portion = 0;                 ///< of `quantile`: 0 to 1
  std::uint32_t most = 0;             ///< of `top`: how many values
  std::int64_t half_life_ns = 0;      ///< of `decayed_sum`

  /// The kind of its value; of `top`, of the values in its list.
  [[nodiscard]] expr::value_kind result() const noexcept;
};

/// The aggregate that a name in a rules file means.
[[nodiscard]] std::optional<aggregate_kind> aggregate_named(std::string_view name) noexcept;
[[nodiscard]] std::string_view name_of(aggregate_kind kind) noexcept;

/// Bounds on what `select` may ask for.
inline constexpr std::uint64_t top_count_max = 100;
inline constexpr std::size_t aggregate_count_max = 64;  ///< of one window

}  // namespace millrace::rules
