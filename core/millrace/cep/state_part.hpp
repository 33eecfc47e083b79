#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace::cep {

/// One part of what a matcher reserves. Memory is reserved for the whole bound, and becomes resident with use.
struct state_part {
  std::string_view what;   ///< a noun in the plural
  std::size_t bytes_each;  ///< at most
  std::uint64_t bound;     ///< how many there may be
  std::size_t bytes;       ///< reserved for all of them
};

}  // namespace millrace::cep
