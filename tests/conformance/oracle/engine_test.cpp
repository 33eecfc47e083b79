// Random patterns and feeds: the engine against the oracle.
// MILLRACE_NIGHTLY=1: twenty times as many. MILLRACE_SEED=N: that one alone. MILLRACE_PAIRS=N: so many.
// MILLRACE_FROM=N: the seeds from there on (1).
// MILLRACE_FAILURES=N: stop after N differences (5). What differs is shown as small as it can be made.
//
// The engine runs by the fastest class that accepts the pattern and by single runs: as many lines, in the same order,
// at the same times. Now and then both once more beside a second pattern, over two shards, and on records out of order.

#include "conformance/rules_run.hpp"
#include "oracle.hpp"
#include "random_case.hpp"

#include <millrace/base/fixed_string.hpp>
#include <millrace/rules/compile.hpp>
#include <millrace/rules/engine.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>

namespace millrace::oracle {
namespace {

/// Room for an event of the generated layout.
struct slot {
  event_header header;
  std::byte data[64];
};

void write(const event_layout& layout, const shown& from, std::size_t index, slot& into) {
  into.header = {};
  into.header.sequence = index;
  into.header.id.low = index;
  into.header.time_ns = from.time_ms * 1'000'000;
  into.header.route = rules::counts_here | 1;
  ASSERT_LE(layout.bytes(), sizeof into.data);
  std::memcpy(into.data, layout.blank().data(), layout.bytes());
  const auto at = [&](const char* name) -> const field& { return layout.fields()[*layout.find(name)]; };
  std::memcpy(into.data + at("t").offset, &into.header.time_ns, sizeof into.header.time_ns);
  std::memcpy(into.data + at("id").offset, &from.id, sizeof from.id);
  std::memcpy(into.data + at("price").offset, &from.price, sizeof from.price);
  ASSERT_TRUE(write_fixed_string(into.data + at("name").offset, at("name").capacity, from.name));
}

rules::engine_limits small_limits(cep::class_choice classes) {
  rules::engine_limits limits;
  limits.classes = classes;
  limits.matcher.runs = 1U << 13;
  limits.matcher.steps = 1U << 15;
  limits.matcher.partitions = 4;
  limits.events = 64;
  return limits;
}

/// The names of the stages in the order of the text, as the engine numbers them.
void stage_names(const std::vector<cep::stage>& stages, std::vector<std::string>& names) {
  for (const cep::stage& s : stages) {
    if (s.members.empty()) names.push_back(s.name);
    stage_names(s.members, names);
  }
}

std::optional<rules::program> try_compile(const random_case& each) {
  try {
    return rules::compile({"random", each.rules.text()});
  } catch (const rules::rules_error&) {
    return std::nullopt;
  }
}

/// What comes out, in order.
std::vector<answer> ask_engine(const std::shared_ptr<const rules::program>& program, const described& what,
                               const random_case& each, cep::class_choice classes, bool& refused) {
  std::vector<std::string> names;
  stage_names(what.pattern.stages, names);
  rules::engine engine(program, small_limits(classes));
  std::vector<answer> made;
  const auto keep = [&](const rules::released_match& match) {
    answer found{match.timeout, match.at_ns, {}};
    for (const expr::taken_event& t : match.taken)
      found.stages[names[t.stage]].push_back(static_cast<std::int64_t>(t.event->id.low));
    made.push_back(found);
  };
  slot event{};
  for (std::size_t i = 0; i < each.feed.size(); ++i) {
    write(*program->layouts[0], each.feed[i], i, event);
    engine.process(event.header, keep);
  }
  engine.finish(keep);
  refused = refused || engine.counters().refused != 0;
  return made;
}

/// Whether single runs are not the fastest for it.
bool is_chain(const rules::program& program) {
  const rules::pattern_rule& rule = program.patterns[0];
  const rules::condition_programs conditions(rule.conditions);
  return cep::choose_class(
             *rule.automaton, [&](cep::condition_id id) { return conditions.reads_history(id); },
             small_limits(cep::class_choice::fastest).matcher)
             .chosen == cep::matcher_class::chain;
}

std::string text_of(const answer& a) {
  std::string stages;
  for (const auto& [name, indices] : a.stages) stages += fmt::format(" {}:{}", name, fmt::join(indices, ","));
  return fmt::format("{} {{{} }} at {}ms\n", a.timeout ? "timeout" : "match", stages, a.at_ns / 1'000'000);
}

enum class outcome { agree, disagree, not_compiled, too_large, endless };

/// How often the costlier comparisons are made: with every so many-th case.
constexpr std::uint64_t shards_every = 16;
constexpr std::uint64_t out_of_order_every = 4;

std::string text_of(const conformance::printed& line) {
  std::string stages;
  for (const auto& [name, indices] : line.stages) stages += fmt::format(" {}:{}", name, fmt::join(indices, ","));
  return fmt::format("{} {} {{{} }} at {}ms\n", line.pattern, line.timeout ? "timeout" : "match", stages, line.at);
}

template <class Line>
bool are_equal(const std::vector<Line>& a, const std::vector<Line>& b, std::string_view a_name, std::string_view b_name,
               std::string* remark) {
  if (a == b) return true;
  if (remark != nullptr) {
    *remark += fmt::format("  {}:\n", a_name);
    for (const Line& each : a) *remark += fmt::format("    {}", text_of(each));
    *remark += fmt::format("  {}:\n", b_name);
    for (const Line& each : b) *remark += fmt::format("    {}", text_of(each));
  }
  return false;
}

/// Two patterns at once: every way of running them prints the same lines.
outcome compare_ways(const random_case& each, bool over_shards, bool out_of_order, std::string* remark) {
  const std::string text = each.rules.text() + each.beside.pattern_text("q");
  const std::string time = out_of_order ? fmt::format("time out of order {}ms\n", each.jitter_ms) : "";
  std::shared_ptr<const rules::program> program;
  try {
    program = std::make_shared<const rules::program>(rules::compile({"random", time + text}));
  } catch (const rules::rules_error&) {
    return outcome::agree;  // the second pattern is refused
  }
  const std::string feed = out_of_order ? each.out_of_order() : each.in_order();
  const auto run = [&](cep::class_choice classes, std::optional<unsigned> shards) {
    return conformance::run_rules(program, feed, true, shards, small_limits(classes));
  };
  const auto runs = run(cep::class_choice::runs_only, std::nullopt);
  if (runs.bound_met) return outcome::agree;
  const auto fastest = run(cep::class_choice::fastest, std::nullopt);
  const char* const where = out_of_order ? "out of order" : "two patterns";
  bool equal =
      are_equal(runs.lines, fastest.lines, fmt::format("{}, runs", where), fmt::format("{}, fastest", where), remark) &&
      runs.late == fastest.late;
  if (over_shards)
    for (const auto classes : {cep::class_choice::runs_only, cep::class_choice::fastest})
      equal = equal && are_equal(runs.lines, run(classes, 2).lines, fmt::format("{}, runs", where),
                                 fmt::format("{}, 2 shards, {}", where,
                                             classes == cep::class_choice::fastest ? "fastest" : "runs"),
                                 remark);
  if (!equal && remark != nullptr) *remark += "  beside:\n" + each.beside.pattern_text("q");
  return equal ? outcome::agree : outcome::disagree;
}

outcome compare(const random_case& each, std::uint64_t seed, std::string* remark = nullptr) {
  auto compiled = try_compile(each);
  if (!compiled) return outcome::not_compiled;
  const auto program = std::make_shared<const rules::program>(*std::move(compiled));
  const described what = describe(each.rules.text());
  std::set<answer> oracle;
  try {
    oracle = find_all(what, each.records(), true, each.rules.by_id ? "id" : "");
  } catch (const too_many&) {
    return outcome::too_large;
  }
  bool refused = false;
  const std::vector<answer> runs = ask_engine(program, what, each, cep::class_choice::runs_only, refused);
  const std::vector<answer> fastest = ask_engine(program, what, each, cep::class_choice::fastest, refused);
  if (refused) return outcome::too_large;
  if (!are_equal(runs, fastest, "runs", "fastest", remark)) return outcome::disagree;
  const std::set<answer> engine(fastest.begin(), fastest.end());
  if (engine == oracle) {
    const bool out_of_order = seed % out_of_order_every == 0;
    const bool over_shards = seed % shards_every < 2;
    return out_of_order || over_shards ? compare_ways(each, over_shards, out_of_order, remark) : outcome::agree;
  }
  if (remark != nullptr) {
    for (const answer& a : oracle)
      *remark += fmt::format("  {} {}", engine.contains(a) ? "both:  " : "oracle:", text_of(a));
    for (const answer& a : engine)
      if (!oracle.contains(a)) *remark += fmt::format("  engine: {}", text_of(a));
  }
  return outcome::disagree;
}

/// The same in a child process, so that an engine that never ends, or crashes, is an outcome too.
outcome compare_guarded(const random_case& each, std::uint64_t seed) {
  constexpr unsigned seconds_max = 20;  // of a machine that may be busy
  const pid_t child = fork();
  if (child == 0) {
    alarm(seconds_max);
    _exit(static_cast<int>(compare(each, seed)));
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) throw std::runtime_error("no child process");
  return WIFEXITED(status) ? static_cast<outcome>(WEXITSTATUS(status)) : outcome::endless;
}

/// As little of the case as still shows the difference.
random_case least(random_case each, std::uint64_t seed, outcome wrong) {
  for (bool found = true; found;) {
    found = false;
    for (random_case& less : smaller(each)) {
      if (less.rules.text() == each.rules.text() && less.feed.size() == each.feed.size()) continue;
      if (less.rules.stages.empty() || compare_guarded(less, seed) != wrong) continue;
      each = std::move(less);
      found = true;
      break;
    }
  }
  return each;
}

std::uint64_t number(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(cep_oracle, engine_finds_what_the_oracle_finds) {
  const std::uint64_t pairs = number("MILLRACE_PAIRS", number("MILLRACE_NIGHTLY", 0) != 0 ? 100'000 : 5'000);
  const std::uint64_t only = number("MILLRACE_SEED", 0);
  std::uint64_t checked = 0;
  std::uint64_t tried = 0;
  std::uint64_t chains = 0;
  int shown_count = 0;
  for (std::uint64_t seed = only != 0 ? only : number("MILLRACE_FROM", 1); only != 0 ? seed == only : checked < pairs;
       ++seed) {
    const random_case each = make_case(seed);
    const outcome result = compare_guarded(each, seed);
    ++tried;
    if (result == outcome::agree || result == outcome::disagree) {
      ++checked;
      chains += is_chain(*try_compile(each)) ? 1U : 0U;
    }
    if (result != outcome::disagree && result != outcome::endless) continue;
    const random_case small = least(each, seed, result);
    std::string remark = result == outcome::endless ? "  the engine does not end\n" : "";
    if (result == outcome::disagree) compare(small, seed, &remark);
    ADD_FAILURE() << "MILLRACE_SEED=" << seed << "\n" << text_of(small) << remark;
    if (++shown_count == static_cast<int>(number("MILLRACE_FAILURES", 5))) break;
  }
  if (only == 0) {
    EXPECT_GE(checked * 10, tried * 6) << "of " << tried << " texts only " << checked << " were compared";
    EXPECT_GE(chains * 3, checked) << "of " << checked << " patterns only " << chains << " were chains";
    RecordProperty("chains", std::to_string(chains));
  }
}

}  // namespace
}  // namespace millrace::oracle
