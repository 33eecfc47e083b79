#include <fmt/format.h>

#include <limits>
#include <millrace/base/error.hpp>
#include <millrace/window/sliding_options.hpp>

namespace millrace::window {

void check(const sliding_options& options) {
  constexpr std::int64_t time_end = std::numeric_limits<std::int64_t>::max();
  if (options.length < 0)
    throw error(fmt::format("found sliding windows of length {}, expected 0 or more", options.length));
  if (options.length > time_end / 8)
    throw error(fmt::format("found sliding windows of length {}, expected at most {}", options.length, time_end / 8));
  if (options.grace < 0) throw error(fmt::format("found a grace of {}, expected 0 or more", options.grace));
  if (options.grace > time_end - options.length)
    throw error(fmt::format("found sliding windows of length {} with a grace of {}: together they pass the end of time",
                            options.length, options.grace));
  if (options.keep < 0) throw error(fmt::format("found windows kept for {}, expected 0 or more", options.keep));
  if (options.tick < 1) throw error(fmt::format("found a tick of {}, expected 1 or more", options.tick));
  if (options.tick > time_end / 8)
    throw error(fmt::format("found a tick of {}, expected at most {}", options.tick, time_end / 8));
  if (options.emit == emission::on_time)
    throw error("found sliding windows with results on time, expected final ones or updates");
}

}  // namespace millrace::window
