#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <millrace/base/cache_line.hpp>
#include <millrace/base/check.hpp>
#include <millrace/base/error.hpp>
#include <millrace/base/prefetch.hpp>
#include <millrace/pool/reservation.hpp>
#include <new>
#include <type_traits>

namespace millrace {

/// The handle that names no slot.
inline constexpr std::uint32_t null_handle = 0xFFFFFFFF;

namespace detail {

/// Which slots are taken: released ones form a list through their own first word, and those beyond
/// `fresh_` were never handed out, so that they are never touched either. The stride is an argument for
/// the sake of the typed pool, where it is a constant.
class slab {
 public:
  slab(std::uint32_t capacity, std::size_t bytes_each, std::size_t alignment)
      : capacity_(check_capacity(capacity)),
        slots_(reservation::for_items(capacity, bytes_each, alignment, memory_content::undefined)),
        live_(reservation::for_items(track_live ? capacity : 0, 1, 1, memory_content::zero)) {}

  [[nodiscard]] std::uint32_t try_allocate(std::size_t stride) noexcept {
    std::uint32_t handle = released_;
    if (handle != null_handle) {
      std::memcpy(&released_, slot(handle, stride), sizeof released_);
      // The next one shall not be waited for.
      if (released_ != null_handle) prefetch_line(slot(released_, stride));
    } else if (fresh_ != capacity_) {
      handle = fresh_++;
    } else {
      return null_handle;
    }
    ++size_;
    mark(handle, true);
    return handle;
  }

  void release(std::uint32_t handle, std::size_t stride) noexcept {
    MILLRACE_ASSERT(is_live(handle));
    mark(handle, false);
    std::memcpy(slot(handle, stride), &released_, sizeof released_);
    released_ = handle;
    --size_;
  }

  [[nodiscard]] std::byte* at(std::uint32_t handle, std::size_t stride) const noexcept {
    MILLRACE_ASSERT(is_live(handle));
    return slot(handle, stride);
  }

  [[nodiscard]] std::byte* data() const noexcept { return slots_.data(); }
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept { return slots_.bytes() + live_.bytes(); }

 private:
#if defined(MILLRACE_ASSERTIONS) && MILLRACE_ASSERTIONS
  static constexpr bool track_live = true;
#else
  static constexpr bool track_live = false;
#endif

  static std::uint32_t check_capacity(std::uint32_t capacity) {
    if (capacity == null_handle) throw error("a pool holds at most 4,294,967,294 slots");
    return capacity;
  }

  std::byte* slot(std::uint32_t handle, std::size_t stride) const noexcept {
    return slots_.data() + std::size_t{handle} * stride;
  }
  void mark([[maybe_unused]] std::uint32_t handle, [[maybe_unused]] bool live) noexcept {
    if constexpr (track_live) live_.data()[handle] = std::byte{live};
  }
  [[nodiscard]] bool is_live(std::uint32_t handle) const noexcept {
    return handle < capacity_ && live_.data()[handle] != std::byte{0};
  }

  std::uint32_t capacity_;
  std::uint32_t size_ = 0;
  std::uint32_t fresh_ = 0;
  std::uint32_t released_ = null_handle;
  reservation slots_;
  reservation live_;
};

}  // namespace detail

/// A fixed number of slots for `T`, named by 32-bit handles: half a pointer, and valid after a copy of the
/// memory. Memory is reserved up front and becomes resident as slots are first used.
/// A fresh slot's content is unspecified. A moved-from pool may only be destroyed or assigned to.
/// Threads: one owner. Allocation: in the constructor. Complexity: O(1) for every operation.
/// Errors: the constructor throws `millrace::error` when the memory is refused. In assertion builds, use or
/// release of a slot that is not allocated aborts.
template <class T>
class slab_pool {
  static_assert(std::is_trivially_copyable_v<T>, "a pool's slots are raw memory: T must be trivially copyable");
  struct alignas(std::max(alignof(T), alignof(std::uint32_t))) slot {
    std::byte bytes[sizeof(T)];
  };

 public:
  /// Bytes that one slot takes.
  static constexpr std::size_t bytes_each = sizeof(slot);

  explicit slab_pool(std::uint32_t capacity) : slab_(capacity, bytes_each, alignof(slot)) {}

  /// `null_handle` when every slot is taken.
  [[nodiscard]] std::uint32_t try_allocate() noexcept { return slab_.try_allocate(bytes_each); }

  /// Requires: `handle` is allocated.
  void release(std::uint32_t handle) noexcept { slab_.release(handle, bytes_each); }

  /// Requires: `handle` is allocated.
  [[nodiscard]] T& operator[](std::uint32_t handle) noexcept {
    return *std::launder(reinterpret_cast<T*>(slab_.at(handle, bytes_each)));
  }
  [[nodiscard]] const T& operator[](std::uint32_t handle) const noexcept {
    return *std::launder(reinterpret_cast<const T*>(slab_.at(handle, bytes_each)));
  }

  [[nodiscard]] std::uint32_t size() const noexcept { return slab_.size(); }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return slab_.capacity(); }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept { return slab_.reserved_bytes(); }

 private:
  detail::slab slab_;
};

/// A `slab_pool` whose slots are byte blocks of one size, chosen at construction, rounded up to whole cache
/// lines and aligned to them. The contract is `slab_pool`'s.
class byte_slab_pool {
 public:
  byte_slab_pool(std::uint32_t capacity, std::size_t bytes_each)
      : bytes_each_(round_up(bytes_each)), slab_(capacity, bytes_each_, cache_line_bytes) {}

  [[nodiscard]] std::uint32_t try_allocate() noexcept { return slab_.try_allocate(bytes_each_); }
  void release(std::uint32_t handle) noexcept { slab_.release(handle, bytes_each_); }

  [[nodiscard]] std::byte* operator[](std::uint32_t handle) noexcept { return slab_.at(handle, bytes_each_); }
  [[nodiscard]] const std::byte* operator[](std::uint32_t handle) const noexcept {
    return slab_.at(handle, bytes_each_);
  }

  /// Where the first slot stands, allocated or not; the others follow it.
  [[nodiscard]] std::byte* data() const noexcept { return slab_.data(); }
  [[nodiscard]] std::size_t bytes_each() const noexcept { return bytes_each_; }
  [[nodiscard]] std::uint32_t size() const noexcept { return slab_.size(); }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return slab_.capacity(); }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept { return slab_.reserved_bytes(); }

 private:
  static std::size_t round_up(std::size_t bytes) {
    if (bytes > SIZE_MAX - cache_line_bytes) throw error("a pool's slot is larger than the address space");
    return bytes == 0 ? cache_line_bytes : (bytes + cache_line_bytes - 1) / cache_line_bytes * cache_line_bytes;
  }

  std::size_t bytes_each_;
  detail::slab slab_;
};

}  // namespace millrace
