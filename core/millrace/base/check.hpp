#pragma once

namespace millrace::detail {

/// Prints the failed expression and where it stands to standard error, then aborts.
[[noreturn]] void check_failed(const char* expression, const char* what, const char* file, int line) noexcept;

}  // namespace millrace::detail

/// An invariant of a cold path: always on. No input may reach it.
#define MILLRACE_CHECK(expression, what) \
  ((expression) ? void(0) : ::millrace::detail::check_failed(#expression, what, __FILE__, __LINE__))

/// An invariant of the event path: on in debug and sanitizer builds (the build target defines
/// MILLRACE_ASSERTIONS), nothing elsewhere.
#if defined(MILLRACE_ASSERTIONS) && MILLRACE_ASSERTIONS
#  define MILLRACE_ASSERT(expression) MILLRACE_CHECK(expression, "assertion")
#else
#  define MILLRACE_ASSERT(expression) static_cast<void>(sizeof((expression) ? 1 : 0))
#endif
