// Writers and readers of read models: no allocation. A program of its own: it replaces operator new to count.

#include <gtest/gtest.h>
#include <allocation_counter.hpp>

#include <array>
#include <cstdint>
#include <millrace/projection/read_model.hpp>
#include <millrace/projection/rebuilt_model.hpp>
#include <millrace/projection/top_rows.hpp>
#include <random>

namespace millrace::projection {
namespace {

struct post {
  std::uint32_t author = 0;
  std::uint32_t likes = 0;
};
struct author_of {
  std::uint32_t operator()(const post& row) const { return row.author; }
};
using model = read_model<std::uint32_t, post, author_of>;

TEST(read_model_allocation, neither_changes_nor_queries_nor_a_rebuilding_allocate) {
  rebuilt_model<model> both(std::size_t{100}, author_of{});
  std::mt19937_64 random(7);
  std::uint64_t met = 0;
  const std::uint64_t before = allocations.load();
  for (int i = 0; i < 20'000; ++i) {
    const auto key = static_cast<std::uint32_t>(random() % 120);
    both.live().update(key, [&](post& row) { row = {static_cast<std::uint32_t>(random() % 5), row.likes + 1}; });
    if (i % 3 == 0) both.live().erase(key);
    met += both.read([&](const model& rows) {
      std::uint64_t found = rows.read(key).has_value();
      rows.for_each_by<0>(3u, [&](std::uint32_t, const post&) { ++found; });
      std::array<std::uint32_t, 10> keys{};
      found += rows.copy_by<0>(2u, keys);
      std::array<scored_row<std::uint32_t, post, std::uint32_t>, 5> top{};
      found += top_rows<model, std::uint32_t>(rows, top, [](std::uint32_t, const post& row) { return row.likes; });
      return found;
    });
    if (i % 1'000 == 0) {
      both.rebuild().put(1, {});
      both.switch_over();
    }
  }
  EXPECT_EQ(allocations.load() - before, 0u);
  EXPECT_GT(met, 20'000u);
}

}  // namespace
}  // namespace millrace::projection
