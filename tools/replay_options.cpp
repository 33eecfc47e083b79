#include "replay_options.hpp"

#include "command.hpp"
#include "placement_option.hpp"

#include <CLI/CLI.hpp>
#include <bit>
#include <charconv>
#include <cmath>
#include <millrace/stage/wait_strategy.hpp>
#include <millrace/time/timestamp.hpp>

namespace millrace::tools {
namespace {

constexpr std::uint32_t bound_max = 1U << 28;

void add_selection(CLI::App& command, replay_arguments& into) {
  command
      .add_option("--from", into.from, "First event time wanted: RFC 3339, or an integer in the unit of the ts field")
      ->type_name("TIME");
  command.add_option("--to", into.to, "First event time not wanted any more")->type_name("TIME");
  command.add_option("--speed", into.speed, "Pace of the replay by event time: max, 1x, 10x, 0.5x")
      ->type_name("SPEED")
      ->capture_default_str();
  command.add_flag("--no-final-watermark", into.no_final_watermark,
                   "At the end of the feed leave pending absences and timeouts as they are");
}

void add_execution(CLI::App& command, replay_arguments& into) {
  command
      .add_option("--shards", into.shards,
                  "Threads that share the keys, beside one that reads and one that writes; without it one thread does "
                  "all. The output is the same")
      ->check(CLI::Range(1U, 256U))
      ->type_name("N");
  command
      .add_option("--wait", into.wait,
                  "What an idle thread does: busy-spin, yield, backoff or blocking (default: by the machine)")
      ->type_name("HOW");
  command.add_option("--ring-slots", into.ring_slots, "Events between the reader and a shard, a power of two")
      ->check(CLI::Range(2U, 1U << 24))
      ->type_name("N")
      ->capture_default_str();
  command.add_flag("--watch", into.watch,
                   "Follow the rules file while events flow: patterns that are written anew, changed or deleted in it "
                   "come and go, the others keep their state");
  CLI::Option* const place = add_placement_option(command, into.place);
  command
      .add_flag("--pin", into.pin, "Give each thread a core of its own where the machine allows: --place one-core-each")
      ->excludes(place);
  add_state_options(command, into.state);
}

void add_reports(CLI::App& command, replay_arguments& into) {
  command.add_flag("-q,--quiet", into.quiet, "No progress bar, no remarks; errors only");
  command.add_flag("--stats", into.stats, "Print a summary and latency percentiles to standard error");
  command.add_option("--stats-json", into.stats_json, "Write the same as one JSON object")->type_name("FILE");
  command
      .add_option("--hgrm", into.hgrm,
                  "Write the latency from event in to match out as a percentile file that HdrHistogram's plotters read")
      ->type_name("FILE");
  command
      .add_option("--dead-letters", into.dead_letters,
                  "Write each rejected record, with its line number and the reason, as JSON lines")
      ->type_name("FILE");
  command
      .add_option("--trace", into.trace,
                  "Tell each step of the partial matches of one key: user=root, several fields a=x,b=y, the bare value "
                  "where the key is one field, all for patterns without a key")
      ->type_name("KEY");
  command.add_option("--trace-file", into.trace_file, "Write the trace there instead of to standard error")
      ->type_name("FILE");
}

std::optional<std::int64_t> time_argument(const char* option, const std::string& text, time_unit unit) {
  if (text.empty()) return std::nullopt;
  if (const auto ns = parse_rfc3339(text)) return ns;
  std::int64_t count = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (failed == std::errc{} && end == text.data() + text.size())
    if (const auto ns = to_nanoseconds(count, unit)) return ns;
  throw usage_error(std::string(option) + ": found '" + text +
                    "', expected an RFC 3339 time (2015-05-17T10:05:03Z) or an integer in " +
                    std::string(name_of(unit)) + ", the unit of the ts field");
}

std::optional<double> speed_argument(const std::string& text) {
  if (text == "max") return std::nullopt;
  double factor = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), factor);
  if (failed == std::errc{} && std::string_view(end) == "x" && factor > 0 && std::isfinite(factor)) return factor;
  throw usage_error("--speed: found '" + text + "', expected max or a factor like 1x, 10x, 0.5x");
}

}  // namespace

