#include <allocation_counter.hpp>
#include <millrace/millrace.hpp>
#include <millrace/rules/compile.hpp>
#include <millrace/rules/engine.hpp>
#include <millrace/sink/match_line.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <string>

namespace millrace {
namespace {

using namespace std::chrono_literals;

constexpr const char* event_line = "event A { ts : timestamp  user : u64  x : i32 }\n";
constexpr const char* kept = "pattern kept on A by user { a : x == 1  then b : x == 2 }\n";

std::shared_ptr<const rules::program> compiled(const std::string& text) {
  return std::make_shared<const rules::program>(rules::compile({"change.mr", event_line + text}));
}

struct data {
  std::int64_t ts;
  std::uint64_t user;
  std::int32_t x;
};

TEST(change_allocation, the_change_itself_and_the_events_behind_it_allocate_nothing) {
  auto now = rules::first_revision(
      compiled(std::string(kept) + "pattern p on A by user within 90s { a : x == 3 then b : x == 4 }"));
  rules::router router(now, 1);
  rules::engine engine(now, {});
  sink::match_line line(now);
  std::mt19937_64 random(1);
  std::uint64_t bytes = 0;
  std::uint64_t count = 0;
  event<data> in_hand{};
  const auto feed = [&](std::size_t events) {
    for (std::size_t i = 0; i < events; ++i) {
      in_hand.header.sequence = ++count;
      in_hand.header.id.low = count - 1;
      in_hand.header.time_ns = static_cast<std::int64_t>(count) * 100'000'000;
      in_hand.data = {in_hand.header.time_ns, random() % 5'000, static_cast<std::int32_t>(random() % 6)};
      in_hand.header.route = router.route(in_hand.header)[0];
      engine.process(in_hand.header, [&](const rules::released_match& match) { bytes += line.write(match).size(); });
    }
  };
  feed(100'000);
  const auto rules =
      compiled(std::string("pattern p on A by user within 1h { a : x == 5 then any b : x < 2 then c : x > 3 skip next }"
                           "pattern q on A by x within 9s { a : user < 2000  not then b : user > 4900 }"));
  now = rules::next_revision(*now, rules::put_all(rules));
  rules::router next_router(now, 1);
  sink::match_line next_line(now);
  const auto change = engine.prepare(now);

  const std::uint64_t before = allocations.load();
  std::swap(router, next_router);
  next_line.continue_from(line);
  std::swap(line, next_line);
  engine.apply(*change);
  EXPECT_EQ(allocations.load() - before, 0U);
  feed(50'000);
  EXPECT_TRUE(change->settled());
  const std::uint64_t warm = allocations.load();
  feed(200'000);
  EXPECT_EQ(allocations.load() - warm, 0U);
  for (const char* const name : {"kept", "p", "q"})
    EXPECT_GT(engine.counters_of(now->find(name)->number).matches, 100U) << name;
  EXPECT_EQ(engine.counters().refused, 0U);
  EXPECT_GT(bytes, 1'000'000U);
}

/// Counts allocations between two events, behind a change that it asks for itself.
struct counting_feed {
  std::function<void()> change;
  std::uint64_t next = 0;
  std::uint64_t before = 0;
  std::uint64_t after = 0;

  poll_result poll(event<data>& into) {
    ++next;
    if (next == 50'000) change();
    if (next == 100'000) before = allocations.load();
    if (next == 300'000) after = allocations.load();
    if (next > 300'000) return poll_result::ended;
    into.header.time_ns = static_cast<std::int64_t>(next) * 1'000;
    into.data = {into.header.time_ns, next * 7919 % 5'000, static_cast<std::int32_t>(next * 31 % 7)};
    return poll_result::ready;
  }
};

TEST(change_allocation, a_typed_pattern_that_came_late_allocates_nothing_an_event) {
  counting_feed feed{};
  std::uint64_t of_late = 0;
  const auto first = [](const data& d) { return d.x == 1; };
  const auto second = [](const data& d) { return d.x == 2; };
  const auto pattern = cep::begin<data>("a").where(first).then("b").where(second).within(90ms);
  auto engine = topology{}
                    .source(feed)
                    .key_by(&data::user)
                    .match("early", pattern, [](const auto&, auto& out) { out.emit(0); })
                    .sink([&](const int& late) { of_late += static_cast<std::uint64_t>(late); })
                    .build();
  feed.change = [&] {
    engine.put("late", pattern, [](const auto&, auto& out) { out.emit(1); });
    engine.remove("early");
  };
  engine.run();
  EXPECT_GT(of_late, 1'000U);
  EXPECT_EQ(feed.after - feed.before, 0U);
}

}  // namespace
}  // namespace millrace
