#include <fmt/format.h>

#include <millrace/base/error.hpp>
#include <millrace/window/counted_options.hpp>

namespace millrace::window {

void check(const counted_options& options) {
  if (options.events == 0 || options.every == 0 || options.every > options.events)
    throw error(
        fmt::format("found windows of {} events every {}, expected at least 1 event, and no event to be in none",
                    options.events, options.every));
  if (options.emit == emission::on_time)
    throw error("found windows of counted events that send results on time, expected final ones or updates");
}

}  // namespace millrace::window
