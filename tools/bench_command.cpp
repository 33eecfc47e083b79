// millrace bench.

#include "bench/html_report.hpp"
#include "bench/load.hpp"
#include "bench/report.hpp"
#include "bench/workload.hpp"
#include "command.hpp"
#include "placement_option.hpp"

#include <millrace/measure/disturbance.hpp>
#include <millrace/placement/machine.hpp>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace millrace::tools {
namespace {

constexpr std::array all_workloads{
    workload{"ring", "producer -> ring -> consumer, 64 bytes a message",
             "from the time at which the message was to be sent to its release by the consumer", 2, false, 1e6,
             run_ring},
    workload{"table", "insertion or update of a random key", "from the time at which it was to begin to its end", 1,
             true, 0, run_table},
    workload{"match", "event -> strict chain of 3 by key, from text, in the calling thread",
             "from the time at which the event was to come in to when its matches were handed out", 1, true, 1e6,
             run_match},
    workload{"end-to-end", "source -> ring -> shard: match -> ring -> sink, a match every second event",
             "from the time at which the event that completes a match was to come in to the match in the sink", 3, true,
             1e6, run_end_to_end},
};

struct bench_arguments {
  std::string workload;
  std::optional<std::string> rate;
  double seconds = 5;
  double warm_up = 1;
  std::uint64_t keys = 1'000;
  std::size_t ring_slots = 1'024;
  std::string place = placement::one_core_each().to_string();
  std::string wait;
  std::string json;
  std::string hgrm;
  std::string hlog;
  std::string html;
};

/// Events a second: "250k", "1.5M", "1000"; nothing for "max".
std::optional<double> to_rate(const std::string& text) {
  if (text == "max") return std::nullopt;
  double rate = 0;
  const char* const end = text.data() + text.size();
  auto [behind, failed] = std::from_chars(text.data(), end, rate);
  if (failed == std::errc() && behind != end) {
    const double factor = *behind == 'k' ? 1e3 : *behind == 'M' ? 1e6 : 0;
    rate *= factor;
    ++behind;
  }
  if (failed != std::errc() || behind != end || !std::isfinite(rate) || rate < 1 || rate > 1e9)
    throw usage_error("--rate: found '" + text + "', expected max or events a second from 1 to 1000M, as 250k or 1.5M");
  return rate;
}

std::chrono::nanoseconds to_time(double seconds) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
}

workload_options to_options(const bench_arguments& arguments, const workload& what) {
  workload_options made;
  if (arguments.rate)
    made.events_per_second = to_rate(*arguments.rate);
  else if (what.usual_rate > 0)
    made.events_per_second = what.usual_rate;
  made.length = to_time(arguments.seconds);
  made.warm_up = to_time(arguments.warm_up);
  made.keys = arguments.keys;
  if (!std::has_single_bit(arguments.ring_slots))
    throw usage_error(fmt::format("--ring-slots: found {}, expected a power of two", arguments.ring_slots));
  made.ring_slots = arguments.ring_slots;
  made.where = to_placement(arguments.place);
  if (arguments.wait.empty()) return made;
  made.wait = find_wait_strategy(arguments.wait);
  if (!made.wait)
    throw usage_error("--wait: found '" + arguments.wait + "', expected busy-spin, yield, backoff or blocking");
  return made;
}

/// So that a run of minutes does not end with a file that cannot be written.
void check_writable(const std::vector<std::string>& paths) {
  for (auto path = paths.begin(); path != paths.end(); ++path) {
    if (path->empty()) continue;
    if (std::find(paths.begin(), path, *path) != path)
      throw usage_error(fmt::format("found '{}' as output twice, expected files of their own", *path));
    if (!std::ofstream(*path, std::ios::app)) throw usage_error(fmt::format("cannot write '{}'", *path));
  }
}

void write_text(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  if (!(file << text).flush()) throw error("cannot write '" + path + "'");
}

int run_bench(const bench_arguments& arguments) {
  const auto* const what =
      std::ranges::find_if(all_workloads, [&](const workload& each) { return each.name == arguments.workload; });
  const workload_options options = to_options(arguments, *what);
  check_writable({arguments.json, arguments.hgrm, arguments.hlog, arguments.html});
  static_cast<void>(bench_clock());
  const machine here = machine::detect();
  const auto before = measure::processor_times::now();
  workload_result result = what->run(options);
  const auto after = measure::processor_times::now();
  const bench_report report{what, options, std::move(result),
                            measure::disturbance::between(before, after, what->threads, here.core_count(),
                                                          std::max(1U, std::thread::hardware_concurrency()))};
  fmt::print("{}", report_text(report));
  if (!arguments.json.empty()) write_text(arguments.json, report_json(report));
  if (!arguments.html.empty()) write_text(arguments.html, report_html(report));
  if (!arguments.hgrm.empty()) write_hgrm(arguments.hgrm, report);
  if (!arguments.hlog.empty()) write_hlog(arguments.hlog, report);
  if (!report.result.wrong.empty()) return failed;
  return std::fflush(stdout) == 0 ? done : failed;
}

std::string workload_list() {
  std::string text = "Workloads:\n";
  for (const workload& each : all_workloads) text += fmt::format("  {:<11} {}\n", each.name, each.path);
  return text;
}

}  // namespace

void add_bench_command(CLI::App& app, int& status) {
  const auto arguments = std::make_shared<bench_arguments>();
  CLI::App* const command = app.add_subcommand(
      "bench", "Measure latency and rate on this machine: a load of fixed rate, latency from the intended time");
  std::vector<std::string> names;
  for (const workload& each : all_workloads) names.emplace_back(each.name);
  command->add_option("workload", arguments->workload, "What to measure")
      ->required()
      ->check(CLI::IsMember(names))
      ->type_name("WORKLOAD");
  command
      ->add_option("--rate", arguments->rate,
                   "Events a second, as 250k or 1.5M, or max (default: 1M; table: max, each operation timed by itself)")
      ->type_name("RATE");
  command->add_option("--seconds", arguments->seconds, "How long to measure")
      ->check(CLI::Range(0.01, 3'600.0))
      ->type_name("S")
      ->capture_default_str();
  command->add_option("--warm-up", arguments->warm_up, "How long to run before that")
      ->check(CLI::Range(0.0, 600.0))
      ->type_name("S")
      ->capture_default_str();
  command->add_option("--keys", arguments->keys, "Different keys, equally frequent and in no order")
      ->check(CLI::Range(1U, 1U << 28))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--ring-slots", arguments->ring_slots, "Slots of a ring, a power of two")
      ->check(CLI::Range(2U, 1U << 24))
      ->type_name("N")
      ->capture_default_str();
  add_placement_option(*command, arguments->place)->capture_default_str();
  command
      ->add_option("--wait", arguments->wait,
                   "What an idle thread does: busy-spin, yield, backoff or blocking (default: by the machine)")
      ->type_name("HOW");
  command->add_option("--json", arguments->json, "Write the report as one JSON object")->type_name("FILE");
  command->add_option("--hgrm", arguments->hgrm, "Write a percentile file that HdrHistogram's plotters read")
      ->type_name("FILE");
  command->add_option("--hlog", arguments->hlog, "Write an interval log that HdrHistogram's tools read")
      ->type_name("FILE");
  command
      ->add_option("--html", arguments->html, "Write a page with plots over percentiles and time; it needs no network")
      ->type_name("FILE");
  command->footer(workload_list);
  command->callback([arguments, &status] {
    status = guarded([](const void* given) { return run_bench(*static_cast<const bench_arguments*>(given)); },
                     arguments.get());
  });
}

}  // namespace millrace::tools
