#include <millrace/base/error.hpp>
#include <millrace/topology/executor_options.hpp>

#include <millrace/event/event_header.hpp>

#include <fmt/format.h>

#include <bit>
#include <string_view>

namespace millrace {

namespace {

constexpr std::size_t event_bytes_limit = 16 * 1024 * 1024;
constexpr std::size_t ring_slots_limit = std::size_t{1} << 24;
constexpr std::size_t output_ring_bytes_limit = std::size_t{1} << 32;

void check_range(std::string_view option, std::size_t value, std::size_t min, std::size_t max) {
  if (value >= min && value <= max) return;
  throw error(fmt::format("{} is {}; it may be {} to {}", option, value, min, max));
}

void check_power_of_two(std::string_view option, std::size_t value) {
  if (!std::has_single_bit(value)) throw error(fmt::format("{} is {}; it must be a power of two", option, value));
}

}  // namespace

const executor_options& checked(const executor_options& options) {
  check_range("event_bytes_max", options.event_bytes_max, sizeof(event_header), event_bytes_limit);
  check_range("ring_slots", options.ring_slots, 2, ring_slots_limit);
  check_power_of_two("ring_slots", options.ring_slots);
  check_range("output_ring_bytes", options.output_ring_bytes, 1024, output_ring_bytes_limit);
  check_power_of_two("output_ring_bytes", options.output_ring_bytes);
  return options;
}

}  // namespace millrace
