#pragma once

#include <stdexcept>

namespace millrace {

/// The one exception type at the edges of the library (set-up, files, rules). Its message says what was
/// found, what was expected and where. Nothing on the event path throws.
class error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Memory was refused.
class memory_error : public error {
 public:
  using error::error;
};

}  // namespace millrace
