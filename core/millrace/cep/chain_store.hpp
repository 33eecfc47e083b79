#pragma once

#include <millrace/base/prefetch.hpp>
#include <millrace/pool/slab_pool.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <vector>

namespace millrace::cep {

/// An event that a chain has taken at one link, whatever the number of partial matches that took it. The events
/// that those matches take next are a stretch of the next link's elements: [begin, end), or from `begin` on while
/// it waits.
struct chain_element {
  std::uint32_t event;  ///< held copy
  std::uint32_t begin;
  std::uint32_t end;
  std::uint32_t unused;
};

/// An element of the first link.
struct chain_start {
  chain_element element;
  std::int64_t time_ns;
  std::uint64_t first;  ///< position in the feed
};

/// The elements of one link, oldest first, in a ring. Elements are named by counting up, modulo 2^32.
struct chain_level {
  std::uint32_t block = null_handle;  ///< handle * 32 + size class
  std::uint32_t head = 0;             ///< the oldest
  std::uint32_t wait = 0;             ///< the first that still waits for the next link's event
  std::uint32_t tail = 0;             ///< behind the newest

  [[nodiscard]] bool empty() const noexcept { return head == tail; }
  [[nodiscard]] std::uint32_t size() const noexcept { return tail - head; }
};

/// Whether `a` comes before `b`, of two that are less than 2^31 apart.
inline bool is_before(std::uint32_t a, std::uint32_t b) noexcept { return static_cast<std::int32_t>(a - b) < 0; }

/// Memory of rings of elements: blocks of 64 bytes and its doubles. A ring that is full moves to a block of twice
/// the size.
///
/// Threads: one owner. Allocation: in the constructor. Complexity: O(1) amortised.
class chain_store {
 public:
  /// Room for `elements`, each in a ring of its own; each larger size of blocks has room for about so many.
  explicit chain_store(std::uint32_t elements) {
    pools_.emplace_back(std::clamp<std::uint32_t>(elements, 1, block_count_max), block_bytes_min);
    const std::size_t bytes = std::size_t{elements} * sizeof(chain_start);
    for (std::size_t size = 2 * block_bytes_min; size <= bytes && pools_.size() < class_count_max; size *= 2)
      pools_.emplace_back(static_cast<std::uint32_t>(std::min<std::size_t>(bytes / size, block_count_max)), size);
  }

  [[nodiscard]] std::size_t reserved_bytes() const noexcept {
    std::size_t sum = 0;
    for (const byte_slab_pool& pool : pools_) sum += pool.reserved_bytes();
    return sum;
  }

  /// Makes room for one more element; false when there is none. `bytes_each`: of the ring's elements.
  [[nodiscard]] bool reserve(chain_level& level, std::size_t bytes_each) noexcept {
    if (level.block != null_handle && level.size() < capacity(level, bytes_each)) return true;
    return grow(level, bytes_each);
  }

  template <class Element>
  [[nodiscard]] Element& at(const chain_level& level, std::uint32_t index) noexcept {
    const std::size_t slot = index & (capacity(level, sizeof(Element)) - 1);
    return *std::launder(reinterpret_cast<Element*>(bytes_of(level)) + slot);
  }

  /// For those who load elements ahead of time: where the blocks of the smaller sizes stand.
  static constexpr std::size_t outlined_sizes = 3;
  using block_places = std::array<const std::byte*, outlined_sizes>;
  [[nodiscard]] block_places places() const noexcept {
    block_places made{};
    for (std::size_t i = 0; i < std::min(outlined_sizes, pools_.size()); ++i) made[i] = pools_[i].data();
    return made;
  }
  /// Where an element of a ring stands; `nullptr` for rings in larger blocks.
  [[nodiscard]] static const std::byte* place_of(const block_places& places, const chain_level& level,
                                                 std::uint32_t index, std::size_t bytes_each) noexcept {
    const std::size_t size_class = level.block % class_count_max;
    if (size_class >= outlined_sizes) return nullptr;
    const std::size_t slot = index & (capacity(level, bytes_each) - 1);
    return places[size_class] + level.block / class_count_max * (block_bytes_min << size_class) + slot * bytes_each;
  }

  /// Starts to load the oldest element of a ring that is not empty, and the newest where that is elsewhere.
  void prefetch(const chain_level& level, std::size_t bytes_each) noexcept {
    const std::byte* const ring = bytes_of(level);
    const std::size_t last = capacity(level, bytes_each) - 1;
    const std::size_t oldest = (level.head & last) * bytes_each;
    const std::size_t newest = ((level.tail - 1) & last) * bytes_each;
    prefetch_line(ring + oldest);
    if ((oldest ^ newest) >= cache_line_bytes) prefetch_line(ring + newest);
  }

  /// Gives the memory of an empty ring back. Its elements go on being counted from where they stood.
  void release(chain_level& level) noexcept {
    if (level.block != null_handle) pools_[level.block % class_count_max].release(level.block / class_count_max);
    level.block = null_handle;
  }

 private:
  static constexpr std::size_t block_bytes_min = 64;
  static constexpr std::uint32_t class_count_max = 32;
  static constexpr std::uint32_t block_count_max = 1U << 26;

  static std::size_t capacity(const chain_level& level, std::size_t bytes_each) noexcept {
    return (block_bytes_min << (level.block % class_count_max)) / bytes_each;
  }
  [[nodiscard]] std::byte* bytes_of(const chain_level& level) noexcept {
    return pools_[level.block % class_count_max][level.block / class_count_max];
  }

  bool grow(chain_level& level, std::size_t bytes_each) noexcept {
    const std::uint32_t size_class = level.block == null_handle ? 0 : level.block % class_count_max + 1;
    if (size_class >= pools_.size()) return false;
    const std::uint32_t handle = pools_[size_class].try_allocate();
    if (handle == null_handle) return false;
    chain_level larger = level;
    larger.block = handle * class_count_max + size_class;
    if (level.block != null_handle) {
      const std::size_t from = capacity(level, bytes_each) - 1;
      const std::size_t to = capacity(larger, bytes_each) - 1;
      for (std::uint32_t i = level.head; i != level.tail; ++i)
        std::memcpy(bytes_of(larger) + (i & to) * bytes_each, bytes_of(level) + (i & from) * bytes_each, bytes_each);
      pools_[level.block % class_count_max].release(level.block / class_count_max);
    }
    level = larger;
    return true;
  }

  std::vector<byte_slab_pool> pools_;
};

}  // namespace millrace::cep
