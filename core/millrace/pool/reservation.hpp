#pragma once

#include <cstddef>
#include <utility>

namespace millrace {

/// What fresh reserved memory holds.
enum class memory_content { undefined, zero };

/// Of what pages large reservations are to be made, where the system grants them: of huge ones behind the first 256
/// KiB, which cost less to look up; or of small ones only, which cost less to touch for the first time, each.
enum class memory_pages { huge, small };

/// Memory taken once, at set-up, and held until destruction. Pages that nobody writes cost address space
/// only: resident memory grows with use, behind the first 256 KiB in huge pages where the system grants them.
/// Threads: one owner. Allocation: in the constructor. Errors: `millrace::error` when the memory is refused.
class reservation {
 public:
  reservation() noexcept = default;

  /// Requires: `alignment` is a power of two, at most 4,096.
  reservation(std::size_t bytes, std::size_t alignment, memory_content content,
              memory_pages pages = memory_pages::huge);

  /// `count` items of `bytes_each` bytes; the product is checked before anything is allocated.
  static reservation for_items(std::size_t count, std::size_t bytes_each, std::size_t alignment, memory_content content,
                               memory_pages pages = memory_pages::huge);

  reservation(reservation&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  reservation& operator=(reservation&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~reservation();

  /// Makes part of the memory resident, by a call of the system that costs less than to touch each page. What the
  /// system refuses is made resident when it is touched.
  void make_resident(std::size_t offset, std::size_t bytes) noexcept;

  [[nodiscard]] std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace millrace
