#include "cep_case.hpp"

#include <millrace/rules/compile.hpp>

#include <simdjson.h>
#include <algorithm>
#include <memory>

namespace millrace::conformance {
namespace {

using simdjson::dom::element;

stages read_stages(element from) {
  stages made;
  for (const auto& [name, indices] : from.get_object())
    for (const element index : indices.get_array()) made[std::string(name)].push_back(index.get_int64());
  return made;
}

cep_case read_case(element from) {
  cep_case made;
  made.id = std::string(std::string_view(from["id"]));
  made.rules = std::string(std::string_view(from["rules"]));
  for (const element record : from["feed"].get_array()) made.feed += simdjson::minify(record) + "\n";
  made.final_watermark = from["final_watermark"];
  for (const element match : from["expect"].get_array()) made.matches.push_back(read_stages(match));
  if (!from["expect_timeouts"].is_null()) {
    made.timeouts.emplace();
    for (const element timeout : from["expect_timeouts"].get_array()) {
      const element at = timeout["t"];
      made.timeouts->emplace_back(read_stages(timeout["match"]),
                                  at.is_null() ? std::nullopt : std::optional(std::int64_t(at)));
    }
  }
  if (!from["expect_late"].is_null()) {
    made.late.emplace();
    for (const element index : from["expect_late"].get_array()) made.late->insert(index.get_int64());
  }
  if (!from["expect_at_ms"].is_null()) {
    made.at_ms.emplace();
    for (const element at : from["expect_at_ms"].get_array()) made.at_ms->push_back(at.get_int64());
  }
  return made;
}

std::string text_of(const stages& of) {
  std::string made = "{";
  for (const auto& [name, indices] : of) {
    made += (made.size() > 1 ? " " : "") + name + ":";
    for (std::size_t i = 0; i < indices.size(); ++i) made += (i == 0 ? "" : ",") + std::to_string(indices[i]);
  }
  return made + "}";
}

template <class Set, class Text>
std::string difference(const char* what, const Set& expected, const Set& found, Text&& text) {
  std::string made;
  for (const auto& each : expected)
    if (!found.contains(each)) made += std::string(" missing ") + what + " " + text(each);
  for (const auto& each : found)
    if (!expected.contains(each)) made += std::string(" unexpected ") + what + " " + text(each);
  return made;
}

using timed = std::pair<stages, std::int64_t>;
std::string timed_text(const timed& t) { return text_of(t.first) + "@" + std::to_string(t.second); }

std::string compare(const cep_case& wanted, const std::vector<printed>& lines, const std::set<std::int64_t>& late) {
  std::set<stages> matches;
  std::set<timed> matches_at;
  std::set<timed> timeouts;
  for (const printed& line : lines) {
    if (line.timeout) {
      timeouts.emplace(line.stages, line.at);
    } else {
      matches.insert(line.stages);
      matches_at.emplace(line.stages, line.at);
    }
  }
  std::string remark =
      difference("match", std::set<stages>(wanted.matches.begin(), wanted.matches.end()), matches, text_of);
  if (wanted.at_ms) {
    std::set<timed> expected;
    for (std::size_t i = 0; i < wanted.matches.size(); ++i) expected.emplace(wanted.matches[i], wanted.at_ms->at(i));
    remark += difference("release", expected, matches_at, timed_text);
  }
  if (wanted.timeouts) {
    const bool timed_all = std::ranges::all_of(*wanted.timeouts, [](const auto& t) { return t.second.has_value(); });
    std::set<timed> expected;
    std::set<timed> found;
    for (const auto& [match, at] : *wanted.timeouts) expected.emplace(match, timed_all ? *at : 0);
    for (const auto& [match, at] : timeouts) found.emplace(match, timed_all ? at : 0);
    remark += difference("timeout", expected, found, timed_text);
  }
  if (wanted.late)
    remark += difference("late event", *wanted.late, late, [](std::int64_t i) { return std::to_string(i); });
  return remark;
}

/// Cases are small: so may the state be.
rules::engine_limits small_limits(cep::class_choice classes) {
  rules::engine_limits limits;
  limits.classes = classes;
  limits.matcher.runs = 1U << 16;
  limits.matcher.steps = 1U << 16;
  limits.matcher.partitions = 64;
  limits.events = 1'024;
  return limits;
}

}  // namespace

std::vector<cep_case> read_cases(const std::string& path) {
  simdjson::dom::parser parser;
  const simdjson::padded_string text = simdjson::padded_string::load(path);
  std::vector<cep_case> cases;
  for (const element line : simdjson::dom::document_stream(parser.parse_many(text, 1U << 24)))
    cases.push_back(read_case(line));
  return cases;
}

case_result run_case(const cep_case& wanted, const way& how) {
  std::shared_ptr<const rules::program> rules;
  try {
    rules = std::make_shared<const rules::program>(rules::compile({wanted.id, wanted.rules}));
  } catch (const rules::rules_error& e) {
    return {verdict::unsupported, e.what()};
  }
  const rules_run run = run_rules(rules, wanted.feed, wanted.final_watermark, how.shards, small_limits(how.classes));
  const std::string remark = run.dead + compare(wanted, run.lines, run.late);
  return {remark.empty() ? verdict::pass : verdict::fail, remark};
}

}  // namespace millrace::conformance
