#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <thread>

namespace millrace::tools {

/// Shows on standard error how far a long run has come, with its rate and the time that is left, while it
/// lives. Shows nothing when standard error is no terminal.
class progress_bar {
 public:
  /// `done` is asked now and then, from another thread; `total` where it is known.
  progress_bar(bool wanted, std::function<std::uint64_t()> done, std::optional<std::uint64_t> total);
  ~progress_bar();
  progress_bar(const progress_bar&) = delete;
  progress_bar& operator=(const progress_bar&) = delete;

 private:
  void show(std::stop_token stop) const;

  std::function<std::uint64_t()> done_;
  std::optional<std::uint64_t> total_;
  std::jthread thread_;
};

}  // namespace millrace::tools
