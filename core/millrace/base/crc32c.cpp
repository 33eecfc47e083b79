#include <isa-l/crc.h>

#include <algorithm>
#include <millrace/base/crc32c.hpp>

namespace millrace {

std::uint32_t crc32c(std::span<const std::byte> data, std::uint32_t before) noexcept {
  // ISA-L leaves both inversions to the caller, counts in int, and takes its input without const.
  constexpr std::size_t chunk_bytes_max = std::size_t{1} << 30;
  std::uint32_t state = ~before;
  while (!data.empty()) {
    const std::size_t bytes = std::min(data.size(), chunk_bytes_max);
    auto* const input = const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(data.data()));
    state = crc32_iscsi(input, static_cast<int>(bytes), state);
    data = data.subspan(bytes);
  }
  return ~state;
}

}  // namespace millrace
