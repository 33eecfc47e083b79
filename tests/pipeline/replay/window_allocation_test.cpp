// Every kind of window and every aggregate: no allocation an event, nor a result, nor a step of time.

#include <millrace/base/fixed_string.hpp>
#include <millrace/event/event.hpp>
#include <millrace/replay/window_stage.hpp>
#include <millrace/rules/compile.hpp>

#include <gtest/gtest.h>
#include <allocation_counter.hpp>

#include <cstdint>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <vector>

namespace millrace {
namespace {

constexpr const char* declaration = "event A { ts : timestamp  user : u64  x : i32  v : f64  name : string(12) }\n";
constexpr const char* everything =
    "n = count(), s = sum(x), sv = sum(v), m = avg(v), lo = min(x), hi = max(name), f = first(name), "
    "l = last(upper(name)), s2 = var(v), sd = stddev(x), d = distinct(name), ad = approx_distinct(x), "
    "q = quantile(v, 0.99), t = topk(lower(name), 3), dec = decayed_sum(v, 50ms), r = sum(x) / count()";

struct data_a {
  std::int64_t ts;
  std::uint64_t user;
  std::int32_t x;
  double v;
  fixed_string<12> name;
};

struct window_case {
  const char* name;
  const char* header;
  const char* extent;

  friend std::ostream& operator<<(std::ostream& out, const window_case& c) { return out << c.name; }
};

constexpr const char* keyed = "where x > 2 by user";
constexpr window_case window_cases[] = {
    {"tumbling", keyed, "tumbling 100ms"},
    {"tumbling_of_all", "", "tumbling 100ms grace 20ms"},
    {"tumbling_updates", keyed, "tumbling 100ms grace 20ms emit updates"},
    {"hopping", "by user", "hopping 100ms every 30ms grace 5ms"},
    {"hopping_updates", keyed, "hopping 100ms every 50ms emit updates"},
    {"sliding", keyed, "sliding 20ms"},
    {"sliding_updates", keyed, "sliding 20ms grace 10ms emit updates"},
    {"session", keyed, "session gap 10ms"},
    {"session_updates", "by user, name", "session gap 50ms grace 20ms emit updates"},
    {"count", keyed, "count 10"},
    {"count_every", "by user", "count 12 every 4"},
    {"count_updates", keyed, "count 12 every 8 emit updates"},
};

/// Takes records and forgets them.
class nowhere {
 public:
  std::byte* claim(const output_order& order, std::size_t bytes) {
    EXPECT_GE(order, last_);
    last_ = order;
    ++records_;
    EXPECT_LE(bytes, sizeof room_);
    return room_;
  }
  void publish() {}
  [[nodiscard]] std::uint64_t records() const { return records_; }

 private:
  alignas(8) std::byte room_[4'096];
  output_order last_{};
  std::uint64_t records_ = 0;
};

/// The same events again and again, with a pause in between that no window outlives.
class periodic_feed {
 public:
  explicit periodic_feed(const std::shared_ptr<const rules::revision>& rules) : router_(rules, 1) {}

  void period(replay::window_stage& windows, nowhere& out) {
    std::mt19937_64 random(7);
    for (std::size_t i = 0; i < 3'000; ++i) {
      const std::uint64_t bits = random();
      now_ns_ += static_cast<std::int64_t>(bits >> 56 & 3) * ms;
      const std::int64_t late = (bits >> 50 & 15) == 0 ? static_cast<std::int64_t>(bits >> 45 & 31) * ms : 0;
      static constexpr const char* names[] = {"ann", "bob", "Annabel", "carol of the", "ed"};
      a_.data = {now_ns_ - late,
                 bits % 25,
                 static_cast<std::int32_t>(bits >> 8 & 0xFF),
                 static_cast<double>(bits >> 24 & 0xFFF),
                 {}};
      ASSERT_TRUE(a_.data.name.try_assign(names[(bits >> 40 & 0xFF) % 5]));
      event_header& header = a_.header;
      header.sequence = ++sequence_;
      header.id.low = sequence_ - 1;
      header.time_ns = a_.data.ts;
      header.route = router_.route(header)[0];
      if (!windows.is_behind(header)) windows.move_time(header, out);
      windows.take(header, 0, false, out);
    }
    now_ns_ += 3'600'000 * ms;
    event_header mark{};
    mark.sequence = ++sequence_;
    mark.type = time_mark;
    mark.time_ns = now_ns_;
    windows.move_time(mark, out);
  }

 private:
  static constexpr std::int64_t ms = 1'000'000;
  rules::router router_;
  event<data_a> a_{};
  std::uint64_t sequence_ = 0;
  std::int64_t now_ns_ = 1'000'000 * ms;
};

std::shared_ptr<const rules::revision> compiled(const window_case& of) {
  const bool is_keyed = of.header[0] != '\0';
  const std::string select = std::string("select ") + (is_keyed ? "user, " : "") + everything;
  const std::string window = std::string("window w on A ") + of.header + " { " + of.extent + " " + select + " }";
  return rules::first_revision(std::make_shared<const rules::program>(rules::compile({of.name, declaration + window})));
}

class rules_windows : public testing::TestWithParam<window_case> {};

TEST_P(rules_windows, allocate_nothing_an_event) {
  const auto revision = compiled(GetParam());
  replay::window_stage windows(revision, {256, 4'096, 4'096}, true);
  periodic_feed feed(revision);
  nowhere out;
  feed.period(windows, out);
  feed.period(windows, out);
  const std::uint64_t before = allocations.load();
  const std::uint64_t records = out.records();
  feed.period(windows, out);
  feed.period(windows, out);
  EXPECT_EQ(allocations.load() - before, 0U);
  EXPECT_GT(out.records() - records, 50U);
  EXPECT_EQ(windows.counters()[0].refused, 0U);
}

TEST_P(rules_windows, allocate_nothing_where_a_bound_is_met) {
  const auto revision = compiled(GetParam());
  replay::window_stage windows(revision, {3, 4, 5}, true);
  periodic_feed feed(revision);
  nowhere out;
  feed.period(windows, out);
  const std::uint64_t before = allocations.load();
  feed.period(windows, out);
  EXPECT_EQ(allocations.load() - before, 0U);
  if (GetParam().header[0] != '\0') {
    EXPECT_GT(windows.counters()[0].dead, 0U);
  }
}

std::string name_of(const testing::TestParamInfo<window_case>& of) { return of.param.name; }
INSTANTIATE_TEST_SUITE_P(each, rules_windows, testing::ValuesIn(window_cases), name_of);

}  // namespace
}  // namespace millrace
