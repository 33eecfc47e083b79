#include "pattern_and_feed.hpp"

#include "comparable.hpp"
#include "conformance/oracle/oracle.hpp"
#include "conformance/rules_run.hpp"

#include <millrace/base/error.hpp>
#include <millrace/event/event.hpp>
#include <millrace/feed/open_feed.hpp>
#include <millrace/replay/replay.hpp>
#include <millrace/rules/compile.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>

namespace millrace::fuzz {
namespace {

using answers = std::set<oracle::answer>;
using shared_program = std::shared_ptr<const rules::program>;

constexpr std::size_t feed_bytes_max = 1U << 16;

/// Some inputs meet their bounds soon, and with each policy.
rules::engine_limits small_limits(std::size_t choice) {
  rules::engine_limits limits;
  const bool tiny = choice % 4 == 0;
  limits.matcher.runs = tiny ? 24 : 1U << 12;
  limits.matcher.steps = tiny ? 32 : 1U << 14;
  limits.matcher.partitions = tiny ? 2 : 16;
  limits.matcher.matches_at_once = tiny ? 8 : 1U << 12;
  limits.events = tiny ? 12 : 256;
  limits.matcher.when_full = static_cast<cep::full_policy>(choice / 4 % 3);
  return limits;
}

shared_program try_compile(const std::string& text) {
  try {
    return std::make_shared<const rules::program>(rules::compile({"fuzz.mr", text}));
  } catch (const rules::rules_error&) {
    return nullptr;
  }
}

/// The events of the feed that are not late, as the oracle wants them, and their places in the feed.
struct events {
  std::vector<oracle::record> records;
  std::vector<std::int64_t> positions;
};

oracle::value value_of(const field& f, const std::byte* at) {
  if (f.type == field_type::string) {
    std::uint16_t length = 0;
    std::memcpy(&length, at, sizeof length);
    return std::string(reinterpret_cast<const char*>(at) + sizeof length, length);
  }
  std::int64_t integer = 0;
  std::memcpy(&integer, at, sizeof integer);
  return f.type == field_type::f64 ? oracle::value(std::bit_cast<double>(integer)) : oracle::value(integer);
}

oracle::record record_of(const event_layout& layout, const event_header& header) {
  oracle::record made{header.time_ns, {}};
  for (const field& f : layout.fields()) made.fields[f.name] = value_of(f, data_of(header) + f.offset);
  return made;
}

/// None: the feed says more than events.
std::optional<events> read_events(const shared_program& rules, const std::string& feed) {
  const auto decoder = feed::open_feed(feed::byte_source::over(std::as_bytes(std::span(feed))), feed::format::ndjson,
                                       replay::layouts_of(rules));
  std::vector<event_header> room(2 + rules->data_bytes_max / sizeof(event_header));  // one, and space for its data
  event_header& header = room.front();
  events made;
  for (;;) {
    const feed::outcome what = decoder->next(header);
    if (what == feed::outcome::end) return made;
    if (what == feed::outcome::watermark) return std::nullopt;
    if (what != feed::outcome::event) continue;
    if (!made.records.empty() && header.time_ns < made.records.back().time_ns) continue;
    made.records.push_back(record_of(*rules->layouts[0], header));
    made.positions.push_back(static_cast<std::int64_t>(header.id.low));
  }
}

/// As lines show it: places in the feed, milliseconds rounded down, names up to their first ':'.
oracle::answer as_printed(const oracle::answer& from, const std::vector<std::int64_t>& positions,
                          std::int64_t unit_ns) {
  const std::int64_t at = from.at_ns / unit_ns - (from.at_ns % unit_ns < 0 ? 1 : 0);
  oracle::answer made{from.timeout, at, {}};
  for (const auto& [name, indices] : from.stages)
    for (const std::int64_t index : indices)
      made.stages[name.substr(0, name.find(':'))].push_back(positions[static_cast<std::size_t>(index)]);
  return made;
}

std::string text_of(const answers& all) {
  std::string made;
  for (const oracle::answer& each : all) {
    made += each.timeout ? "  timeout {" : "  match {";
    for (const auto& [name, indices] : each.stages) {
      made += " " + name + ":";
      for (const std::int64_t index : indices) made += std::to_string(index) + ",";
    }
    made += " } at " + std::to_string(each.at_ns) + "\n";
  }
  return made;
}

/// The class of matcher must not be told from the answers.
void compare_classes(const conformance::rules_run& fastest, const conformance::rules_run& runs) {
  if (fastest.bound_met || runs.bound_met || (fastest.lines == runs.lines && fastest.late == runs.late)) {
    if (fastest.windows != runs.windows) throw std::logic_error("windows depend on the class of patterns");
    return;
  }
  const auto text = [](const conformance::rules_run& run) {
    std::string made;
    for (const conformance::printed& line : run.lines)
      made += "  " + line.pattern + text_of(answers{{line.timeout, line.at, line.stages}});
    return made;
  };
  throw std::logic_error("single runs find\n" + text(runs) + "the fastest class finds\n" + text(fastest));
}

bool compare(const shared_program& rules, const std::string& text, const std::string& feed,
             const conformance::rules_run& engine) {
  const oracle::described what = oracle::describe(text);
  const auto events = read_events(rules, feed);
  if (!events || !is_comparable(*rules, what, events->records)) return false;
  answers expected;
  try {
    const auto unit_ns = nanoseconds_in(rules->patterns[0].unit);
    for (const oracle::answer& each : oracle::find_all(what, events->records, true))
      expected.insert(as_printed(each, events->positions, unit_ns));
  } catch (const oracle::too_many&) {
    return false;
  }
  answers found;
  for (const conformance::printed& line : engine.lines) found.insert({line.timeout, line.at, line.stages});
  if (expected != found)
    throw std::logic_error("the oracle finds\n" + text_of(expected) + "the engine finds\n" + text_of(found));
  return true;
}

}  // namespace

fate try_pattern_and_feed(std::string_view input) {
  const std::size_t end = std::min(input.find('\0'), input.size());
  const std::string text(input.substr(0, end));
  std::string feed(input.substr(std::min(end + 1, input.size())).substr(0, feed_bytes_max));
  // Told by content, a few bytes of gzip or zstd would be a feed without end.
  if (feed.starts_with("\x1f\x8b") || feed.starts_with("\x28\xb5\x2f\xfd")) feed.clear();
  const shared_program rules = try_compile(text);
  if (rules == nullptr) return fate::refused;
  try {
    rules::engine_limits limits = small_limits(input.size());
    const auto run = conformance::run_rules(rules, feed, true, std::nullopt, limits);
    limits.classes = cep::class_choice::runs_only;
    compare_classes(run, conformance::run_rules(rules, feed, true, std::nullopt, limits));
    if (!rules->windows.empty() || rules->patterns.size() != 1 || rules->layouts.size() != 1 ||
        !is_known(*rules->layouts[0]) || run.bound_met)
      return fate::ran;
    return compare(rules, text, feed, run) ? fate::compared : fate::ran;
  } catch (const millrace::error&) {
    return fate::ran;  // a feed or rules that a run refuses, in words
  }
}

}  // namespace millrace::fuzz
