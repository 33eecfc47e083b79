#pragma once

#include <cstddef>

namespace millrace {

/// A stretch of a source text, in bytes from its start: where an error message points.
struct source_range {
  std::size_t begin = 0;
  std::size_t end = 0;

  friend constexpr bool operator==(const source_range&, const source_range&) = default;
};

}  // namespace millrace
