#pragma once

#include <millrace/base/cache_line.hpp>
#include <millrace/base/check.hpp>
#include <millrace/pool/reservation.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

namespace millrace {

/// Places for large objects of one type that are used together, an odd number of cache lines apart.
///
/// A heap puts objects of some kilobytes at multiples of large powers of two. Then the same member of each of them
/// falls into the same few lines of the nearest cache, which holds a dozen of such lines and not a hundred.
///
/// The memory is there as long as any of the objects. Threads: one owner. Allocation: in the constructor, and what the
/// objects allocate. Errors: `millrace::error` when the memory is refused.
template <class T>
class spread_objects {
 public:
  struct deleter {
    std::shared_ptr<const reservation> memory;

    void operator()(T* gone) const noexcept { gone->~T(); }
  };
  using pointer = std::unique_ptr<T, deleter>;

  /// Room for `count` objects.
  explicit spread_objects(std::size_t count)
      : count_(count),
        memory_(std::make_shared<const reservation>(
            reservation::for_items(count, bytes_each, cache_line_bytes, memory_content::undefined))) {}

  /// Requires: there is room.
  template <class... Args>
  [[nodiscard]] pointer make(Args&&... args) {
    MILLRACE_CHECK(made_ != count_, "more objects than there is room for");
    T* const made = ::new (static_cast<void*>(memory_->data() + made_ * bytes_each)) T(std::forward<Args>(args)...);
    ++made_;
    return pointer(made, deleter{memory_});
  }

  static constexpr std::size_t bytes_each =
      ((sizeof(T) + cache_line_bytes - 1) / cache_line_bytes | 1) * cache_line_bytes;

 private:
  static_assert(alignof(T) <= cache_line_bytes);

  std::size_t count_;
  std::size_t made_ = 0;
  std::shared_ptr<const reservation> memory_;
};

}  // namespace millrace
