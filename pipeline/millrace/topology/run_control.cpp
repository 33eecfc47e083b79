#include <millrace/topology/run_control.hpp>

#include <utility>

namespace millrace::detail {

void run_control::abort() noexcept {
  aborted_.store(true, std::memory_order_relaxed);
  for (parker* const parked : parked_) parked->wake();
}

void run_control::note(std::exception_ptr failure) noexcept {
  const std::lock_guard lock(mutex_);
  if (failure_ == nullptr) failure_ = std::move(failure);
}

void run_control::fail(std::exception_ptr failure) noexcept {
  note(std::move(failure));
  abort();
}

void run_control::rethrow() const {
  if (failure_ != nullptr) std::rethrow_exception(failure_);
}

}  // namespace millrace::detail
