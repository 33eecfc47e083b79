#include <millrace/cep/builder.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <vector>

namespace millrace::cep {
namespace {

struct tick {
  std::int64_t x;
};

constexpr auto positive = [](const tick& t) { return t.x > 0; };
constexpr auto even = [](const tick& t) { return t.x % 2 == 0; };
constexpr auto above_last_a = [](const tick& t, const taken<tick>& so_far) {
  const tick* const last = so_far.last("a");
  return last != nullptr && t.x > last->x;
};

event<tick> of(std::int64_t x) { return {{}, {x}}; }

/// What the conditions say of an event: at once, and where they look at the history {1, 5} under stage a.
template <class Builder>
std::vector<int> answers(const Builder& builder, std::int64_t x) {
  auto compiled = builder.compile();
  const auto first = of(1);
  const auto second = of(5);
  const std::array so_far{expr::taken_event{&first.header, 0}, expr::taken_event{&second.header, 0}};
  const auto asked = of(x);
  std::vector<int> made;
  for (condition_id id = 0; id < 2; ++id) {
    const verdict before = compiled.conditions.test_event(id, asked.header);
    made.push_back(before == verdict::depends
                       ? 10 + (compiled.conditions.test_history(id, asked.header, so_far) ? 1 : 0)
                       : before == verdict::yes);
  }
  return made;
}

auto a_then_b() { return begin<tick>("a").where(positive).then("b"); }

TEST(typed_conditions, each_number_has_its_own_condition) {
  EXPECT_EQ(answers(a_then_b().where(even), 2), (std::vector{1, 1}));
  EXPECT_EQ(answers(a_then_b().where(even), 3), (std::vector{1, 0}));
  EXPECT_EQ(answers(a_then_b().where(even), -2), (std::vector{0, 1}));
}

TEST(typed_conditions, where_twice_is_and) {
  const auto both = a_then_b().where(even).where(above_last_a);
  EXPECT_EQ(answers(both, 3), (std::vector{1, 0}));  // settled without the history
  EXPECT_EQ(answers(both, 4), (std::vector{1, 10}));
  EXPECT_EQ(answers(both, 6), (std::vector{1, 11}));
}

TEST(typed_conditions, or_where_is_or_with_all_before_it) {
  const auto either = a_then_b().where(above_last_a).where(even).or_where(positive);
  EXPECT_EQ(answers(either, 7), (std::vector{1, 1}));  // settled without the history
  EXPECT_EQ(answers(either, -2), (std::vector{0, 10}));
  EXPECT_EQ(answers(either, -3), (std::vector{0, 0}));
}

TEST(typed_conditions, and_after_or_binds_all_before_it) {
  const auto mixed = a_then_b().where(even).or_where(above_last_a).where(positive);
  EXPECT_EQ(answers(mixed, -2), (std::vector{0, 0}));
  EXPECT_EQ(answers(mixed, 2), (std::vector{1, 1}));
  EXPECT_EQ(answers(mixed, 7), (std::vector{1, 11}));
  EXPECT_EQ(answers(mixed, 3), (std::vector{1, 10}));
}

TEST(taken, offers_the_events_of_each_stage_in_order) {
  const std::array events{of(1), of(2), of(3), of(4)};
  const std::array so_far{expr::taken_event{&events[0].header, 0}, expr::taken_event{&events[1].header, 1},
                          expr::taken_event{&events[2].header, 0}, expr::taken_event{&events[3].header, 1}};
  const std::vector<std::string> names{"a", "b", "c"};
  const taken<tick> view(so_far, names);
  std::vector<std::int64_t> seen;
  for (const tick& each : view.events("b")) seen.push_back(each.x);
  EXPECT_EQ(seen, (std::vector<std::int64_t>{2, 4}));
  EXPECT_EQ(view.count("a"), 2U);
  EXPECT_EQ(view.first("a")->x, 1);
  EXPECT_EQ(view.last("a")->x, 3);
  static_assert(std::forward_iterator<stage_events<tick>::iterator>);
}

TEST(taken, has_nothing_under_stages_not_reached_or_unknown) {
  const std::vector<std::string> names{"a", "b"};
  const taken<tick> view({}, names);
  for (const char* const name : {"a", "b", "nowhere", ""}) {
    EXPECT_EQ(view.count(name), 0U);
    EXPECT_EQ(view.first(name), nullptr);
    EXPECT_EQ(view.last(name), nullptr);
    EXPECT_TRUE(view.events(name).empty());
  }
}

}  // namespace
}  // namespace millrace::cep
