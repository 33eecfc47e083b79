#pragma once

namespace millrace::bench {

/// Whether the program was started with --smoke: everything runs, on little, to see that it works and that its answers
/// are right; the figures mean nothing.
[[nodiscard]] bool is_smoke() noexcept;

/// `full`, or `little` in a smoke run. Requires: `main` has begun.
template <class T>
[[nodiscard]] T unless_smoke(T full, T little) noexcept {
  return is_smoke() ? little : full;
}

}  // namespace millrace::bench
