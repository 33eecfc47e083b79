// Windows as they are read, and what rules files may not say of them: each refusal with its place and message.

#include "rules_text.hpp"

#include <gtest/gtest.h>

namespace millrace::rules {
namespace {

constexpr const char* click_event =
    "event Click { ts : timestamp(ms)  user : u32  url : string(16)  cost : f64  took : duration  ok : bool }\n";

window_syntax parsed_window(const std::string& body, const std::string& header = "") {
  return parse({"test.mr", "window w on Click " + header + " { " + body + " }"}).windows.at(0);
}
std::shared_ptr<const program> compiled_window(const std::string& body, const std::string& header = "") {
  return compiled(click_event + ("window w on Click " + header + " { " + body + " }"));
}

// --- reading --------------------------------------------------------------------------------------------

TEST(window_text, reads_each_kind_of_window) {
  const window_syntax tumbling = parsed_window("tumbling 1m select n = count()");
  EXPECT_EQ(tumbling.kind, window_kind::tumbling);
  EXPECT_EQ(tumbling.size_ns, 60'000'000'000);
  EXPECT_FALSE(tumbling.grace_ns);
  EXPECT_FALSE(tumbling.updates);
  const window_syntax hopping = parsed_window("hopping 5m every 1m grace 5s emit updates select n = count()");
  EXPECT_EQ(hopping.kind, window_kind::hopping);
  EXPECT_EQ(hopping.every_ns, 60'000'000'000);
  EXPECT_EQ(hopping.grace_ns, 5'000'000'000);
  EXPECT_TRUE(hopping.updates);
  EXPECT_EQ(parsed_window("sliding 10s select n = count()").kind, window_kind::sliding);
  EXPECT_EQ(parsed_window("session gap 30m emit final select n = count()").kind, window_kind::session);
  const window_syntax counted = parsed_window("count 100 every 10 select n = count()");
  EXPECT_EQ(counted.kind, window_kind::count);
  EXPECT_EQ(counted.count, 100U);
  EXPECT_EQ(counted.every_count, 10U);
  EXPECT_EQ(parsed_window("count 7 select n = count()").every_count, 7U);
}

TEST(window_text, reads_its_condition_key_and_columns) {
  const window_syntax window = parsed_window("tumbling 1m select url, n = count(), share = sum(cost) / count()",
                                             "where ok and cost > 1 by url, user");
  EXPECT_TRUE(window.where);
  ASSERT_EQ(window.by.size(), 2U);
  EXPECT_EQ(window.by[1].text, "user");
  ASSERT_EQ(window.select.size(), 3U);
  EXPECT_EQ(window.select[2].name.text, "share");
}

TEST(window_text, leaves_its_words_to_fields_and_names) {
  const auto made = compiled(
      "event E { ts : timestamp  window : u32  count : u32  gap : u32  every : u32  final : bool }\n"
      "window session on E where final and gap > 1 by window {\n"
      "  tumbling 1s  select count = sum(count), every = max(every), window\n}");
  EXPECT_EQ(made->windows.at(0).select.size(), 3U);
}

TEST(window_text, gives_each_aggregate_the_kind_of_its_value) {
  const auto kind = [](const std::string& item) {
    return compiled_window("tumbling 1m select x = " + item, "by url")->windows[0].select[0].value.kind();
  };
  using expr::value_kind;
  EXPECT_EQ(kind("count()"), value_kind::integer);
  EXPECT_EQ(kind("count(cost / user)"), value_kind::integer);
  EXPECT_EQ(kind("sum(user)"), value_kind::integer);
  EXPECT_EQ(kind("sum(cost)"), value_kind::floating);
  EXPECT_EQ(kind("sum(took)"), value_kind::duration);
  EXPECT_EQ(kind("avg(user)"), value_kind::floating);
  EXPECT_EQ(kind("avg(took)"), value_kind::duration);
  EXPECT_EQ(kind("min(ts)"), value_kind::timestamp);
  EXPECT_EQ(kind("max(url)"), value_kind::text);
  EXPECT_EQ(kind("first(upper(url))"), value_kind::text);
  EXPECT_EQ(kind("last(ok)"), value_kind::boolean);
  EXPECT_EQ(kind("var(user)"), value_kind::floating);
  EXPECT_EQ(kind("stddev(cost)"), value_kind::floating);
  EXPECT_EQ(kind("distinct(url)"), value_kind::integer);
  EXPECT_EQ(kind("approx_distinct(ok)"), value_kind::integer);
  EXPECT_EQ(kind("quantile(cost, 0.99)"), value_kind::floating);
  EXPECT_EQ(kind("quantile(took, 1)"), value_kind::duration);
  EXPECT_EQ(kind("decayed_sum(cost, 10m)"), value_kind::floating);
  EXPECT_EQ(kind("max(sum(user), 1.5)"), value_kind::floating);
  EXPECT_EQ(kind("upper(url)"), value_kind::text);
  EXPECT_EQ(kind("max(cost) > 10 and url == \"a\""), value_kind::boolean);
}

// --- refusals -------------------------------------------------------------------------------------------

struct refusal {
  const char* header;
  const char* body;
  const char* message;
};

class window_refusal : public testing::TestWithParam<refusal> {};

TEST_P(window_refusal, says_where_and_what_to_write_instead) {
  EXPECT_EQ(refusal_of(click_event +
                       ("window w on Click " + std::string(GetParam().header) + "\n{ " + GetParam().body + "\n}")),
            GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    extent, window_refusal,
    testing::Values(
        refusal{"", "tumbling 0s select n = count()", "3:3 found 'tumbling 0s', expected a positive duration"},
        refusal{"", "sliding 0ms select n = count()", "3:3 found 'sliding 0ms', expected a positive duration"},
        refusal{"", "session gap 0s select n = count()", "3:3 found 'session gap 0s', expected a positive duration"},
        refusal{"", "hopping 1m every 0s select n = count()",
                "3:3 found 'hopping 1m every 0s', expected a positive duration behind 'every'"},
        refusal{"", "hopping 1m every 2m select n = count()",
                "3:3 found 'hopping 1m every 2m', expected 'every' of at most the window's length: no event may be in "
                "no window"},
        refusal{"", "hopping 1h every 1ms select n = count()",
                "3:3 found 'hopping 1h every 1ms', expected an event to be in at most 10000 windows"},
        refusal{"", "count 0 select n = count()", "3:3 found 'count 0', expected at least 1 event"},
        refusal{"", "count 10 every 0 select n = count()", "3:3 found 'count 10 every 0', expected at least 1 event"},
        refusal{"", "count 10 every 20 select n = count()",
                "3:3 found 'count 10 every 20', expected 'every' of at most the window's events: none may be in no "
                "window"},
        refusal{"", "count 2000000 select n = count()",
                "3:3 found 'count 2000000', expected at most 1000000 events in a window"},
        refusal{"", "tumbling 26688d select n = count()",
                "3:3 found 'tumbling 26688d', expected a length of at most 73 years"},
        refusal{"", "hopping 30000d every 10d select n = count()",
                "3:3 found 'hopping 30000d every 10d', expected a length of at most 73 years"},
        refusal{"", "sliding 13344d select n = count()",
                "3:3 found 'sliding 13344d', expected a length of at most 36 years"},
        refusal{"", "hopping 1048577ns every 1000ns select n = count()",
                "3:3 found 'hopping 1048577ns every 1000ns', expected 'every' to go into the window's length, or a "
                "longer common divisor of both: a window has 1048577 slices, and at most 1048576 are possible"},
        refusal{"", "count 10001 every 10000 select n = count()",
                "3:3 found 'count 10001 every 10000', expected 'every' to go into the window's length, or a longer "
                "common divisor of both: a window has 10001 slices, and at most 10000 are possible"},
        refusal{"", "count 10 grace 1s select n = count()",
                "3:12 found grace on a window of counted events, expected none: it closes by number and not by time"},
        refusal{"", "tumbling 200000d select n = count()",
                "3:12 found 200000d, expected a duration of at most 292 years"},
        refusal{"", "tumbling 20000d grace 100000d select n = count()",
                "3:19 found a grace that passes the end of time, expected the window's length and it to be at most 292 "
                "years"},
        refusal{"", "tumbling 1 select n = count()",
                "3:12 found '1', expected a duration (like 250ms, 5s, 10m, 1h, 7d)"},
        refusal{"", "hopping 1m select n = count()", "3:14 found 'select', expected 'every'"},
        refusal{"", "session 1m select n = count()", "3:11 found '1m', expected 'gap'"},
        refusal{"", "count select n = count()", "3:9 found 'select', expected a number"},
        refusal{"", "select n = count()",
                "3:3 found 'select', expected 'tumbling', 'hopping', 'sliding', 'session' or 'count'"},
        refusal{"", "tumbling 1m emit never select n = count()", "3:20 found 'never', expected 'final' or 'updates'"},
        refusal{"", "tumbling 1m emit final grace 1s select n = count()", "3:26 found 'grace', expected 'select'"},
        refusal{"", "tumbling 1m", "4:1 found '}', expected 'grace', 'emit' or 'select'"}));

INSTANTIATE_TEST_SUITE_P(
    header, window_refusal,
    testing::Values(
        refusal{"where cost", "tumbling 1m select n = count()", "2:25 found f64, expected a condition (bool)"},
        refusal{"where prize > 1", "tumbling 1m select n = count()",
                "2:25 found unknown field 'prize', expected a field of event Click: ts, user, url, cost, took, ok"},
        refusal{"where a.cost > 1", "tumbling 1m select n = count()",
                "2:25 found unknown stage 'a', expected no stage: nothing is matched before this"},
        refusal{"by page", "tumbling 1m select n = count()",
                "2:22 found 'page' in 'by', expected a field of event Click: ts, user, url, cost, took, ok"},
        refusal{"by url, url", "tumbling 1m select n = count()", "2:27 found 'url' twice in 'by', expected it once"},
        refusal{", Other", "tumbling 1m select n = count()", "2:19 found ',', expected 'where', 'by' or '{'"}));

INSTANTIATE_TEST_SUITE_P(
    select, window_refusal,
    testing::Values(
        refusal{"by url", "tumbling 1m select n = count(), n = 1",
                "3:35 found a second 'n' in select, expected a name of its own"},
        refusal{"", "tumbling 1m select x = cost", "3:26 found 'cost', expected an aggregate over it, like max(cost)"},
        refusal{"by url", "tumbling 1m select user",
                "3:22 found 'user', expected an aggregate over it, like max(user) or one of the 'by' fields url"},
        refusal{"", "tumbling 1m select x = price + 1",
                "3:26 found 'price', expected an aggregate (count, sum, avg, min, max, first, last, var, stddev, "
                "distinct, approx_distinct, quantile, topk or decayed_sum)"},
        refusal{"", "tumbling 1m select x = a.cost",
                "3:26 found 'a.cost', expected an aggregate: windows have no stages"},
        refusal{"", "tumbling 1m select x = median(cost)",
                "3:26 found unknown function 'median', expected an aggregate (count, sum, avg, min, max, first, last, "
                "var, stddev, distinct, approx_distinct, quantile, topk or decayed_sum) or a function of their values "
                "(abs, ceil, contains, ends_with, exp, floor, log, lower, max, min, sqrt, starts_with, upper)"},
        refusal{"", "tumbling 1m select x = sum(url)", "3:30 found sum of a string, expected a number or a duration"},
        refusal{"", "tumbling 1m select x = avg(ts)", "3:30 found avg of a timestamp, expected a number or a duration"},
        refusal{"", "tumbling 1m select x = var(took)", "3:30 found var of a duration, expected a number"},
        refusal{"", "tumbling 1m select x = min(ok)",
                "3:30 found min of a bool, expected a number, a time or a string"},
        refusal{"", "tumbling 1m select x = sum(prize)",
                "3:30 found unknown field 'prize', expected a field of event Click: ts, user, url, cost, took, ok"},
        refusal{"", "tumbling 1m select x = sum(max(cost))",
                "3:30 found max(…) inside an aggregate, expected an expression over the fields of event Click"},
        refusal{"", "tumbling 1m select x = sum()", "3:26 found 0 arguments of 'sum', expected 1"},
        refusal{"", "tumbling 1m select x = count(cost, user)",
                "3:26 found 2 arguments of 'count', expected count(), or count(x) for those that have a value"},
        refusal{"", "tumbling 1m select x = quantile(cost)",
                "3:26 found 1 arguments of 'quantile', expected quantile(x, q), q from 0 to 1"},
        refusal{"", "tumbling 1m select x = quantile(cost, 99)",
                "3:41 found '99', expected a number from 0 to 1, like 0.99"},
        refusal{"", "tumbling 1m select x = quantile(cost, user)",
                "3:41 found 'user', expected a number from 0 to 1, like 0.99"},
        refusal{"", "tumbling 1m select x = topk(url)", "3:26 found 1 arguments of 'topk', expected topk(x, k)"},
        refusal{"", "tumbling 1m select x = topk(url, 0)", "3:36 found '0', expected a number of values, 1 to 100"},
        refusal{"", "tumbling 1m select x = topk(url, 3) == \"a\"",
                "3:26 found topk inside an expression, expected it alone: NAME = topk(x, k) is a list of values"},
        refusal{"", "tumbling 1m select x = decayed_sum(cost, 10)",
                "3:44 found '10', expected a positive duration, like 10m"},
        refusal{"", "tumbling 1m select x = sum(cost) + count() == max(url)",
                "3:26 found f64 == string, expected two values of one type"}));

// Such windows were refused without a place, where their operators were made.
TEST(window_refusal, leaves_windows_that_are_as_large_as_can_be) {
  for (const char* extent : {"tumbling 26687d", "sliding 13343d", "hopping 1048576ns every 999ns",
                             "session gap 100000d", "count 10000 every 9999", "count 1000000 every 100"})
    EXPECT_TRUE(compiled_window(std::string(extent) + " select n = count()")) << extent;
}

TEST(window_refusal, tells_of_a_name_that_something_else_has) {
  const std::string window = "window w on Click { tumbling 1m select n = count() }";
  EXPECT_EQ(refusal_of(click_event + window + "\n" + window),
            "3:8 found a second rule 'w', expected a name that no pattern or window has");
  EXPECT_EQ(refusal_of(click_event + ("pattern w on Click { a }\n" + window)),
            "3:8 found a second rule 'w', expected a name that no pattern or window has");
  EXPECT_EQ(refusal_of("event Click { ts : timestamp }\nwindow w on Clack { tumbling 1m select n = count() }"),
            "2:13 found unknown event 'Clack', expected one of Click");
}

}  // namespace
}  // namespace millrace::rules
