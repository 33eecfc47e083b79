#include <millrace/expr/number_grid.hpp>

#include <cmath>
#include <limits>

namespace millrace::expr {
namespace {

constexpr std::uint32_t step_constants_max = 4;  // with more in one step, a search by halves is faster

}  // namespace

number_grid::number_grid(std::span<const double> constants) {
  const double span = constants.back() - constants.front();
  const std::size_t steps = span > 0 ? 4 * constants.size() : 0;
  const double steps_each = steps != 0 ? static_cast<double>(steps) / span : 0;
  if (!std::isfinite(span) || !std::isfinite(steps_each)) return;
  from_ = constants.front();
  steps_each_ = steps_each;
  last_ = static_cast<double>(steps);
  std::vector<std::uint32_t> counts(steps + 1);
  std::uint32_t widest = 0;
  for (const double each : constants) widest = std::max(widest, ++counts[step_of(each)]);
  if (widest > step_constants_max) return;
  widest_ = widest;
  firsts_.resize(counts.size());
  for (std::size_t i = 1; i < counts.size(); ++i) firsts_[i] = firsts_[i - 1] + counts[i - 1];
  padded_.assign(constants.begin(), constants.end());
  padded_.resize(constants.size() + widest + 1, std::numeric_limits<double>::quiet_NaN());
}

}  // namespace millrace::expr
