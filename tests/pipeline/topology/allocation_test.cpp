// Ten million events through an engine, and not one allocation on the way.
#include <millrace/millrace.hpp>
#include <millrace/rules/compile.hpp>
#include <millrace/rules/engine.hpp>
#include <millrace/sink/match_line.hpp>

#include <gtest/gtest.h>
#include <allocation_counter.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

namespace millrace {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t event_count = 10'000'000;
constexpr std::size_t warm_up = 1'000'000;
constexpr std::uint32_t user_count = 100'000;
constexpr std::int64_t step_ns = 1'000'000;  // a user's events are 100 s apart: about six in ten minutes
constexpr std::int64_t within_ns = 600'000'000'000;

struct login {
  std::uint32_t user;
  std::uint16_t ip;
  bool ok;
};

struct anomaly {
  std::uint32_t user;
  std::int64_t first_ns;
  std::int64_t last_ns;

  friend bool operator==(const anomaly&, const anomaly&) = default;
  friend auto operator<=>(const anomaly&, const anomaly&) = default;
};

std::vector<login> random_logins() {
  std::mt19937_64 random(2026);
  std::vector<login> made(event_count);
  for (login& each : made) {
    const std::uint64_t bits = random();
    each = {static_cast<std::uint32_t>((bits >> 32) * user_count >> 32), static_cast<std::uint16_t>(bits % 3),
            bits >> 8 & 1U ? true : false};
  }
  return made;
}

std::int64_t time_of(std::size_t index) { return static_cast<std::int64_t>(index) * step_ns; }

// --- the same by hand -----------------------------------------------------------------------------------

/// One user's partial matches, as slowly and plainly as can be.
class slow_user {
 public:
  void take(const login& event, std::int64_t now_ns, std::vector<anomaly>& out) {
    expire(now_ns, out);
    for (attempt& each : attempts_) {
      if (each.ips.size() < 3) {
        if (!event.ok) each.ips.push_back(event.ip);
      } else if (event.ok && std::ranges::find(each.ips, event.ip) == each.ips.end()) {
        each.done = true;
        complete_.push_back({event.user, each.start_ns, now_ns});
      }
    }
    std::erase_if(attempts_, [](const attempt& each) { return each.done; });
    if (!event.ok) attempts_.push_back({now_ns, {event.ip}, false});
    hand_out(out);
  }

  void expire(std::int64_t now_ns, std::vector<anomaly>& out) {
    std::erase_if(attempts_, [&](const attempt& each) { return now_ns - each.start_ns >= within_ns; });
    hand_out(out);
  }

 private:
  struct attempt {
    std::int64_t start_ns;
    std::vector<std::uint16_t> ips;
    bool done;
  };

  /// A match waits for attempts that began before it, and drops all that began up to its end.
  void hand_out(std::vector<anomaly>& out) {
    while (!complete_.empty()) {
      const anomaly first = *std::ranges::min_element(complete_, {}, &anomaly::first_ns);
      if (std::ranges::any_of(attempts_, [&](const attempt& each) { return each.start_ns < first.first_ns; })) return;
      out.push_back(first);
      std::erase_if(attempts_, [&](const attempt& each) { return each.start_ns <= first.last_ns; });
      std::erase_if(complete_, [&](const anomaly& each) { return each.first_ns <= first.last_ns; });
    }
  }

  std::vector<attempt> attempts_;
  std::vector<anomaly> complete_;
};

std::vector<anomaly> slow_anomalies(const std::vector<login>& logins) {
  std::vector<slow_user> users(user_count);
  std::vector<anomaly> made;
  for (std::size_t i = 0; i < logins.size(); ++i) users[logins[i].user].take(logins[i], time_of(i), made);
  for (slow_user& each : users) each.expire(INT64_MAX, made);
  return made;
}

// --- the engine -----------------------------------------------------------------------------------------

/// Reads the count of allocations at the end of the warm-up and at the end.
struct logins_feed {
  poll_result poll(event<login>& into) noexcept {
    if (next == warm_up) before = allocations.load();
    if (next == logins.size()) {
      after = allocations.load();
      return poll_result::ended;
    }
    into.header.time_ns = time_of(next);
    into.data = logins[next++];
    return poll_result::ready;
  }

