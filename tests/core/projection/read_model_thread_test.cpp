// One thread writes, others read.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <millrace/projection/published_ranking.hpp>
#include <millrace/projection/read_model.hpp>
#include <millrace/projection/rebuilt_model.hpp>
#include <random>
#include <thread>
#include <vector>

namespace millrace::projection {
namespace {

/// Four words that say the same.
struct row {
  std::uint64_t group = 0;
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  std::uint64_t c = 0;

  [[nodiscard]] bool is_whole() const { return a == group * 1'000'003 && b == a + 1 && c == a + 2; }
};
row row_of(std::uint64_t group) {
  const std::uint64_t a = group * 1'000'003;
  return {group, a, a + 1, a + 2};
}
struct group_of {
  std::uint64_t operator()(const row& of) const { return of.group; }
};
using model = read_model<std::uint64_t, row, group_of>;

constexpr std::uint64_t keys = 64;
constexpr std::uint64_t groups = 4;
constexpr std::uint64_t resident = 1'000;  // keys from here on never change

#if defined(__SANITIZE_THREAD__)
constexpr int changes = 20'000;
#else
constexpr int changes = 200'000;
#endif

void write(model& m, const std::atomic<bool>& has_readers) {
  while (!has_readers) std::this_thread::yield();
  std::mt19937_64 random(7);
  for (int i = 0; i < changes; ++i) {
    const std::uint64_t key = random() % keys;
    if (random() % 8 == 0)
      m.erase(key);
    else
      m.put(key, row_of(random() % groups));
  }
}

/// What a look at everything found wrong.
std::uint64_t errors_in(const model& m, std::mt19937_64& random) {
  std::uint64_t errors = 0;
  if (const auto found = m.read(random() % keys)) errors += !found->is_whole();
  const std::uint64_t group = random() % groups;
  bool met = false;
  m.for_each_by<0>(group, [&](std::uint64_t key, const row& of) {
    errors += of.group != group || !of.is_whole();
    met = met || key == resident + group;
  });
  errors += !met;
  std::array<std::uint64_t, 2 * keys> room{};
  const std::size_t count = m.copy_by<0>(group, room);
  const auto end = room.begin() + static_cast<std::ptrdiff_t>(count);
  std::sort(room.begin(), end);
  errors += std::adjacent_find(room.begin(), end) != end;
  errors += !std::binary_search(room.begin(), end, resident + group);
  std::uint64_t residents = 0;
  m.for_each([&](std::uint64_t key, const row& of) {
    errors += !of.is_whole();
    residents += key >= resident;
  });
  return errors + (residents != groups);
}

TEST(read_model_threads, readers_see_whole_rows_and_all_that_stay) {
  model m(2 * keys, {});
  for (std::uint64_t group = 0; group < groups; ++group) m.put(resident + group, row_of(group));
  std::atomic<bool> has_readers{false};
  std::atomic<bool> is_done{false};
  std::atomic<std::uint64_t> errors{0};
  std::atomic<std::uint64_t> looks{0};
  std::vector<std::thread> readers;
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    readers.emplace_back([&, seed] {
      std::mt19937_64 random(seed);
      do {
        errors += errors_in(m, random);
        ++looks;
        has_readers = true;
      } while (!is_done);
    });
  }
  write(m, has_readers);
  is_done = true;
  for (std::thread& each : readers) each.join();
  EXPECT_EQ(errors, 0u);
  EXPECT_GT(looks, 1u);
}

TEST(published_ranking_threads, a_reader_sees_a_top_of_one_moment) {
  published_ranking<std::uint64_t, std::uint64_t, 8> ranking(keys);
  for (std::uint64_t key = 0; key < keys; ++key) ranking.put(key, key);
  std::atomic<bool> is_done{false};
  std::atomic<std::uint64_t> errors{0};
  std::atomic<std::uint64_t> looks{0};
  std::thread reader([&] {
    do {
      std::array<decltype(ranking)::ranked, 8> top{};
      errors += ranking.read(top) != 8;
      for (std::size_t i = 1; i < 8; ++i) errors += top[i - 1].score <= top[i].score;
      // Whoever is put gets a score of its own: its key in the lowest bits.
      for (const auto& each : top) errors += each.score % keys != each.key;
      ++looks;
    } while (!is_done);
  });
  while (looks == 0) std::this_thread::yield();
  std::mt19937_64 random(7);
  for (int i = 0; i < changes; ++i) {
    const std::uint64_t key = random() % keys;
    ranking.put(key, random() % 1'000 * keys + key);
  }
  is_done = true;
  reader.join();
  EXPECT_EQ(errors, 0u);
}

TEST(rebuilt_model_threads, a_reader_sees_the_rows_of_one_rebuilding_only) {
  rebuilt_model<model> both(std::size_t{keys}, group_of{});
  const auto fill = [](model& m, std::uint64_t group) {
    for (std::uint64_t key = 0; key < keys; ++key) m.put(key, row_of(group));
  };
  fill(both.live(), 0);
  std::atomic<bool> is_done{false};
  std::atomic<std::uint64_t> errors{0};
  std::atomic<std::uint64_t> looks{0};
  std::thread reader([&] {
    std::uint64_t last = 0;
    do {
      struct seen {
        std::uint64_t lowest = ~std::uint64_t{0};
        std::uint64_t highest = 0;
        std::uint64_t count = 0;
      };
      const seen all = both.read([](const model& m) {
        seen made;
        m.for_each([&](std::uint64_t, const row& of) {
          made.lowest = std::min(made.lowest, of.group);
          made.highest = std::max(made.highest, of.group);
          ++made.count;
        });
        return made;
      });
      errors += all.lowest != all.highest || all.count != keys || all.lowest < last;
      last = all.lowest;
      ++looks;
    } while (!is_done);
  });
  while (looks == 0) std::this_thread::yield();
  for (std::uint64_t group = 1; group <= static_cast<std::uint64_t>(changes) / 200; ++group) {
    fill(both.rebuild(), group);
    both.switch_over();
  }
  is_done = true;
  reader.join();
  EXPECT_EQ(errors, 0u);
}

}  // namespace
}  // namespace millrace::projection
