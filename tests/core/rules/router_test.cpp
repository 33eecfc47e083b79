#include "rules_text.hpp"

#include <millrace/rules/router.hpp>

#include <gtest/gtest.h>
#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace millrace::rules {
namespace {

const std::string three_groups =
    std::string(login_event) +
    "event Other { ts : timestamp }\n"
    "pattern p on Login by user { a } pattern q on Login by ip { a } pattern r on Login { a }";

login with_ip(std::uint32_t user, std::string_view ip) {
  login made = make_login(0, 0, user);
  EXPECT_TRUE(made.ip.try_assign(ip));
  return made;
}

TEST(router, every_event_is_counted_exactly_once_and_every_group_sees_it_once) {
  for (const unsigned shards : {1U, 2U, 3U, 7U, 64U}) {
    router route(compiled(three_groups), shards);
    std::mt19937 random(1);
    for (int i = 0; i < 2'000; ++i) {
      const login e = with_ip(static_cast<std::uint32_t>(random()), std::to_string(random() % 1'000));
      const auto routes = route.route(e.header);
      ASSERT_EQ(routes.size(), shards);
      ASSERT_EQ(std::ranges::count_if(routes, [](std::uint16_t r) { return (r & counts_here) != 0; }), 1);
      for (int group = 0; group < 3; ++group)
        ASSERT_EQ(std::ranges::count_if(routes, [&](std::uint16_t r) { return (r >> group & 1) != 0; }), 1);
    }
  }
}

TEST(router, an_event_that_no_pattern_sees_is_counted_all_the_same) {
  router route(compiled(three_groups), 3);
  login other = make_login(0, 0, 0);
  other.header.type = 1;
  const auto routes = route.route(other.header);
  EXPECT_EQ(std::ranges::count(routes, counts_here), 1);
  EXPECT_EQ(std::ranges::count(routes, 0), 2);
}

std::size_t shard_of(router& route, const login& e, int group) {
  const auto routes = route.route(e.header);
  return static_cast<std::size_t>(std::ranges::find_if(routes, [&](std::uint16_t r) { return (r >> group & 1) != 0; }) -
                                  routes.begin());
}

TEST(router, a_key_always_goes_to_the_same_shard) {
  router route(compiled(three_groups), 5);
  router again(compiled(three_groups), 5);
  std::map<std::uint32_t, std::size_t> known;
  std::mt19937 random(2);
  for (int i = 0; i < 5'000; ++i) {
    const std::uint32_t user = static_cast<std::uint32_t>(random() % 200);
    login e = with_ip(user, std::to_string(random()).substr(0, 8));
    e.ok = random() % 2 == 0;
    const std::size_t shard = shard_of(route, e, 0);
    ASSERT_EQ(known.try_emplace(user, shard).first->second, shard);
    ASSERT_EQ(shard_of(again, e, 0), shard);
  }
}

TEST(router, spreads_keys_evenly) {
  for (const int group : {0, 1}) {
    router route(compiled(three_groups), 8);
    std::vector<int> keys(8);
    for (std::uint32_t i = 0; i < 8'000; ++i) ++keys[shard_of(route, with_ip(i, std::to_string(i)), group)];
    // 1,000 a shard, give or take; six standard deviations of a fair spread are 180.
    for (const int n : keys) EXPECT_NEAR(n, 1'000, 180);
  }
}

TEST(key_packer, puts_fields_behind_each_other_and_text_behind_its_length) {
  const auto rules = first_revision(compiled(std::string(login_event) + "pattern p on Login by ip, user { a }"));
  key_packer packer(*rules);
  const auto text = [&](const login& e) {
    const auto bytes = packer.pack(0, e.header);
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  EXPECT_EQ(text(with_ip(0x41424344, "xyz")), std::string("\3\0xyz", 5) + "DCBA");
  EXPECT_EQ(text(with_ip(0, "")), std::string(6, '\0'));
  // What one field ends with is never what the next begins with.
  EXPECT_NE(text(with_ip(0x20202061, "b")), text(with_ip(0x20202020, "ba")));
}

}  // namespace
}  // namespace millrace::rules
