#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace millrace {

/// CRC-32C (Castagnoli) of `data`, as iSCSI, ext4 and RFC 3720 use it; "123456789" gives 0xE3069283.
/// `before` is the checksum of what precedes: `crc32c(b, crc32c(a))` is that of `a` followed by `b`.
/// Threads: any. Complexity: linear, in hardware where the machine can. Allocation: none.
[[nodiscard]] std::uint32_t crc32c(std::span<const std::byte> data, std::uint32_t before = 0) noexcept;

}  // namespace millrace