void add_state_options(CLI::App& command, state_arguments& into) {
  const auto bound = [&](const char* name, std::uint32_t& value, const char* about) {
    return command.add_option(name, value, about)->check(CLI::Range(1U, bound_max))->type_name("N");
  };
  bound("--max-runs", into.max_runs, "Bound on partial matches of a pattern in a shard")->capture_default_str();
  bound("--max-runs-per-key", into.max_runs_per_key, "The same of one key (default: that of the shard)");
  bound("--max-keys", into.max_keys, "Bound on keys with state in a shard")->capture_default_str();
  bound("--max-events", into.max_events,
        "Bound on events that partial matches of a shard hold, and on the reorder buffer")
      ->capture_default_str();
  bound("--max-events-per-key", into.max_events_per_key,
        "Bound on events in the partial matches of one key, shared beginnings counted once (default: that of the "
        "shard, twice --max-runs)");
  bound("--max-matches-at-once", into.max_matches_at_once,
        "Bound on matches of a pattern that one event completes (default: 1048576; 268435456 of a chain, see explain)");
  bound("--max-windows", into.max_windows,
        "Bound on open windows of a rule in a shard, beside the newest of each key; of hopping ones, on their slices")
      ->capture_default_str();
  bound("--max-distinct", into.max_distinct, "Bound on values that the open windows of a rule hold for distinct(…)")
      ->capture_default_str();
  command
      .add_option("--when-full", into.when_full,
                  "What gives way at a bound: refuse new partial matches, drop-oldest, or dead-letter the event, which "
                  "then changes nothing")
      ->check(CLI::IsMember({"refuse", "drop-oldest", "dead-letter"}))
      ->capture_default_str();
}

rules::engine_limits to_limits(const state_arguments& arguments) {
  rules::engine_limits made;
  made.matcher.runs = arguments.max_runs;
  made.matcher.steps = arguments.max_runs * 2;
  made.matcher.partitions = arguments.max_keys;
  made.matcher.runs_per_key = arguments.max_runs_per_key;
  made.matcher.steps_per_key = arguments.max_events_per_key;
  made.matcher.matches_at_once = arguments.max_matches_at_once;
  for (const auto policy : {cep::full_policy::refuse, cep::full_policy::drop_oldest, cep::full_policy::dead_letter})
    if (name_of(policy) == arguments.when_full) made.matcher.when_full = policy;
  made.events = arguments.max_events;
  return made;
}

rules::window_rule_limits to_window_limits(const state_arguments& arguments) {
  return {arguments.max_keys, arguments.max_windows, arguments.max_distinct};
}

void add_replay_options(CLI::App& command, replay_arguments& into, bool matches_only) {
  into.matches_only = matches_only;
  command.add_option("--rules", into.rules, "Rules file (.mr)")->required()->type_name("FILE");
  command.add_option("--feed", into.feed, "Captured feed: .ndjson or .csv, also .gz and .zst; - for standard input")
      ->required()
      ->type_name("FILE");
  command.add_option("--format", into.format, "auto, ndjson or csv")
      ->check(CLI::IsMember({"auto", "ndjson", "csv"}))
      ->capture_default_str();
  if (matches_only) {
    command.add_flag("--count", into.count, "One line a pattern instead of the matches");
    command.add_option("--limit", into.limit, "Stop after N matches of a pattern")
        ->check(CLI::Range(std::uint64_t{1}, UINT64_MAX))
        ->type_name("N");
  }
  add_selection(command, into);
  add_execution(command, into);
  add_reports(command, into);
}

feed::format to_format(const std::string& name) {
  return name == "ndjson" ? feed::format::ndjson : name == "csv" ? feed::format::csv : feed::format::automatic;
}

replay::replay_options to_options(const replay_arguments& arguments, const rules::program& rules) {
  replay::replay_options made;
  if (arguments.shards != 0) made.shards = arguments.shards;
  const event_layout& first = *rules.layouts.front();
  const time_unit unit = first.fields()[*first.time_field()].unit;
  made.source.from_ns = time_argument("--from", arguments.from, unit);
  made.source.to_ns = time_argument("--to", arguments.to, unit);
  made.source.speed = speed_argument(arguments.speed);
  made.source.final_watermark = !arguments.no_final_watermark;
  made.source.reorder_capacity = arguments.state.max_events;
  made.lines = !arguments.count;
  if (arguments.limit != 0) made.limit = arguments.limit;
  made.measures_latency = arguments.stats || !arguments.stats_json.empty() || !arguments.hgrm.empty();
  made.limits = to_limits(arguments.state);
  made.windows = to_window_limits(arguments.state);
  if (!std::has_single_bit(arguments.ring_slots))
    throw usage_error("--ring-slots: found " + std::to_string(arguments.ring_slots) + ", expected a power of two");
  made.executor.ring_slots = arguments.ring_slots;
  if (arguments.pin) made.executor.where = placement::one_core_each();
  if (!arguments.place.empty()) made.executor.where = to_placement(arguments.place);
  if (!arguments.wait.empty()) {
    made.executor.wait = find_wait_strategy(arguments.wait);
    if (!made.executor.wait)
      throw usage_error("--wait: found '" + arguments.wait + "', expected busy-spin, yield, backoff or blocking");
  }
  return made;
}

}  // namespace millrace::tools
