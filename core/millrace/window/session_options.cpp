#include <fmt/format.h>

#include <limits>
#include <millrace/base/error.hpp>
#include <millrace/window/session_options.hpp>

namespace millrace::window {

void check(const session_options& options) {
  constexpr std::int64_t time_end = std::numeric_limits<std::int64_t>::max();
  if (options.gap < 0) throw error(fmt::format("found a session gap of {}, expected 0 or more", options.gap));
  if (options.grace < 0) throw error(fmt::format("found a grace of {}, expected 0 or more", options.grace));
  if (options.gap > time_end - options.grace)
    throw error(fmt::format("found sessions with a gap of {} and a grace of {}: together they pass the end of time",
                            options.gap, options.grace));
  if (options.keep < 0) throw error(fmt::format("found sessions kept for {}, expected 0 or more", options.keep));
  if (options.purge && options.emit != emission::on_time)
    throw error("found sessions that are purged, expected them to send results on time");
}

}  // namespace millrace::window
