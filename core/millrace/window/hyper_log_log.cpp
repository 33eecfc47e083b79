#include <fmt/format.h>

#include <array>
#include <cmath>
#include <millrace/base/error.hpp>
#include <millrace/window/hyper_log_log.hpp>

namespace millrace::window {
namespace {

/// Ertl's sigma and tau: what registers of zero, and full ones, stand for.
double sigma(double x) noexcept {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double sum = x;
  for (double weight = 1, before = -1; sum != before; weight += weight) {
    x *= x;
    before = sum;
    sum += x * weight;
  }
  return sum;
}

double tau(double x) noexcept {
  if (x == 0 || x == 1) return 0;
  double sum = 1 - x;
  for (double weight = 1, before = -1; sum != before;) {
    x = std::sqrt(x);
    before = sum;
    weight *= 0.5;
    sum -= (1 - x) * (1 - x) * weight;
  }
  return sum / 3;
}

}  // namespace

hyper_log_log::hyper_log_log(unsigned precision, std::uint64_t seed) : precision_(precision), seed_(seed) {
  if (precision < 4 || precision > 16)
    throw error(fmt::format("found a HyperLogLog precision of {}, expected 4 to 16", precision));
}

double hyper_log_log::value(const std::byte* state) const noexcept {
  std::array<std::uint32_t, 66> counts{};
  for (std::size_t i = 0; i < state_bytes(); ++i) ++counts[std::to_integer<std::size_t>(state[i])];
  const auto registers = static_cast<double>(state_bytes());
  const unsigned ranks = 64 - precision_;
  double z = registers * tau(1 - counts[ranks + 1] / registers);
  for (unsigned rank = ranks; rank >= 1; --rank) z = 0.5 * (z + counts[rank]);
  z += registers * sigma(counts[0] / registers);
  return registers / z * registers / (2 * std::log(2.0));
}

double hyper_log_log::standard_error() const noexcept { return 1.04 / std::sqrt(static_cast<double>(state_bytes())); }

}  // namespace millrace::window
