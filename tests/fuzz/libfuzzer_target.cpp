// libFuzzer's side: a difference from the oracle ends the program like a crash.

#include "pattern_and_feed.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    millrace::fuzz::try_pattern_and_feed({reinterpret_cast<const char*>(data), size});
  } catch (const std::exception& e) {
    std::fputs(e.what(), stderr);
    std::abort();
  }
  return 0;
}
