#include <millrace/placement/pinning.hpp>

#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>

#include <cstddef>
#include <cstring>
#include <vector>

namespace millrace {

namespace {

// The kernel's own limit on most builds is 8,192 cpus; a fixed cpu_set_t stops at 1,024.
constexpr std::size_t cpu_count_max = 8192;

std::size_t mask_bytes() noexcept { return CPU_ALLOC_SIZE(cpu_count_max); }

struct mask {
  std::vector<cpu_set_t> words = std::vector<cpu_set_t>(mask_bytes() / sizeof(cpu_set_t));
  cpu_set_t* set() noexcept { return words.data(); }
};

}  // namespace

pin_result pin_this_thread(const cpu& where) {
  if (where.os_index >= cpu_count_max) return {false, fmt::format("cpu {}: there is no such cpu", where.os_index)};
  mask target;
  CPU_SET_S(where.os_index, mask_bytes(), target.set());
  const int refused = pthread_setaffinity_np(pthread_self(), mask_bytes(), target.set());
  if (refused == 0) return {true, {}};
  return {false, fmt::format("cpu {}: {}", where.os_index, std::strerror(refused))};
}

struct affinity_guard::saved {
  mask cpus;
};

affinity_guard::affinity_guard() : saved_(std::make_unique<saved>()) {
  if (pthread_getaffinity_np(pthread_self(), mask_bytes(), saved_->cpus.set()) != 0) saved_.reset();
}

affinity_guard::~affinity_guard() {
  if (saved_ != nullptr) pthread_setaffinity_np(pthread_self(), mask_bytes(), saved_->cpus.set());
}

}  // namespace millrace
