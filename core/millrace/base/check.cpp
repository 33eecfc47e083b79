#include <millrace/base/check.hpp>

#include <cstdio>
#include <cstdlib>

namespace millrace::detail {

void check_failed(const char* expression, const char* what, const char* file, int line) noexcept {
  std::fprintf(stderr, "%s:%d: millrace: %s failed: %s\n", file, line, what, expression);
  std::abort();
}

}  // namespace millrace::detail
