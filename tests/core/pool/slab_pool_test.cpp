#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <map>
#include <millrace/pool/slab_pool.hpp>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace millrace {
namespace {

struct wide {
  std::array<std::uint64_t, 512> words;
};

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

TEST(slab_pool, hands_out_exactly_its_capacity) {
  slab_pool<std::uint64_t> pool(3);
  std::set<std::uint32_t> handles;
  for (int i = 0; i < 3; ++i) handles.insert(pool.try_allocate());
  EXPECT_EQ(handles.size(), 3u);
  EXPECT_FALSE(handles.contains(null_handle));
  EXPECT_EQ(pool.size(), 3u);
  EXPECT_EQ(pool.try_allocate(), null_handle);
  EXPECT_EQ(pool.size(), 3u);
}

TEST(slab_pool, of_no_slots_is_always_exhausted) {
  slab_pool<int> pool(0);
  EXPECT_EQ(pool.capacity(), 0u);
  EXPECT_EQ(pool.try_allocate(), null_handle);
}

TEST(slab_pool, reuses_the_slot_released_last) {
  slab_pool<int> pool(4);
  const auto first = pool.try_allocate();
  const auto second = pool.try_allocate();
  pool.release(first);
  pool.release(second);
  EXPECT_EQ(pool.try_allocate(), second);
  EXPECT_EQ(pool.try_allocate(), first);
}

TEST(slab_pool, slots_are_aligned_and_hold_at_least_a_link) {
  struct alignas(128) line {
    char c;
  };
  EXPECT_EQ(slab_pool<char>::bytes_each, 4u);
  EXPECT_EQ(slab_pool<line>::bytes_each, 128u);
  slab_pool<line> pool(3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&pool[pool.try_allocate()]) % 128, 0u);
  }
}

TEST(slab_pool, keeps_live_slots_apart_under_random_use) {
  slab_pool<std::uint64_t> pool(97);
  std::map<std::uint32_t, std::uint64_t> oracle;
  std::mt19937_64 random(1);
  for (int step = 0; step < 100'000; ++step) {
    if (random() % 2 == 0) {
      const auto handle = pool.try_allocate();
      ASSERT_EQ(handle == null_handle, oracle.size() == 97u);
      if (handle == null_handle) continue;
      ASSERT_TRUE(oracle.emplace(handle, step).second);
      pool[handle] = static_cast<std::uint64_t>(step);
    } else if (!oracle.empty()) {
      auto victim = oracle.lower_bound(static_cast<std::uint32_t>(random() % 97));
      if (victim == oracle.end()) victim = oracle.begin();
      ASSERT_EQ(pool[victim->first], victim->second);
      pool.release(victim->first);
      oracle.erase(victim);
    }
    ASSERT_EQ(pool.size(), oracle.size());
  }
}

TEST(slab_pool, resident_memory_grows_only_with_use) {
  const auto before = resident_bytes();
  slab_pool<wide> pool(256 * 1024);  // 1 GiB of address space
  EXPECT_LT(resident_bytes() - before, 64u << 20);
  for (std::uint32_t i = 0; i < 16 * 1024; ++i) pool[pool.try_allocate()].words.fill(i);
  EXPECT_GE(resident_bytes() - before, 64u << 20);
  EXPECT_LT(resident_bytes() - before, 192u << 20);
}

TEST(slab_pool, moves_with_its_content) {
  slab_pool<int> pool(2);
  const auto handle = pool.try_allocate();
  pool[handle] = 42;
  slab_pool<int> moved = std::move(pool);
  EXPECT_EQ(moved[handle], 42);
  EXPECT_EQ(moved.size(), 1u);
}

TEST(slab_pool, refuses_more_than_the_address_space) {
  EXPECT_THROW(slab_pool<int>{null_handle}, error);
  EXPECT_THROW((byte_slab_pool{null_handle - 1, SIZE_MAX / 2}), error);
  EXPECT_THROW((byte_slab_pool{1, SIZE_MAX}), error);
}

TEST(byte_slab_pool, rounds_slots_up_to_cache_lines) {
  EXPECT_EQ(byte_slab_pool(1, 0).bytes_each(), 64u);
  EXPECT_EQ(byte_slab_pool(1, 1).bytes_each(), 64u);
  EXPECT_EQ(byte_slab_pool(1, 64).bytes_each(), 64u);
  EXPECT_EQ(byte_slab_pool(1, 65).bytes_each(), 128u);
}

TEST(byte_slab_pool, blocks_are_aligned_apart_and_bounded) {
  byte_slab_pool pool(3, 100);
  std::set<std::byte*> blocks;
  for (int i = 0; i < 3; ++i) {
    std::byte* const block = pool[pool.try_allocate()];
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 64, 0u);
    std::fill_n(block, pool.bytes_each(), std::byte{0xFF});
    blocks.insert(block);
  }
  EXPECT_EQ(*blocks.rbegin() - *blocks.begin(), 256);
  EXPECT_EQ(pool.try_allocate(), null_handle);
}

TEST(reservation, zeroed_memory_is_zero_even_when_reused) {
  for (int round = 0; round < 3; ++round) {
    for (const std::size_t bytes : {std::size_t{64}, std::size_t{8192}, std::size_t{64} << 20}) {
      reservation memory(bytes, 64, memory_content::zero);
      ASSERT_TRUE(std::all_of(memory.data(), memory.data() + bytes, [](std::byte b) { return b == std::byte{0}; }));
      std::fill_n(memory.data(), bytes, std::byte{0xEE});
    }
  }
}

TEST(reservation, all_of_it_can_be_written_whatever_its_size) {
  constexpr std::size_t huge = std::size_t{2} << 20;
  for (const std::size_t bytes : {huge - 1, huge, huge + 1, 2 * huge + 4'095, std::size_t{9'999'999}}) {
    for (int times = 0; times < 3; ++times) {
      reservation memory(bytes, 4'096, memory_content::zero);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.data()) % 4'096, 0U);
      EXPECT_EQ(memory.bytes(), bytes);
      for (std::size_t at = 0; at < bytes; at += 4'096)
        ASSERT_EQ(std::exchange(memory.data()[at], std::byte{1}), std::byte{0});
      ASSERT_EQ(std::exchange(memory.data()[bytes - 1], std::byte{2}),
                (bytes - 1) % 4'096 == 0 ? std::byte{1} : std::byte{0});
    }
  }
}

TEST(reservation, of_nothing_holds_nothing) {
  reservation memory(0, 64, memory_content::zero);
  EXPECT_EQ(memory.data(), nullptr);
  EXPECT_EQ(memory.bytes(), 0u);
}

#if defined(MILLRACE_ASSERTIONS) && MILLRACE_ASSERTIONS
TEST(slab_pool_death, double_release_aborts) {
  slab_pool<int> pool(2);
  const auto handle = pool.try_allocate();
  pool.release(handle);
  EXPECT_DEATH(pool.release(handle), "is_live");
}

TEST(slab_pool_death, use_after_release_aborts) {
  slab_pool<int> pool(2);
  const auto handle = pool.try_allocate();
  pool.release(handle);
  EXPECT_DEATH(pool[handle] = 1, "is_live");
}

TEST(slab_pool_death, handle_out_of_range_aborts) {
  slab_pool<int> pool(2);
  EXPECT_DEATH(pool[2] = 1, "is_live");
  EXPECT_DEATH(pool.release(null_handle), "is_live");
}
#endif

}  // namespace
}  // namespace millrace
