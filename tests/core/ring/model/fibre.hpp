#pragma once

#include <ucontext.h>

#include <cstddef>
#include <memory>

namespace millrace::model {

/// A stack to run a function on, left and entered again at will. It may be started anew whether or not the function
/// came to its end; what lay on its stack is then forgotten without being destroyed.
class fibre {
 public:
  /// The next `enter` calls `entry(argument)`, which must not return.
  void start(void (*entry)(void*), void* argument);

  /// Leaves the running fibre, to which `from` will lead back, for this one.
  void enter(fibre& from);

 private:
  static constexpr std::size_t stack_bytes = std::size_t{256} << 10;

  std::unique_ptr<std::byte[]> stack_;
  ucontext_t context_{};
};

}  // namespace millrace::model
