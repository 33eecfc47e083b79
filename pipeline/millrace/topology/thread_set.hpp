#pragma once

#include <millrace/placement/machine.hpp>

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace millrace::detail {

/// The threads of one run: named, pinned where wanted, and joined whatever happens.
///
/// Threads: one owner. Errors: `start` throws what `std::thread` throws; a body may throw nothing.
class thread_set {
 public:
  thread_set() = default;
  ~thread_set() { join(); }
  thread_set(const thread_set&) = delete;
  thread_set& operator=(const thread_set&) = delete;

  /// `name` is what monitors show; the system cuts it at 15 characters.
  void start(std::string name, std::optional<cpu> where, std::function<void()> body);

  void join() noexcept;

  /// What was refused. Requires: joined.
  [[nodiscard]] std::vector<std::string> warnings() const;

 private:
  std::vector<std::thread> threads_;
  std::deque<std::string> warnings_;  // one a thread, each written by its own; addresses stay
};

/// Pins the calling thread where `where` says so. Returns a warning, or nothing to say.
std::string settle(const std::string& name, const std::optional<cpu>& where);

}  // namespace millrace::detail
