#include <fmt/format.h>
#include <mimalloc.h>

#include <limits>
#include <millrace/base/check.hpp>
#include <millrace/base/error.hpp>
#include <millrace/pool/reservation.hpp>

namespace millrace {

reservation::reservation(std::size_t bytes, std::size_t alignment, memory_content content) : bytes_(bytes) {
  MILLRACE_CHECK(alignment != 0 && (alignment & (alignment - 1)) == 0, "an alignment is a power of two");
  if (bytes == 0) return;
  // mi_zalloc clears only what the kernel has not just handed out as zero pages.
  void* const memory =
      content == memory_content::zero ? mi_zalloc_aligned(bytes, alignment) : mi_malloc_aligned(bytes, alignment);
  if (memory == nullptr) throw error(fmt::format("cannot reserve {} bytes of memory", bytes));
  data_ = static_cast<std::byte*>(memory);
}

reservation reservation::for_items(std::size_t count, std::size_t bytes_each, std::size_t alignment,
                                   memory_content content) {
  if (bytes_each != 0 && count > std::numeric_limits<std::ptrdiff_t>::max() / bytes_each) {
    throw error(fmt::format("cannot reserve {} items of {} bytes: more than the address space", count, bytes_each));
  }
  return reservation(count * bytes_each, alignment, content);
}

reservation::~reservation() { mi_free(data_); }

}  // namespace millrace
