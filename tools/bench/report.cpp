#include "report.hpp"

#include "load.hpp"

#include <build_info.hpp>

#include <millrace/base/error.hpp>
#include <millrace/measure/interval_log.hpp>
#include <millrace/placement/host_facts.hpp>
#include <millrace/placement/machine.hpp>
#include <millrace/sink/json_text.hpp>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>
#include <utility>

namespace millrace::tools {
namespace {

constexpr std::array<std::pair<const char*, double>, 5> percentiles{
    {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}, {"p99.99", 99.99}}};

// Fewer events than this part of those that were asked for: the load was more than what was measured can take.
constexpr double enough = 0.99;

std::string rate_text(double per_second) {
  if (per_second >= 1e6) return fmt::format("{:.3f} M/s", per_second / 1e6);
  if (per_second >= 1e3) return fmt::format("{:.3f} k/s", per_second / 1e3);
  return fmt::format("{:.3f} /s", per_second);
}

double rate_of(const workload_result& of) { return of.seconds > 0 ? static_cast<double>(of.events) / of.seconds : 0.0; }

double seconds_of(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

template <class Write>
void write_to(const std::string& path, Write&& write) {
  std::ofstream file(path, std::ios::binary);
  if (file) write(file);
  if (!file.flush()) throw error("cannot write '" + path + "': " + std::strerror(errno));
}

}  // namespace

std::vector<std::string> remarks(const bench_report& of) {
  std::vector<std::string> made = of.disturbed.remarks();
  const double rate = rate_of(of.result);
  if (const auto asked = of.options.events_per_second; !asked)
    made.emplace_back("no rate was asked for: an event is due when the one before is done, and waits for nothing");
  else if (rate < enough * *asked)
    made.push_back(
        fmt::format("{} of {} that were asked for: the load is more than it can take, and latencies are of a "
                    "queue that grows",
                    rate_text(rate), rate_text(*asked)));
  if (!bench_clock().counts_cycles())
    made.emplace_back(
        "the processor's time stamp counter cannot be used: reading the clock takes a part of what is "
        "measured");
  for (const std::string& each : of.result.warnings) made.push_back(each);
  return made;
}

std::string duration_text(std::int64_t ns) {
  if (ns < 10'000) return fmt::format("{} ns", ns);
  if (ns < 10'000'000) return fmt::format("{:.1f} us", static_cast<double>(ns) / 1e3);
  return fmt::format("{:.1f} ms", static_cast<double>(ns) / 1e6);
}

std::string build_text() {
  return fmt::format("millrace {} ({}), {}, {}, {}", build_info::version, build_info::commit, build_info::compiler,
                     build_info::type, build_info::flags);
}

std::vector<figure> figures_of(const histogram& of) {
  std::vector<figure> made;
  for (const auto& [name, percentile] : percentiles) made.push_back({name, of.value_at_percentile(percentile)});
  made.push_back({"max", of.max()});
  return made;
}

std::string load_text(const bench_report& of) {
  const workload_result& result = of.result;
  return fmt::format(
      "{} events in {:.2f} s: {}{}, the first {:.2f} s for warming up{}{}", result.events, result.seconds,
      rate_text(rate_of(result)),
      of.options.events_per_second ? fmt::format(" of {} asked for", rate_text(*of.options.events_per_second)) : "",
      seconds_of(of.options.warm_up), of.what->has_keys ? fmt::format("; {} keys", of.options.keys) : "",
      result.waits_by.empty() ? "" : fmt::format("; threads without work: {}", result.waits_by));
}

std::string report_text(const bench_report& of) {
  const workload_result& result = of.result;
  std::string text = fmt::format("{}: {}\n  {}\n\n  {:<10}", of.what->name, of.what->path, load_text(of), "latency");
  const auto figures = figures_of(result.latencies);
  for (const figure& each : figures) text += fmt::format("{:>11}", each.name);
  text += fmt::format("{:>12}\n  {:<10}", "count", "");
  for (const figure& each : figures) text += fmt::format("{:>11}", duration_text(each.ns));
  text += fmt::format("{:>12}\n  {}\n\n", result.latencies.count(), of.what->latency);
  text += host_facts::detect().describe() + machine::detect().describe() + build_text() + '\n';
  for (const std::string& each : remarks(of)) text += fmt::format("note: {}\n", each);
  if (!result.wrong.empty()) text += fmt::format("WRONG ANSWERS: {}; the figures mean nothing\n", result.wrong);
  return text;
}

std::string report_json(const bench_report& of) {
  const workload_result& result = of.result;
  std::string text;
  sink::json_text json(text);
  const auto number = [&](const char* name, double value) { json.raw(",").quoted(name).raw(":").floating(value); };
  const auto integer = [&](const char* name, std::int64_t value) {
    json.raw(",").quoted(name).raw(":").integer(value);
  };
  const auto string = [&](const char* name, std::string_view value) {
    json.raw(",").quoted(name).raw(":").quoted(value);
  };
  json.raw("{\"workload\":").quoted(of.what->name);
  string("path", of.what->path);
  string("latency", of.what->latency);
  if (of.options.events_per_second) number("events_per_second_asked", *of.options.events_per_second);
  number("events_per_second", rate_of(result));
  integer("events", static_cast<std::int64_t>(result.events));
  number("seconds", result.seconds);
  number("warm_up_seconds", seconds_of(of.options.warm_up));
  if (of.what->has_keys) integer("keys", static_cast<std::int64_t>(of.options.keys));
  integer("ring_slots", static_cast<std::int64_t>(of.options.ring_slots));
  string("place", of.options.where.to_string());
  integer("count", static_cast<std::int64_t>(result.latencies.count()));
  for (const figure& each : figures_of(result.latencies)) integer((each.name + "_ns").c_str(), each.ns);
  const host_facts host = host_facts::detect();
  string("cpu", host.cpu_model);
  json.raw(",\"virtual\":").raw(host.is_virtual ? "true" : "false");
  string("kernel", host.kernel);
  string("governor", host.governor);
  string("isolated_cpus", host.isolated);
  string("transparent_huge_pages", host.huge_pages);
  integer("cpus", static_cast<std::int64_t>(machine::detect().cpus().size()));
  integer("cores", static_cast<std::int64_t>(of.disturbed.cores));
  integer("busy_threads", static_cast<std::int64_t>(of.disturbed.threads));
  number("taken_by_others", of.disturbed.others);
  number("stolen_by_host", of.disturbed.stolen);
  integer("switched_out", of.disturbed.switched_out);
  string("version", build_info::version);
  string("commit", build_info::commit);
  string("compiler", build_info::compiler);
  string("build_type", build_info::type);
  string("flags", build_info::flags);
  string("wrong", result.wrong);
  json.raw(",\"notes\":[");
  const char* comma = "";
  for (const std::string& each : remarks(of)) {
    json.raw(comma).quoted(each);
    comma = ",";
  }
  json.raw("]}\n");
  return text;
}

void write_hgrm(const std::string& path, const bench_report& of) {
  write_to(path, [&](std::ostream& out) { of.result.latencies.write_hgrm(out); });
}

void write_hlog(const std::string& path, const bench_report& of) {
  write_to(path, [&](std::ostream& out) {
    measure::interval_log log(out, of.result.start_ns);
    for (const measure::latency_interval& each : of.result.intervals)
      log.write(each.begin_ns, each.end_ns, each.latencies);
  });
}

}  // namespace millrace::tools
