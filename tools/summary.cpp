#include "summary.hpp"

#include <fmt/format.h>
#include <array>
#include <millrace/sink/json_text.hpp>
#include <utility>

namespace millrace::tools {
namespace {

constexpr std::array<std::pair<const char*, double>, 5> percentiles{
    {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}, {"p99.99", 99.99}}};

std::string duration_text(std::int64_t ns) {
  if (ns < 10'000) return fmt::format("{} ns", ns);
  if (ns < 10'000'000) return fmt::format("{:.1f} us", static_cast<double>(ns) / 1e3);
  return fmt::format("{:.1f} ms", static_cast<double>(ns) / 1e6);
}

std::string latency_row(const char* title, const histogram& of) {
  if (of.count() == 0) return "";
  std::string row = fmt::format("  {:<22}", title);
  for (const auto& [name, percentile] : percentiles)
    row += fmt::format("{:>11}", duration_text(of.value_at_percentile(percentile)));
  return row + fmt::format("{:>11}\n", duration_text(of.max()));
}

const char* ending(const replay::replay_summary& of) {
  if (!of.failure.empty()) return "failed";
  if (of.limit_reached) return "limit reached";
  if (of.output_closed) return "output closed by its reader";
  return of.end == run_end::stopped ? "stopped" : "complete";
}

std::uint64_t late(const replay::replay_summary& of) { return of.source.late + of.late_for_windows; }

/// Events that were on their way when the run was cut short. After a run to the end of its feed there are none.
std::int64_t in_flight(const replay::replay_summary& of) {
  const auto& in = of.source;
  return static_cast<std::int64_t>(in.events) -
         static_cast<std::int64_t>(of.engine.processed + of.dead_at_bound + in.dead + late(of) + in.held);
}

std::string count_if_any(const char* what, std::uint64_t count) {
  return count == 0 ? "" : fmt::format(", {} {}", count, what);
}

/// The bounds that were met, each with the option that moves it: "keys with state in a shard (--max-keys)".
std::string bounds_of(const cep::matcher_counters& n) {
  constexpr std::array<std::pair<cep::bound, const char*>, 8> options{
      {{cep::bound::runs_per_key, "--max-runs-per-key"},
       {cep::bound::runs, "--max-runs"},
       {cep::bound::steps_per_key, "--max-events-per-key"},
       {cep::bound::steps, "twice --max-runs"},
       {cep::bound::events, "--max-events"},
       {cep::bound::match_events, "'within' or a bounded repetition keeps below it"},
       {cep::bound::matches_at_once, "--max-matches-at-once"},
       {cep::bound::keys, "--max-keys"}}};
  std::string text;
  for (const auto& [bound, option] : options)
    if (n.met(bound)) text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", name_of(bound), option);
  return text;
}

void json_latency(sink::json_text& json, std::string& text, const char* name, const histogram& of) {
  json.raw(",").quoted(name).raw(":{\"count\":").integer(static_cast<std::int64_t>(of.count()));
  for (const auto& [title, percentile] : percentiles)
    json.raw(",").quoted(fmt::format("{}_ns", title)).raw(":").integer(of.value_at_percentile(percentile));
  json.raw(",\"max_ns\":").integer(of.max());
  text += '}';
}

}  // namespace

std::uint64_t refused_of_windows(const replay::replay_summary& of) {
  std::uint64_t sum = 0;
  for (const replay::window_summary& window : of.windows)
    sum += window.counters.values_refused + window.counters.refused;
  return sum;
}

std::uint64_t refused_windows_of(const replay::replay_summary& of) {
  std::uint64_t sum = 0;
  for (const replay::window_summary& window : of.windows) sum += window.counters.refused_windows;
  return sum;
}

std::uint64_t faults_of_windows(const replay::replay_summary& of) {
  std::uint64_t sum = 0;
  for (const replay::window_summary& window : of.windows) sum += window.counters.faults;
  return sum;
}

std::string bounds_text(const replay::replay_summary& of) {
  std::string text;
  for (const replay::window_summary& window : of.windows) {
    const rules::window_rule_counters& n = window.counters;
    if (n.refused != 0)
      text += fmt::format(
          "millrace: window {}: {} events are not in their windows because a bound on state was met: open windows "
          "(--max-keys, --max-windows)\n",
          window.name, n.refused);
    else if (n.refused_windows != 0)
      text += fmt::format(
          "millrace: window {}: {} times an event is not in one of its windows because a bound on state was met: open "
          "windows (--max-keys, --max-windows)\n",
          window.name, n.refused_windows);
    if (n.values_refused != 0)
      text += fmt::format(
          "millrace: window {}: {} values of distinct(…) found no room (--max-distinct); the results that they are of "
          "print null\n",
          window.name, n.values_refused);
  }
  for (const replay::pattern_summary& pattern : of.patterns) {
    const cep::matcher_counters& n = pattern.counters;
    if (n.refused + n.dropped + n.cut + n.dead == 0) continue;
    text += fmt::format("millrace: pattern {}:", pattern.name);
    const char* comma = " ";
    const auto tell = [&](std::uint64_t count, const std::string& what) {
      if (count == 0) return;
      text += comma + what;
      comma = ", ";
    };
    tell(n.refused, fmt::format("{} partial matches were refused", n.refused));
    tell(n.dropped, fmt::format("{} of the oldest partial matches were dropped", n.dropped));
    tell(n.cut, fmt::format("matches of one event were cut {} times", n.cut));
    tell(n.dead, fmt::format("{} events were dead letters", n.dead));
    text += fmt::format(" because a bound on state was met: {}; matches may be missing\n", bounds_of(n));
  }
  return text;
}

std::string summary_text(const replay::replay_summary& of) {
  const double seconds = static_cast<double>(of.wall_ns) / 1e9;
  const auto& in = of.source;
  std::string text = fmt::format("{}: {} records in {:.3f} s ({:.2f} M/s)\n", ending(of), in.records, seconds,
                                 seconds > 0 ? static_cast<double>(in.records) / seconds / 1e6 : 0.0);
  text += fmt::format("  events    {} in = {} processed + {} dead + {} late{}{}\n", in.events, of.engine.processed,
                      in.dead + of.dead_at_bound, late(of), in.held == 0 ? "" : fmt::format(" + {} held", in.held),
                      in_flight(of) == 0 ? "" : fmt::format(" + {} in flight when the run ended", in_flight(of)));
  if (in.skipped + in.outside + in.watermarks != 0)
    text += fmt::format("  besides   {} records of no declared type{}{}\n", in.skipped,
                        count_if_any("outside of --from/--to", in.outside), count_if_any("watermarks", in.watermarks));
  for (const replay::pattern_summary& pattern : of.patterns)
    text += fmt::format("  pattern   {}: {} matches{}\n", pattern.name, pattern.matches,
                        count_if_any("timeouts", pattern.timeouts));
  for (const replay::window_summary& window : of.windows)
    text += fmt::format("  window    {}: {} results{}{}{}{}{}\n", window.name, window.counters.results,
                        count_if_any("events too late for all of their windows", window.counters.late),
                        count_if_any("times too late for one window", window.counters.late_windows),
                        count_if_any("events refused at a bound", window.counters.refused),
                        count_if_any("values of distinct refused", window.counters.values_refused),
                        count_if_any("values left out", window.counters.faults));
  for (const replay::pattern_summary& pattern : of.patterns) {
    const cep::matcher_counters& n = pattern.counters;
    if (n.bounds_met == 0) continue;
    text += fmt::format(
        "  bounds    {}: {} partial matches refused, {} dropped; {} events dead-lettered; {} matches cut; met: {}\n",
        pattern.name, n.refused, n.dropped, n.dead, n.cut, bounds_of(n));
  }
  if (of.engine.faults + of.select_faults != 0)
    text += fmt::format("  faults    {} overflows or divisions by zero in conditions, {} in select\n", of.engine.faults,
                        of.select_faults);
  text += fmt::format("  output    {} bytes, crc32c {:08x}\n", of.output_bytes, of.output_checksum);
  if (of.event_latency.count() == 0) return text;
  text += fmt::format("  {:<22}{:>11}{:>11}{:>11}{:>11}{:>11}{:>11}\n", "latency", "p50", "p90", "p99", "p99.9",
                      "p99.99", "max");
  text += latency_row("event in, processed", of.event_latency);
  text += latency_row("event in, match out", of.match_latency);
  return text;
}

std::string summary_json(const replay::replay_summary& of) {
  std::string text;
  sink::json_text json(text);
  const auto number = [&](const char* name, std::uint64_t value) {
    json.raw(",").quoted(name).raw(":").integer(static_cast<expr::wide>(value));
  };
  json.raw("{\"end\":").quoted(ending(of));
  if (!of.failure.empty()) json.raw(",\"failure\":").quoted(of.failure);
  number("wall_ns", of.wall_ns);
  number("records", of.source.records);
  number("in", of.source.events);
  number("processed", of.engine.processed);
  number("dead", of.source.dead + of.dead_at_bound);
  number("late", late(of));
  number("duplicate", 0);
  number("held", of.source.held);
  json.raw(",\"in_flight\":").integer(in_flight(of));
  number("skipped", of.source.skipped);
  number("outside", of.source.outside);
  number("watermarks", of.source.watermarks);
  number("refused_runs", of.engine.refused);
  number("dropped_runs", of.engine.dropped);
  number("cut_matches", of.engine.cut);
  number("condition_faults", of.engine.faults);
  number("select_faults", of.select_faults);
  number("output_bytes", of.output_bytes);
  json.raw(",\"output_crc32c\":").quoted(fmt::format("{:08x}", of.output_checksum));
  json.raw(",\"patterns\":[");
  for (std::size_t i = 0; i < of.patterns.size(); ++i) {
    json.raw(i == 0 ? "{\"pattern\":" : ",{\"pattern\":").quoted(of.patterns[i].name);
    number("matches", of.patterns[i].matches);
    number("timeouts", of.patterns[i].timeouts);
    const cep::matcher_counters& n = of.patterns[i].counters;
    if (n.bounds_met != 0) {
      number("refused_runs", n.refused);
      number("dropped_runs", n.dropped);
      number("dead_events", n.dead);
      number("cut_matches", n.cut);
    }
    json.raw("}");
  }
  json.raw("],\"windows\":[");
  for (std::size_t i = 0; i < of.windows.size(); ++i) {
    json.raw(i == 0 ? "{\"window\":" : ",{\"window\":").quoted(of.windows[i].name);
    const rules::window_rule_counters& n = of.windows[i].counters;
    number("results", n.results);
    number("late", n.late);
    number("late_windows", n.late_windows);
    number("refused", n.refused);
    number("refused_windows", n.refused_windows);
    number("dead", n.dead);
    number("values_refused", n.values_refused);
    number("values_left_out", n.faults);
    json.raw("}");
  }
  json.raw("]");
  json_latency(json, text, "event_latency", of.event_latency);
  json_latency(json, text, "match_latency", of.match_latency);
  return text + "}\n";
}

}  // namespace millrace::tools
