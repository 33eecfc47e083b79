#include "progress_bar.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace millrace::tools {
namespace {

using namespace std::chrono_literals;

constexpr int width = 30;

bool terminal_can_draw() {
  const char* const kind = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) != 0 && kind != nullptr && std::string_view(kind) != "dumb";
}

std::string bar(double fraction) {
  const int full = static_cast<int>(fraction * width);
  return "[" + std::string(static_cast<std::size_t>(full), '#') +
         std::string(static_cast<std::size_t>(width - full), '.') + "]";
}

std::string remaining(double seconds) {
  const auto whole = static_cast<long>(seconds + 0.5);
  return whole >= 3600 ? fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
                       : fmt::format("{}:{:02}", whole / 60, whole % 60);
}

void put(const std::string& line) {
  const std::string text = "\r\x1b[K" + line;
  static_cast<void>(!::write(STDERR_FILENO, text.data(), text.size()));
}

}  // namespace

progress_bar::progress_bar(bool wanted, std::function<std::uint64_t()> done, std::optional<std::uint64_t> total)
    : done_(std::move(done)), total_(total) {
  if (wanted && terminal_can_draw()) thread_ = std::jthread([this](std::stop_token stop) { show(std::move(stop)); });
}

progress_bar::~progress_bar() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  put("");
}

void progress_bar::show(std::stop_token stop) const {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  const auto begin = std::chrono::steady_clock::now();
  while (!wake.wait_for(lock, stop, 200ms, [&] { return stop.stop_requested(); })) {
    const auto read = static_cast<double>(done_());
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const double rate = read / seconds;
    if (!total_ || *total_ == 0) {
      put(fmt::format("{:.1f} MB read  {:.1f} MB/s", read / 1e6, rate / 1e6));
      continue;
    }
    const double fraction = std::min(1.0, read / static_cast<double>(*total_));
    const std::string eta = rate > 0 ? remaining((static_cast<double>(*total_) - read) / rate) : "?";
    put(fmt::format("{} {:5.1f} %  {:.1f} MB/s  ETA {}", bar(fraction), fraction * 100, rate / 1e6, eta));
  }
}

}  // namespace millrace::tools
