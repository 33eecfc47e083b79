#include <millrace/replay/replay.hpp>

#include <millrace/feed/byte_source.hpp>
#include <millrace/feed/open_feed.hpp>
#include <millrace/rules/compile.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <array>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>

namespace millrace::replay {
namespace {

constexpr const char* events = "event A { ts : timestamp(ms)  user : u32  ip : string(8)  x : i32 }\n";

std::shared_ptr<const rules::program> compiled(const std::string& text) {
  return std::make_shared<const rules::program>(rules::compile({"test.mr", text}));
}

std::string feed_text(unsigned seed, std::size_t records, bool disordered) {
  std::mt19937 random(seed);
  std::string made;
  std::int64_t now_ms = 100;
  for (std::size_t i = 0; i < records; ++i) {
    now_ms += static_cast<std::int64_t>(random() % 3);
    const std::int64_t ts = now_ms - (disordered ? static_cast<std::int64_t>(random() % 8) : 0);
    made += "{\"ts\":" + std::to_string(ts) + ",\"user\":" + std::to_string(random() % 20) + ",\"ip\":\"i" +
            std::to_string(random() % 5) + "\",\"x\":" + std::to_string(random() % 6) + "}\n";
  }
  return made;
}

/// Everything that a run writes, through a file that is nowhere.
class written_down {
 public:
  written_down() : file_(std::tmpfile()), out_(::fileno(file_.get()), "the test's file") {}
  sink::text_output& out() { return out_; }
  std::string text() {
    static_cast<void>(out_.flush());
    std::string made;
    std::array<char, 65'536> part;
    ::lseek(::fileno(file_.get()), 0, SEEK_SET);
    for (ssize_t got; (got = ::read(::fileno(file_.get()), part.data(), part.size())) > 0;)
      made.append(part.data(), static_cast<std::size_t>(got));
    return made;
  }

