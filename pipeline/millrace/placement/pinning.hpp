#pragma once

#include <millrace/placement/machine.hpp>

#include <memory>
#include <string>

namespace millrace {

/// Whether a thread was pinned. A refusal (a container's cpuset, a sandbox) is a reason to warn, never to fail.
struct pin_result {
  bool pinned = false;
  std::string why_not;  ///< empty when pinned

  explicit operator bool() const noexcept { return pinned; }
};

/// Lets the calling thread run on `where` and nowhere else.
pin_result pin_this_thread(const cpu& where);

/// Gives the calling thread's affinity back when it goes: for a thread that is lent to a pipeline.
/// Threads: made and destroyed by the same one.
class affinity_guard {
 public:
  affinity_guard();
  ~affinity_guard();
  affinity_guard(const affinity_guard&) = delete;
  affinity_guard& operator=(const affinity_guard&) = delete;

 private:
  struct saved;
  std::unique_ptr<saved> saved_;  // nothing: it could not be read, and stays as it is
};

}  // namespace millrace
