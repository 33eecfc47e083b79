#include <millrace/pool/spread_objects.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

namespace millrace {
namespace {

/// Of some kilobytes, a multiple of 4,096: where a heap would put the same member of each into the same cache lines.
struct large {
  explicit large(int* alive) : alive_(alive) { ++*alive_; }
  large(const large&) = delete;
  large& operator=(const large&) = delete;
  ~large() { --*alive_; }

  int* alive_;
  std::array<std::byte, 8'184> rest{};
};

TEST(spread_objects, places_the_same_member_of_many_in_different_lines_of_a_cache) {
  int alive = 0;
  spread_objects<large> places(64);
  std::vector<spread_objects<large>::pointer> made;
  std::set<std::uintptr_t> sets;
  for (int i = 0; i < 64; ++i) {
    made.push_back(places.make(&alive));
    sets.insert(reinterpret_cast<std::uintptr_t>(made.back().get()) / cache_line_bytes % 64);
  }
  EXPECT_EQ(sets.size(), 64u);
  EXPECT_EQ(alive, 64);
}

TEST(spread_objects, live_on_without_their_maker) {
  int alive = 0;
  spread_objects<large>::pointer kept;
  {
    spread_objects<large> places(3);
    kept = places.make(&alive);
    static_cast<void>(places.make(&alive));
  }
  EXPECT_EQ(alive, 1);
  kept->rest.back() = std::byte{7};
  EXPECT_EQ(kept->rest.back(), std::byte{7});
  kept.reset();
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace millrace
