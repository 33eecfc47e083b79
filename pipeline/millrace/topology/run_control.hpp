#pragma once

#include <millrace/ring/parker.hpp>

#include <atomic>
#include <exception>
#include <mutex>
#include <vector>

namespace millrace::detail {

/// Ends a threaded run before its time, and carries the first failure to who runs it.
///
/// Threads: all but where said. Progress: `aborted` is wait-free; the rest is cold.
class run_control {
 public:
  /// Threads that `abort` shall wake. Set-up only.
  void add(parker& parked) { parked_.push_back(&parked); }

  /// Ends every wait: what is under way is dropped.
  void abort() noexcept;
  [[nodiscard]] bool aborted() const noexcept { return aborted_.load(std::memory_order_relaxed); }

  /// Keeps the first failure. The run goes on, for those who can bring it to an orderly end.
  void note(std::exception_ptr failure) noexcept;
  /// Keeps the first failure and aborts.
  void fail(std::exception_ptr failure) noexcept;

  /// Throws what was kept, if anything. Requires: the run's threads are joined.
  void rethrow() const;

 private:
  std::vector<parker*> parked_;
  std::mutex mutex_;
  std::exception_ptr failure_;
  // Relaxed: it orders no data. A thread that parks sees it in its look after `parker::prepare`, whose fence
  // pairs with the one in `parker::wake`.
  std::atomic<bool> aborted_{false};
};

}  // namespace millrace::detail
