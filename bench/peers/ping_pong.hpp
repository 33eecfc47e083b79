#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <millrace/base/cache_line.hpp>
#include <thread>

namespace millrace::bench {

/// One pause a poll, the best for all rings (see the floor's table in this folder's results), and a way out for a
/// machine with one processor.
inline void poll_pause(std::uint32_t& polls) {
  if (++polls % 4096 == 0) std::this_thread::yield();
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/// Where a sample's two processors stood to each other.
enum class placement : std::uint8_t { smt, near, far };
inline constexpr std::array placement_names{"smt", "near", "far"};

inline placement placement_of(double round_trip_ns) {
  return round_trip_ns < 85 ? placement::smt : round_trip_ns < 230 ? placement::near : placement::far;
}

/// The bare hand-over, and the floor of every ring: two lines, one written by each thread.
class ping_pong {
 public:
  /// Best of three, in nanoseconds a round trip. The other thread calls `answer`.
  double ask() {
    double best = 1e9;
    for (int i = 0; i < 3; ++i) {
      const auto start = std::chrono::steady_clock::now();
      for (std::uint64_t n = 0; n < rounds; ++n) {
        ping_.store(++turn_, std::memory_order_release);  // A1, pairs with B1
        wait_for(pong_, turn_);                           // A2, pairs with B2
      }
      const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
      best = std::min(best, took.count() / rounds);
    }
    return best;
  }
  void answer() {
    for (std::uint64_t n = 0; n < 3 * rounds; ++n) {
      wait_for(ping_, ++answered_);                       // B1, pairs with A1
      pong_.store(answered_, std::memory_order_release);  // B2, pairs with A2
    }
  }

 private:
  static constexpr std::uint64_t rounds = 300;

  static void wait_for(const std::atomic<std::uint64_t>& word, std::uint64_t value) {
    std::uint32_t polls = 0;
    while (word.load(std::memory_order_acquire) != value) poll_pause(polls);
  }

  alignas(millrace::false_sharing_bytes) std::atomic<std::uint64_t> ping_{0};
  alignas(millrace::false_sharing_bytes) std::atomic<std::uint64_t> pong_{0};
  alignas(millrace::false_sharing_bytes) std::uint64_t turn_ = 0;
  alignas(millrace::false_sharing_bytes) std::uint64_t answered_ = 0;
};

}  // namespace millrace::bench
