#include <fmt/format.h>
#include <mimalloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <millrace/base/check.hpp>
#include <millrace/base/error.hpp>
#include <millrace/pool/reservation.hpp>

namespace millrace {
namespace {

constexpr std::size_t page_bytes = 4'096;
constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;
/// Of each reservation, what stays in small pages, so that one that is little used costs little. It is short, for
/// translation caches hold few small pages: of 4 MiB, keys all over them were up to a tenth slower.
constexpr std::size_t small_pages_bytes = std::size_t{256} << 10;

/// Large reservations are mapped: a heap may write all of one to clear it. No alignment here is larger than a page.
bool is_mapped(std::size_t bytes) noexcept { return bytes >= huge_page_bytes; }

/// Fresh pages, which are zero, and of which none is touched here. Null when they are refused.
std::byte* map_small_pages(std::size_t bytes) noexcept {
  void* const mapped =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  ::madvise(mapped, bytes, MADV_NOHUGEPAGE);
  return static_cast<std::byte*>(mapped);
}

/// The same, so placed that the small ones end where a huge page may begin. Huge pages are advice: where they are not
/// granted nothing changes.
std::byte* map_huge_pages(std::size_t bytes) noexcept {
  void* const mapped = bytes > std::numeric_limits<std::size_t>::max() - huge_page_bytes
                           ? MAP_FAILED
                           : ::mmap(nullptr, bytes + huge_page_bytes, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  auto* const begin = static_cast<std::byte*>(mapped);
  const std::size_t before =
      (huge_page_bytes - (reinterpret_cast<std::uintptr_t>(mapped) + small_pages_bytes) % huge_page_bytes) %
      huge_page_bytes;
  const std::size_t used = (bytes + page_bytes - 1) / page_bytes * page_bytes;
  if (before != 0) ::munmap(begin, before);
  if (before + used < bytes + huge_page_bytes) ::munmap(begin + before + used, bytes + huge_page_bytes - before - used);
  std::byte* const data = begin + before;
  if (bytes > small_pages_bytes) ::madvise(data + small_pages_bytes, used - small_pages_bytes, MADV_HUGEPAGE);
  return data;
}

}  // namespace

reservation::reservation(std::size_t bytes, std::size_t alignment, memory_content content, memory_pages pages)
    : bytes_(bytes) {
  MILLRACE_CHECK(alignment != 0 && (alignment & (alignment - 1)) == 0 && alignment <= page_bytes,
                 "an alignment is a power of two, a page at most");
  if (bytes == 0) return;
  void* memory = nullptr;
  if (is_mapped(bytes)) {
    memory = pages == memory_pages::small ? map_small_pages(bytes) : map_huge_pages(bytes);
  } else {
    memory =
        content == memory_content::zero ? mi_zalloc_aligned(bytes, alignment) : mi_malloc_aligned(bytes, alignment);
  }
  if (memory == nullptr) throw memory_error(fmt::format("cannot reserve {} bytes of memory", bytes));
  data_ = static_cast<std::byte*>(memory);
}

reservation reservation::for_items(std::size_t count, std::size_t bytes_each, std::size_t alignment,
                                   memory_content content, memory_pages pages) {
  if (bytes_each != 0 && count > std::numeric_limits<std::ptrdiff_t>::max() / bytes_each) {
    throw memory_error(
        fmt::format("cannot reserve {} items of {} bytes: more than the address space", count, bytes_each));
  }
  return reservation(count * bytes_each, alignment, content, pages);
}

void reservation::make_resident(std::size_t offset, std::size_t bytes) noexcept {
  if (!is_mapped(bytes_)) return;
#if defined(MADV_POPULATE_WRITE)
  const std::size_t first = offset / page_bytes * page_bytes;
  const std::size_t end = std::min((offset + bytes + page_bytes - 1) / page_bytes * page_bytes, bytes_);
  ::madvise(data_ + first, end - first, MADV_POPULATE_WRITE);
#else
  static_cast<void>(offset);
  static_cast<void>(bytes);
#endif
}

reservation::~reservation() {
  if (data_ != nullptr && is_mapped(bytes_))
    ::munmap(data_, bytes_);
  else
    mi_free(data_);
}

}  // namespace millrace