 private:
  struct close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, close> file_;
  sink::text_output out_;
};

struct outcome {
  std::string text;
  replay_summary summary;
};

/// Runs a feed; `prepare` gets the run before it begins, and a thread that may go beside it.
outcome run(const std::string& feed, const std::string& rules, std::optional<unsigned> shards,
            const std::function<void(replay_run&, std::jthread&)>& prepare) {
  const auto program = compiled(rules);
  replay_options options;
  options.shards = shards;
  options.limits.matcher.runs = options.limits.matcher.steps = options.limits.events = 1U << 16;
  options.limits.matcher.partitions = 1'024;
  options.executor.ring_slots = 64;
  written_down to;
  replay_run made(program,
                  feed::open_feed(feed::byte_source::over(std::as_bytes(std::span(feed))), feed::format::ndjson,
                                  layouts_of(program)),
                  to.out(), options);
  std::jthread beside;
  prepare(made, beside);
  outcome result{{}, made.run()};
  beside = {};
  result.text = to.text();
  EXPECT_EQ(result.summary.failure, "");
  return result;
}

constexpr const char* keeps =
    "pattern keeps on A by user within 40ms { a : x == 1  then any b : x == 2  then c : x > a.x }\n";
constexpr const char* waits = "pattern waits on A by ip within 15ms { a : x == 3  not then b : x == 4  on timeout }\n";
constexpr const char* turns =
    "pattern turns on A by user { a : x == 1 next b : x > 1  select version = 1, u = a.user }\n";
constexpr const char* turned =
    "pattern turns on A by ip, user { a : x == 2 next b : x > 1  select version = 2, i = a.ip }\n";
constexpr const char* free_of_key =
    "pattern free on A within 9ms { a : x == 5 then b : x == 5 then c : x == 5  skip past last }\n";

class rule_change_everywhere : public testing::TestWithParam<const char*> {};

TEST_P(rule_change_everywhere, output_is_the_same_inline_and_over_any_number_of_shards) {
  const std::string time = GetParam();
  const std::string head = events + time;
  const auto changed = [&](replay_run& of, std::jthread&) {
    static_cast<void>(of.change(rules::put_all(compiled(head + turned + waits)), 700));
    static_cast<void>(of.change({compiled(head + free_of_key), {"free"}, {"waits"}}, 1'400));
    static_cast<void>(of.change(rules::put_all(compiled(head + waits + turns)), 1'401));
    static_cast<void>(of.change({nullptr, {}, {"turns", "free"}}, 2'200));
    static_cast<void>(of.change(rules::put_all(compiled(head + free_of_key)), 2'200));
  };
  for (const unsigned seed : {1U, 2U, 3U}) {
    const std::string feed = feed_text(seed, 3'000, !time.empty());
    const outcome expected = run(feed, head + keeps + turns, std::nullopt, changed);
    std::map<std::string, std::uint64_t> matches;
    for (const pattern_summary& each : expected.summary.patterns) matches[each.name] = each.matches + each.timeouts;
    EXPECT_GT(matches["keeps"], 50U);
    EXPECT_GT(matches["turns"], 30U);
    EXPECT_GT(matches["waits"], 30U);
    EXPECT_GT(matches["free"], 5U);
    EXPECT_NE(expected.text.find("\"version\":1,\"u\":"), std::string::npos);
    EXPECT_NE(expected.text.find("\"version\":2,\"i\":\"i"), std::string::npos);
    for (const unsigned shards : {1U, 2U, 4U}) {
      const outcome found = run(feed, head + keeps + turns, shards, changed);
      ASSERT_EQ(found.text, expected.text) << shards << " shards, seed " << seed;
      EXPECT_EQ(found.summary.engine.processed, expected.summary.engine.processed);
    }
    // What stays is as if nothing had happened.
    const outcome alone = run(feed, head + keeps, std::nullopt, [](replay_run&, std::jthread&) {});
    std::string kept;
    for (std::size_t at = 0; at < expected.text.size();) {
      const std::size_t end = expected.text.find('\n', at) + 1;
      if (expected.text.compare(at, 18, "{\"pattern\":\"keeps\"") == 0) kept += expected.text.substr(at, end - at);
      at = end;
    }
    EXPECT_EQ(kept, alone.text);
  }
}

INSTANTIATE_TEST_SUITE_P(modes, rule_change_everywhere, testing::Values("", "time out of order 8ms\n"));

TEST(rule_change, begins_with_the_record_that_it_is_asked_for) {
  std::string feed;
  for (int i = 0; i < 200; ++i) feed += "{\"ts\":" + std::to_string(i) + ",\"user\":1,\"ip\":\"i\",\"x\":1}\n";
  const std::string every = events + std::string("pattern every on A { a }\n");
  for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{63}, std::uint64_t{64},
                                 std::uint64_t{199}, std::uint64_t{200}}) {
    std::shared_ptr<const change_position> position;
    const outcome found = run(feed, events, std::nullopt, [&](replay_run& of, std::jthread&) {
      position = of.change(rules::put_all(compiled(every)), at);
    });
    ASSERT_TRUE(position->value().has_value()) << at;
    EXPECT_EQ(*position->value(), at);
    EXPECT_EQ(found.summary.patterns.at(0).matches, 200 - at);
    const std::string first = "\"stages\":{\"a\":[" + std::to_string(at) + "]}";
    EXPECT_EQ(found.text.find(first) != std::string::npos, at < 200);
  }
}

TEST(rule_change, a_record_beyond_the_feed_is_never_reached) {
  std::shared_ptr<const change_position> position;
  const outcome found =
      run(feed_text(1, 100, false), events + std::string(keeps), 2, [&](replay_run& of, std::jthread&) {
        position = of.change({nullptr, {}, {"keeps"}}, 101);
      });
  EXPECT_FALSE(position->value().has_value());
  EXPECT_EQ(found.text,
            run(feed_text(1, 100, false), events + std::string(keeps), 2, [](replay_run&, std::jthread&) {}).text);
}

TEST(rule_change, may_come_from_any_thread_while_events_flow) {
  const std::string feed = feed_text(7, 60'000, false);
  for (const unsigned shards : {1U, 2U, 4U}) {
    std::vector<std::shared_ptr<const change_position>> positions;
    const outcome found = run(feed, events + std::string(keeps), shards, [&](replay_run& of, std::jthread& beside) {
      // The first is certain to be taken; how far the others come depends on who is faster.
      positions.push_back(of.change(rules::put_all(compiled(events + std::string(turns)))));
      beside = std::jthread([&] {
        for (int i = 0; i < 30; ++i) {
          positions.push_back(of.change(rules::put_all(compiled(events + std::string(i % 2 == 0 ? turned : turns)))));
          positions.push_back(of.change(i % 3 == 0 ? rules::put_all(compiled(events + std::string(waits)))
                                                   : rules::put_all(compiled(events + std::string(free_of_key)))));
        }
      });
    });
    EXPECT_EQ(*positions.front()->value(), 0U);
    std::uint64_t last = 0;
    for (const auto& each : positions) {
      if (!each->value()) continue;
      EXPECT_GE(*each->value(), last);
      last = *each->value();
    }
    EXPECT_EQ(found.summary.engine.processed, 60'000U);
    EXPECT_EQ(found.summary.patterns.front().matches,
              run(feed, events + std::string(keeps), std::nullopt, [](replay_run&, std::jthread&) {})
                  .summary.patterns.front()
                  .matches);
  }
}

}  // namespace
}  // namespace millrace::replay
