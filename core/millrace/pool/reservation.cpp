#include <fmt/format.h>
#include <mimalloc.h>
#include <sys/mman.h>

#include <cstdint>
#include <limits>
#include <millrace/base/check.hpp>
#include <millrace/base/error.hpp>
#include <millrace/pool/reservation.hpp>

namespace millrace {
namespace {

constexpr std::size_t page_bytes = 4'096;
constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;
/// Of each reservation, what stays in small pages, so that one that is little used costs little. A translation
/// cache holds about so much of them.
constexpr std::size_t small_pages_bytes = std::size_t{4} << 20;

/// Large reservations are mapped: a heap may write all of one to clear it. No alignment here is larger than a page.
bool is_mapped(std::size_t bytes) noexcept { return bytes >= huge_page_bytes; }

/// Asks for huge pages behind the first few megabytes. It is advice: where it is not granted nothing changes.
void advise_huge_pages(std::byte* data, std::size_t bytes) noexcept {
  const auto begin = (reinterpret_cast<std::uintptr_t>(data) + small_pages_bytes + huge_page_bytes - 1) /
                     huge_page_bytes * huge_page_bytes;
  const auto end = (reinterpret_cast<std::uintptr_t>(data) + bytes) / huge_page_bytes * huge_page_bytes;
  if (begin < end) ::madvise(data + (begin - reinterpret_cast<std::uintptr_t>(data)), end - begin, MADV_HUGEPAGE);
}

}  // namespace

reservation::reservation(std::size_t bytes, std::size_t alignment, memory_content content) : bytes_(bytes) {
  MILLRACE_CHECK(alignment != 0 && (alignment & (alignment - 1)) == 0 && alignment <= page_bytes,
                 "an alignment is a power of two, a page at most");
  if (bytes == 0) return;
  void* memory = nullptr;
  if (is_mapped(bytes)) {
    // Fresh pages are zero, and none is touched here.
    memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) memory = nullptr;
  } else {
    memory =
        content == memory_content::zero ? mi_zalloc_aligned(bytes, alignment) : mi_malloc_aligned(bytes, alignment);
  }
  if (memory == nullptr) throw memory_error(fmt::format("cannot reserve {} bytes of memory", bytes));
  data_ = static_cast<std::byte*>(memory);
  if (is_mapped(bytes)) advise_huge_pages(data_, bytes);
}

reservation reservation::for_items(std::size_t count, std::size_t bytes_each, std::size_t alignment,
                                   memory_content content) {
  if (bytes_each != 0 && count > std::numeric_limits<std::ptrdiff_t>::max() / bytes_each) {
    throw memory_error(
        fmt::format("cannot reserve {} items of {} bytes: more than the address space", count, bytes_each));
  }
  return reservation(count * bytes_each, alignment, content);
}

reservation::~reservation() {
  if (data_ != nullptr && is_mapped(bytes_))
    ::munmap(data_, bytes_);
  else
    mi_free(data_);
}

}  // namespace millrace
