// The stores behind the matcher: paths and their shares, keys, and the order of releases.

#include <millrace/cep/key_directory.hpp>
#include <millrace/cep/release.hpp>
#include <millrace/cep/run_store.hpp>

#include <gtest/gtest.h>
#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <unordered_map>

namespace millrace::cep {
namespace {

class stores : public testing::Test {
 protected:
  static constexpr matcher_limits limits{4, 6, 4, 5};

  std::uint32_t step(std::uint64_t number, std::uint32_t parent = null_handle, stage_id stage = 0,
                     std::uint32_t length = 0) {
    event<std::uint64_t> e{{}, number};
    e.header.sequence = number;
    events.pick_up(e.header);
    const std::uint32_t made = store.try_step(parent, stage, length);
    events.put_down();
    return made;
  }

  std::vector<std::uint64_t> numbers(std::uint32_t path) {
    std::vector<std::uint64_t> made;
    for (const auto& t : store.unfold(path, taken)) made.push_back(t.event->sequence);
    return made;
  }

  held_events events{8, 8};
  run_store store{limits, events};
  std::vector<expr::taken_event> taken;
};

TEST_F(stores, paths_that_branch_share_their_beginning) {
  const std::uint32_t a = step(1);
  const std::uint32_t b = step(2, a, 1);
  const std::uint32_t c = step(3, a, 1);
  EXPECT_EQ(numbers(b), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(numbers(c), (std::vector<std::uint64_t>{1, 3}));
  EXPECT_EQ(store.step_count(), 3u);
  store.release_path(a);
  EXPECT_EQ(store.step_count(), 3u) << "still the beginning of two";
  store.release_path(b);
  EXPECT_EQ(store.step_count(), 2u);
  EXPECT_EQ(numbers(c), (std::vector<std::uint64_t>{1, 3}));
  store.share_path(c);
  store.release_path(c);
  EXPECT_EQ(store.step_count(), 2u);
  store.release_path(c);
  EXPECT_EQ(store.step_count(), 0u);
  EXPECT_EQ(events.size(), 0u);
}

TEST_F(stores, a_run_gives_back_its_share_unless_another_took_it_over) {
  const std::uint32_t path = step(1);
  const std::uint32_t run = store.try_run();
  store[run].path = path;
  store.release_shell(run);
  EXPECT_EQ(store.run_count(), 0u);
  EXPECT_EQ(store.step_count(), 1u);
  const std::uint32_t again = store.try_run();
  store[again].path = path;
  store.release(again);
  EXPECT_EQ(store.step_count(), 0u);
}

TEST_F(stores, refuse_at_their_bounds_and_leave_nothing_behind) {
  for (int i = 0; i < 4; ++i) EXPECT_NE(store.try_run(), null_handle);
  EXPECT_EQ(store.try_run(), null_handle);
  EXPECT_NE(step(1, null_handle, 0, 4), null_handle);
  EXPECT_EQ(step(2, null_handle, 0, 5), null_handle) << "a match of five events is as long as may be";
  for (std::uint64_t i = 0; i < 5; ++i) EXPECT_NE(step(10 + i), null_handle);
  EXPECT_EQ(step(20), null_handle);
  EXPECT_EQ(store.step_count(), 6u);
  EXPECT_EQ(events.size(), 6u);
}

TEST_F(stores, a_step_without_room_for_its_event_takes_no_room_itself) {
  held_events one(1, 8);
  run_store tight(limits, one);
  event<std::uint64_t> e{{}, 1};
  one.pick_up(e.header);
  const std::uint32_t first = tight.try_step(null_handle, 0, 0);
  EXPECT_NE(first, null_handle);
  one.put_down();
  one.pick_up(e.header);
  EXPECT_EQ(tight.try_step(null_handle, 0, 0), null_handle);
  one.put_down();
  EXPECT_EQ(tight.step_count(), 1u);
}

TEST_F(stores, find_the_first_and_the_last_event_of_a_stage) {
  const std::uint32_t a = step(1, null_handle, 0);
  const std::uint32_t b = step(2, a, 1);
  const std::uint32_t c = step(3, b, 0);
  EXPECT_EQ(store.sequence_of(c, 0, true), 1u);
  EXPECT_EQ(store.sequence_of(c, 0, false), 3u);
  EXPECT_EQ(store.sequence_of(c, 1, true), 2u);
  EXPECT_EQ(store.sequence_of(c, 2, true), std::nullopt);
}

TEST_F(stores, a_list_of_runs_is_first_in_first_out) {
  run_list list;
  std::vector<std::uint32_t> in;
  for (int i = 0; i < 4; ++i) {
    in.push_back(store.try_run());
    store.append(list, in.back());
  }
  for (const std::uint32_t run : in) EXPECT_EQ(store.pop(list), run);
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.tail, null_handle);
  store.append(list, in[2]);
  EXPECT_EQ(list.head, in[2]);
}

TEST(held_events, copy_an_event_only_when_it_is_taken_and_once) {
  held_events held(2, 8);
  event<std::uint64_t> e{{}, 7};
  held.pick_up(e.header);
  held.put_down();
  EXPECT_EQ(held.size(), 0u);
  held.pick_up(e.header);
  const std::uint32_t a = held.try_share();
  const std::uint32_t b = held.try_share();
  EXPECT_EQ(a, b);
  held.put_down();
  EXPECT_EQ(held.size(), 1u);
  e.data = 8;
  std::uint64_t kept;
  std::memcpy(&kept, data_of(held[a]), sizeof kept);
  EXPECT_EQ(kept, 7u);
  held.release(a);
  EXPECT_EQ(held.size(), 1u);
  held.release(b);
  EXPECT_EQ(held.size(), 0u);
}

// --- keys -----------------------------------------------------------------------------------------------

std::span<const std::byte> bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

TEST(key_directory, agrees_with_a_map_while_idle_keys_give_way) {
  constexpr std::uint32_t capacity = 5;
  key_directory directory(capacity, 12, true);
  std::unordered_map<std::string, partition_id> known;
  std::set<partition_id> busy;
  std::mt19937 random(1);
  int evicted = 0;
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string key(random() % 12, static_cast<char>('a' + random() % 4));
    const auto hash = key_directory::hash(bytes(key));
    const auto expected = known.find(key);
    const partition_id found = directory.find(bytes(key), hash);
    ASSERT_EQ(found, expected == known.end() ? null_handle : expected->second) << i;
    if (found != null_handle) {
      if (random() % 2 == 0)
        busy.insert(found);
      else
        busy.erase(found);
      continue;
    }
    const bool room = known.size() < capacity || busy.size() < capacity;
    const partition_id made = directory.insert(bytes(key), hash, [&](partition_id id) {
      if (busy.contains(id)) return false;
      ++evicted;
      EXPECT_EQ(std::erase_if(known, [id](const auto& entry) { return entry.second == id; }), 1u);
      return true;
    });
    ASSERT_EQ(made != null_handle, room) << i;
    if (made == null_handle) {
      ++refused;
      busy.erase(busy.begin());
      continue;
    }
    ASSERT_LT(made, capacity);
    ASSERT_TRUE(std::ranges::none_of(known, [made](const auto& entry) { return entry.second == made; }));
    known[key] = made;
    ASSERT_TRUE(std::ranges::equal(directory.key_of(made), bytes(key)));
    ASSERT_EQ(directory.size(), known.size());
  }
  EXPECT_GT(evicted, 1'000);
  EXPECT_GT(refused, 20);
}

TEST(key_directory, keys_of_one_hash_stay_apart) {
  key_directory directory(4, 4, true);
  const auto never = [](partition_id) { return false; };
  const partition_id a = directory.insert(bytes("aa"), 1, never);
  const partition_id b = directory.insert(bytes("bb"), 1, never);
  const partition_id c = directory.insert(bytes("aaa"), 1, never);
  EXPECT_EQ(directory.find(bytes("aa"), 1), a);
  EXPECT_EQ(directory.find(bytes("bb"), 1), b);
  EXPECT_EQ(directory.find(bytes("aaa"), 1), c);
  EXPECT_EQ(directory.find(bytes("a"), 1), null_handle);
}

// --- releases -------------------------------------------------------------------------------------------

TEST(releases, are_handed_on_by_first_event_and_else_in_order_of_arrival) {
  std::mt19937 random(2);
  releases waiting;
  for (int round = 0; round < 200; ++round) {
    std::vector<release> expected;
    for (std::uint32_t n = 0; n < random() % 30; ++n) {
      expected.push_back({random() % 6, 0, n, 0, false});
      waiting.add(expected.back());
    }
    std::ranges::stable_sort(expected, {}, &release::first);
    std::vector<std::uint32_t> paths;
    waiting.drain([&](const release& r) { paths.push_back(r.path); });
    ASSERT_EQ(paths.size(), expected.size());
    for (std::size_t i = 0; i < paths.size(); ++i) ASSERT_EQ(paths[i], expected[i].path);
    ASSERT_TRUE(waiting.empty());
  }
}

}  // namespace
}  // namespace millrace::cep
