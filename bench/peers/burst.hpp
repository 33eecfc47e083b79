#pragma once

#include <cstddef>

namespace millrace::bench {

/// Holds the calling thread on one processor, ahead of all others where the machine allows that, for the short time
/// that a sample takes.
class burst {
 public:
  /// On the `index`-th processor that the program may use; anywhere where there is only one.
  explicit burst(std::size_t index);
  ~burst();
  burst(const burst&) = delete;
  burst& operator=(const burst&) = delete;

  /// Whether the thread was taken off its processor since: what it measured is not the ring's.
  [[nodiscard]] bool was_interrupted() const;

 private:
  long switches_at_start_;
};

}  // namespace millrace::bench