  const std::vector<login>& logins;
  std::size_t next = 0;
  std::uint64_t before = 0;
  std::uint64_t after = 0;
};

TEST(allocation, ten_million_events_of_a_hundred_thousand_keys_allocate_nothing) {
  const std::vector<login> logins = random_logins();
  const auto pattern = cep::begin<login>("failed")
                           .where([](const login& e) { return !e.ok; })
                           .times(3)
                           .then("success")
                           .where([](const login& e, const cep::taken<login>& so_far) {
                             if (!e.ok) return false;
                             for (const login& failed : so_far.events("failed"))
                               if (failed.ip == e.ip) return false;
                             return true;
                           })
                           .within(10min)
                           .skip_past_last();
  logins_feed feed{logins};
  std::vector<anomaly> found;
  found.reserve(event_count / 4);
  auto engine = topology{}
                    .source(feed)
                    .key_by(&login::user)
                    .match(pattern,
                           [](const auto& m, auto& out) {
                             out.emit(anomaly{m["success"].user, m.first_time_ns(), m.last_time_ns()});
                           })
                    .sink([&](const anomaly& each) { found.push_back(each); })
                    .build();
  const auto start = std::chrono::steady_clock::now();
  const topology_report report = engine.run();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  EXPECT_GT(feed.before, 0U);
  EXPECT_EQ(feed.after - feed.before, 0U);
  EXPECT_EQ(report.in, event_count);
  EXPECT_EQ(report.processed, event_count);
  EXPECT_EQ(report.refused, 0U);

  std::vector<anomaly> expected = slow_anomalies(logins);
  EXPECT_GT(expected.size(), 100'000U);
  EXPECT_EQ(report.matches, expected.size());
  std::ranges::sort(found);
  std::ranges::sort(expected);
  EXPECT_TRUE(found == expected);
  RecordProperty("events_per_second", std::to_string(static_cast<double>(event_count) / seconds));
  RecordProperty("matches", std::to_string(report.matches));
}

/// Rules that use each part of the matcher: absence, timeouts, groups, skip strategies, text, aggregates.
constexpr const char* every_part = R"(
event Login { ts : timestamp  user : u64  ip : u32  ok : bool  name : string(16) }
pattern anomaly on Login by user within 10m {
  failed{3} : ok == false   then success : ok and ip not in failed.ip   skip past last
  select user, attempts = count(failed), ips = distinct(failed.ip), who = upper(success.name)
}
pattern absent on Login by user within 5m { a : not ok   not then b : ok and ip == 0 }
pattern grouped on Login by user within 10m { ( a : ok  then b : not ok ){1,2}   then c : ok and sum(a.ip) > 0   skip next  on timeout }
pattern any_key on Login within 1s { a : name == "user7"  then b+ until (count(b) == 3) : starts_with(name, "user7")  skip to last b }
)";

TEST(allocation, rules_from_text_allocate_nothing_an_event_nor_a_line) {
  struct data {
    std::int64_t ts;
    std::uint64_t user;
    std::uint32_t ip;
    bool ok;
    fixed_string<16> name;
  };
  const auto rules = std::make_shared<const rules::program>(rules::compile({"every_part.mr", every_part}));
  rules::router router(rules, 1);
  rules::engine engine(rules, {});
  sink::match_line line(rules);
  std::mt19937_64 random(3);
  std::uint64_t before = 0;
  std::uint64_t bytes = 0;
  event<data> in_hand{};
  constexpr std::size_t count = 400'000;
  for (std::size_t i = 0; i < count; ++i) {
    if (i == count / 2) before = allocations.load();
    const std::uint64_t bits = random();
    in_hand.header.sequence = i + 1;
    in_hand.header.id.low = i;
    in_hand.header.time_ns = static_cast<std::int64_t>(i) * 100'000'000;
    in_hand.data = {
        in_hand.header.time_ns, bits % 500, static_cast<std::uint32_t>(bits >> 32) % 3, (bits >> 60 & 1) != 0, {}};
    ASSERT_TRUE(in_hand.data.name.try_assign((bits >> 50 & 15) == 0 ? "user7" : "somebody"));
    in_hand.header.route = router.route(in_hand.header)[0];
    engine.process(in_hand.header, [&](const rules::released_match& match) { bytes += line.write(match).size(); });
  }
  EXPECT_EQ(allocations.load() - before, 0U);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_GT(engine.counters_of(i).matches, 100U) << rules->patterns[i].name;
  EXPECT_GT(engine.counters().timeouts, 1'000U);
  EXPECT_EQ(engine.counters().refused, 0U);
  EXPECT_GT(bytes, 1'000'000U);
}

}  // namespace
}  // namespace millrace
