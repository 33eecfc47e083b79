#include <millrace/rules/sketches.hpp>

#include <algorithm>
#include <bit>
#include <cmath>

namespace millrace::rules {

// --- distinct values ------------------------------------------------------------------------------------

void cardinality_sketch::add(std::uint64_t hash) noexcept {
  constexpr int index_bits = std::countr_zero(registers);
  std::uint8_t& rank = ranks[hash >> (64 - index_bits)];
  // The bit behind the hash bounds the rank.
  const std::uint64_t rest = hash << index_bits | std::uint64_t{1} << (index_bits - 1);
  rank = std::max(rank, static_cast<std::uint8_t>(std::countl_zero(rest) + 1));
}

void cardinality_sketch::merge(const cardinality_sketch& later) noexcept {
  for (std::size_t i = 0; i < registers; ++i) ranks[i] = std::max(ranks[i], later.ranks[i]);
}

std::uint64_t cardinality_sketch::estimate() const noexcept {
  constexpr auto m = static_cast<double>(registers);
  constexpr double alpha = 0.7213 / (1 + 1.079 / m);
  double sum = 0;
  std::size_t zeroes = 0;
  for (const std::uint8_t rank : ranks) {
    sum += std::ldexp(1.0, -rank);
    zeroes += rank == 0 ? 1 : 0;
  }
  const double raw = alpha * m * m / sum;
  if (raw <= 2.5 * m && zeroes != 0)
    return static_cast<std::uint64_t>(std::llround(m * std::log(m / static_cast<double>(zeroes))));
  return static_cast<std::uint64_t>(std::llround(raw));
}

// --- quantiles ------------------------------------------------------------------------------------------

namespace {

constexpr double relative_error = 0.01;
constexpr double gamma = (1 + relative_error) / (1 - relative_error);
const double log_gamma = std::log(gamma);
// Numbers of the least and the greatest double lie within it: buckets of positive values are above 0, and those of
// negative ones below.
constexpr std::int32_t bucket_offset = 40'000;

}  // namespace

std::int32_t quantile_sketch::bucket_of(double value) noexcept {
  if (value == 0) return 0;
  const auto size = static_cast<std::int32_t>(std::ceil(std::log(std::abs(value)) / log_gamma)) + bucket_offset;
  return value < 0 ? -size : size;
}

double quantile_sketch::value_of(std::int32_t bucket) noexcept {
  if (bucket == 0) return 0;
  const double size = std::exp((std::abs(bucket) - bucket_offset) * log_gamma) * 2 / (gamma + 1);
  return bucket < 0 ? -size : size;
}

void quantile_sketch::add(std::int32_t number, std::uint64_t count) noexcept {
  count_ += count;
  bucket* const end = buckets_ + used_;
  bucket* at = std::lower_bound(buckets_, end, number, [](const bucket& b, std::int32_t n) { return b.number < n; });
  if (at != end && at->number == number) {
    at->count += count;
    return;
  }
  if (used_ == buckets_max) {
    if (at == buckets_) {  // below all: it joins the lowest
      at->count += count;
      return;
    }
    buckets_[1].count += buckets_[0].count;
    std::move(buckets_ + 1, at, buckets_);
    *(at - 1) = {number, 0, count};
    return;
  }
  std::move_backward(at, end, end + 1);
  *at = {number, 0, count};
  ++used_;
}

void quantile_sketch::merge(const quantile_sketch& later) noexcept {
  for (std::uint64_t i = 0; i < later.used_; ++i) add(later.buckets_[i].number, later.buckets_[i].count);
}

std::optional<double> quantile_sketch::at(double portion) const noexcept {
  if (count_ == 0) return std::nullopt;
  const auto rank = static_cast<std::uint64_t>(portion * static_cast<double>(count_ - 1));
  std::uint64_t seen = 0;
  for (std::uint64_t i = 0; i < used_; ++i) {
    seen += buckets_[i].count;
    if (seen > rank) return value_of(buckets_[i].number);
  }
  return value_of(buckets_[used_ - 1].number);
}

}  // namespace millrace::rules
