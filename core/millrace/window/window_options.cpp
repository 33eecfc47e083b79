#include <fmt/format.h>

#include <millrace/base/error.hpp>
#include <millrace/window/window_options.hpp>

namespace millrace::window {

void check(const aligned_options& options) {
  if (options.purge && options.emit != emission::on_time)
    throw error("found windows that are purged, expected them to send results on time");
  if (options.early.is_on() && options.emit != emission::final)
    throw error("found early results, expected them beside final ones: others go out as they come");
  if (options.early.every < 0)
    throw error(fmt::format("found early results every {}, expected 0 or more", options.early.every));
}

}  // namespace millrace::window
