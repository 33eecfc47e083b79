#include <millrace/replay/pacer.hpp>

#include <algorithm>
#include <ctime>

namespace millrace::replay {
namespace {

constexpr std::int64_t nap_ns_max = 20'000'000;

std::int64_t monotonic_ns() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

}  // namespace

bool pacer::due(std::int64_t event_ns) {
  if (!speed_) return true;
  const std::int64_t now = monotonic_ns();
  if (!anchored_) {
    anchored_ = true;
    first_event_ns_ = event_ns;
    first_wall_ns_ = now;
  }
  const double behind = (static_cast<double>(event_ns) - static_cast<double>(first_event_ns_)) / *speed_;
  const double wait = behind - static_cast<double>(now - first_wall_ns_);
  if (wait <= 0) return true;
  const auto nap = static_cast<std::int64_t>(std::min(wait, static_cast<double>(nap_ns_max)));
  const timespec until{(now + nap) / 1'000'000'000, (now + nap) % 1'000'000'000};
  ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
  return wait <= static_cast<double>(nap_ns_max);
}

}  // namespace millrace::replay
