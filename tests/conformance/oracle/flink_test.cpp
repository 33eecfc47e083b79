// The oracle is believed because it gives Flink CEP's answers, and those worked out by hand.

#include "conformance/cep_case.hpp"
#include "feed_text.hpp"
#include "oracle.hpp"

#include <gtest/gtest.h>
#include <set>
#include <string>

namespace millrace::oracle {
namespace {

using conformance::cep_case;

bool in_reach(const cep_case& each) {
  return each.rules.find("time arrival") != std::string::npos && each.rules.find(" by ") == std::string::npos;
}

std::string text_of(const conformance::stages& stages) {
  std::string made = "{";
  for (const auto& [name, indices] : stages) {
    made += " " + name + ":";
    for (const auto index : indices) made += std::to_string(index) + ",";
  }
  return made + " }";
}

using timed = std::pair<conformance::stages, std::int64_t>;

std::string difference(const std::set<timed>& expected, const std::set<timed>& found, const char* what) {
  std::string made;
  for (const timed& t : expected)
    if (!found.contains(t))
      made += std::string("\n  missing ") + what + " " + text_of(t.first) + "@" + std::to_string(t.second);
  for (const timed& t : found)
    if (!expected.contains(t))
      made += std::string("\n  unexpected ") + what + " " + text_of(t.first) + "@" + std::to_string(t.second);
  return made;
}

std::string disagreement(const cep_case& wanted) {
  const feed_records feed = read_feed(wanted.feed);
  std::set<timed> matches;
  std::set<timed> timeouts;
  const bool times = wanted.at_ms.has_value();
  bool timeout_times = wanted.timeouts.has_value();
  if (wanted.timeouts)
    for (const auto& [stages, at] : *wanted.timeouts) timeout_times = timeout_times && at.has_value();
  for (const answer& each : find_all(describe(wanted.rules), feed.records, wanted.final_watermark)) {
    conformance::stages stages;
    for (const auto& [name, indices] : each.stages)
      for (const auto index : indices)
        stages[name.substr(0, name.find(':'))].push_back(feed.positions[static_cast<std::size_t>(index)]);
    const std::int64_t at = each.at_ns / 1'000'000;
    if (each.timeout) {
      timeouts.emplace(stages, timeout_times ? at : 0);
    } else {
      matches.emplace(stages, times ? at : 0);
    }
  }
  std::set<timed> expected;
  for (std::size_t i = 0; i < wanted.matches.size(); ++i)
    expected.emplace(wanted.matches[i], times ? wanted.at_ms->at(i) : 0);
  std::string made = difference(expected, matches, "match");
  if (wanted.timeouts) {
    std::set<timed> expected_timeouts;
    for (const auto& [stages, at] : *wanted.timeouts) expected_timeouts.emplace(stages, timeout_times ? *at : 0);
    made += difference(expected_timeouts, timeouts, "timeout");
  }
  return made;
}

void agrees_with(const std::string& file, int least) {
  int checked = 0;
  for (const cep_case& each : conformance::read_cases(MILLRACE_CEP_CASES "/" + file)) {
    if (!in_reach(each)) continue;
    ++checked;
    const std::string remark = disagreement(each);
    EXPECT_EQ(remark, "") << each.id << "\n" << each.rules << each.feed;
  }
  EXPECT_GE(checked, least);
}

TEST(cep_oracle, gives_the_answers_of_flinks_own_suite) { agrees_with("flink_suite.jsonl", 160); }
TEST(cep_oracle, gives_flinks_answers_to_odd_cases) { agrees_with("flink_probe.jsonl", 45); }
TEST(cep_oracle, gives_flinks_answers_to_random_patterns) { agrees_with("flink_random.jsonl", 900); }
TEST(cep_oracle, gives_the_answers_worked_out_by_hand) { agrees_with("own.jsonl", 21); }

}  // namespace
}  // namespace millrace::oracle
