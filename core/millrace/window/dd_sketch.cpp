#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <millrace/base/error.hpp>
#include <millrace/window/dd_sketch.hpp>
#include <new>

namespace millrace::window {

/// The bins of one sign that are in use: low … high, in a ring. Others hold nothing, and what they say does not count.
struct dd_sketch::side {
  std::int32_t low;
  std::int32_t high;  // below low: none
};

struct dd_sketch::head {
  std::uint64_t count;
  std::uint64_t zeroes;
  side positive;
  side negative;
  std::uint64_t collapsed;
};

namespace {

constexpr double least_value = 1e-300;

}  // namespace

dd_sketch::dd_sketch(double error, std::uint32_t bins)
    : error_(error), log_gamma_(std::log1p(2 * error / (1 - error))), bins_(bins) {
  if (!(error >= 0.0001 && error <= 0.5))
    throw millrace::error(fmt::format("found a quantile error of {}, expected 0.0001 to 0.5", error));
  if (bins < 2 || bins > 65'536)
    throw millrace::error(fmt::format("found {} quantile bins, expected 2 to 65536", bins));
}

std::size_t dd_sketch::state_bytes() const noexcept { return sizeof(head) + 2 * std::size_t{bins_} * 4; }

void dd_sketch::begin(std::byte* state) const noexcept {
  ::new (static_cast<void*>(state)) head{0, 0, {0, -1}, {0, -1}, 0};
}

std::uint32_t* dd_sketch::bins_of(std::byte* state, bool negative) const noexcept {
  return reinterpret_cast<std::uint32_t*>(state + sizeof(head)) + (negative ? bins_ : 0);
}
const std::uint32_t* dd_sketch::bins_of(const std::byte* state, bool negative) const noexcept {
  return reinterpret_cast<const std::uint32_t*>(state + sizeof(head)) + (negative ? bins_ : 0);
}

std::size_t dd_sketch::place_of(std::int32_t index) const noexcept {
  const auto bins = static_cast<std::int32_t>(bins_);
  return static_cast<std::size_t>((index % bins + bins) % bins);
}

double dd_sketch::value_of(std::int32_t index) const noexcept {
  return (1 - error_) * std::exp(index * log_gamma_);  // the middle of its bin: 2 gamma^i / (gamma + 1)
}

void dd_sketch::add(std::byte* state, double value) noexcept {
  if (!std::isfinite(value)) {
    ++left_out_;
    return;
  }
  head& of = *std::launder(reinterpret_cast<head*>(state));
  ++of.count;
  const double size = std::fabs(value);
  if (size < least_value) {
    ++of.zeroes;
    return;
  }
  const auto index = static_cast<std::int32_t>(std::ceil(std::log(size) / log_gamma_));
  const bool negative = value < 0;
  add_to(of, negative ? of.negative : of.positive, bins_of(state, negative), index, 1);
}

void dd_sketch::add_to(head& of, side& to, std::uint32_t* bins, std::int32_t index,
                       std::uint32_t count) const noexcept {
  if (to.high < to.low) {
    to.low = to.high = index;
    bins[place_of(index)] = 0;
  } else if (index > to.high) {
    raise(of, to, bins, index);
  } else if (index < to.low) {
    const std::int32_t low = std::max(index, to.high - static_cast<std::int32_t>(bins_) + 1);
    while (to.low > low) bins[place_of(--to.low)] = 0;
    if (index < low) of.collapsed += count;
    index = std::max(index, low);
  }
  bins[place_of(index)] += count;
}

/// Makes `index` the highest bin. Those that leave at the other end go into the lowest one that stays.
void dd_sketch::raise(head& of, side& to, std::uint32_t* bins, std::int32_t index) const noexcept {
  const std::int32_t low = std::max(to.low, index - static_cast<std::int32_t>(bins_) + 1);
  std::uint32_t gone = 0;
  for (std::int32_t i = to.low; i < low && i <= to.high; ++i) gone += bins[place_of(i)];
  for (std::int32_t i = std::max(to.high + 1, low); i <= index; ++i) bins[place_of(i)] = 0;
  to.low = low;
  to.high = index;
  bins[place_of(low)] += gone;
  of.collapsed += gone;
}

void dd_sketch::merge(std::byte* into, const std::byte* later) const noexcept {
  head& of = *std::launder(reinterpret_cast<head*>(into));
  const head& with = *std::launder(reinterpret_cast<const head*>(later));
  of.count += with.count;
  of.zeroes += with.zeroes;
  of.collapsed += with.collapsed;
  for (const bool negative : {false, true}) {
    side& to = negative ? of.negative : of.positive;
    const side& from = negative ? with.negative : with.positive;
    const std::uint32_t* const bins = bins_of(later, negative);
    // From the top, so that no bin is moved that is going to leave.
    for (std::int32_t i = from.high; i >= from.low; --i)
      if (const std::uint32_t count = bins[place_of(i)]; count != 0) add_to(of, to, bins_of(into, negative), i, count);
  }
}

std::optional<double> dd_sketch::quantile(const std::byte* state, double q) const noexcept {
  const head& of = *std::launder(reinterpret_cast<const head*>(state));
  if (of.count == 0) return std::nullopt;
  auto rank = static_cast<std::uint64_t>(q * static_cast<double>(of.count - 1));
  const std::uint32_t* const negatives = bins_of(state, true);
  for (std::int32_t i = of.negative.high; i >= of.negative.low; --i) {
    const std::uint32_t count = negatives[place_of(i)];
    if (rank < count) return -value_of(i);
    rank -= count;
  }
  if (rank < of.zeroes) return 0.0;
  rank -= of.zeroes;
  const std::uint32_t* const positives = bins_of(state, false);
  for (std::int32_t i = of.positive.low; i <= of.positive.high; ++i) {
    const std::uint32_t count = positives[place_of(i)];
    if (rank < count) return value_of(i);
    rank -= count;
  }
  return value_of(of.positive.high);
}

std::uint64_t dd_sketch::count(const std::byte* state) const noexcept {
  return std::launder(reinterpret_cast<const head*>(state))->count;
}
bool dd_sketch::is_collapsed(const std::byte* state) const noexcept {
  return std::launder(reinterpret_cast<const head*>(state))->collapsed != 0;
}

}  // namespace millrace::window
