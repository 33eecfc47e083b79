#include <fmt/format.h>

#include <millrace/base/error.hpp>
#include <millrace/window/count_options.hpp>
#include <numeric>

namespace millrace::window {

const count_options& checked(const count_options& options) {
  if (options.size < 1) throw error(fmt::format("found windows of {} events, expected 1 or more", options.size));
  if (options.every < 1) throw error(fmt::format("found windows every {} events, expected 1 or more", options.every));
  if (options.every > options.size)
    throw error(fmt::format("found windows of {} events every {}: events between them would be in none", options.size,
                            options.every));
  if (options.size > INT64_MAX / 4)
    throw error(fmt::format("found windows of {} events, expected fewer", options.size));
  if (options.emit == emission::on_time)
    throw error("found windows of counted events with results on time, expected final ones or updates");
  const std::int64_t slices = options.size / std::gcd(options.size, options.every);
  if (slices > window_grid::panes_max)
    throw error(fmt::format("found windows of {} events every {}, {} slices each, expected at most {}", options.size,
                            options.every, slices, window_grid::panes_max));
  return options;
}

}  // namespace millrace::window
