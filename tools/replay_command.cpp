// millrace match and millrace replay.

#include "command.hpp"
#include "progress_bar.hpp"
#include "replay_options.hpp"
#include "rules_watch.hpp"
#include "summary.hpp"
#include "trace_output.hpp"

#include <sys/stat.h>
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <millrace/rules/compile.hpp>
#include <millrace/sink/dead_letter_file.hpp>
#include <millrace/sink/json_text.hpp>
#include <mutex>
#include <optional>

namespace millrace::tools {
namespace {

std::atomic<replay::replay_run*> running{nullptr};
std::atomic<int> stopped_by{0};

/// The first signal ends the run after what was taken in; a second one ends the program.
extern "C" void stop_on_signal(int signal) {
  if (stopped_by.exchange(signal) != 0) ::_exit(128 + signal);
  if (replay::replay_run* const run = running.load()) run->stop();
}

class signal_guard {
 public:
  explicit signal_guard(replay::replay_run& run) {
    running = &run;
    struct sigaction action {};
    action.sa_handler = stop_on_signal;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(SIGINT, &action, &interrupt_);
    ::sigaction(SIGTERM, &action, &terminate_);
  }
  ~signal_guard() {
    ::sigaction(SIGINT, &interrupt_, nullptr);
    ::sigaction(SIGTERM, &terminate_, nullptr);
    running = nullptr;
  }
  signal_guard(const signal_guard&) = delete;
  signal_guard& operator=(const signal_guard&) = delete;

 private:
  struct sigaction interrupt_ {};
  struct sigaction terminate_ {};
};

bool same_file(const std::string& a, const std::string& b) {
  struct stat of_a {};
  struct stat of_b {};
  return ::stat(a.c_str(), &of_a) == 0 && ::stat(b.c_str(), &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
         of_a.st_ino == of_b.st_ino;
}

void keep_files_apart(const replay_arguments& arguments) {
  const std::array outputs{&arguments.dead_letters, &arguments.stats_json, &arguments.hgrm, &arguments.trace_file};
  for (std::size_t i = 0; i < outputs.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (!outputs[i]->empty() && *outputs[i] == *outputs[j])
        throw usage_error("found '" + *outputs[i] + "' as output twice, expected two files");
  for (const std::string* output : outputs)
    for (const std::string* input : {&arguments.rules, &arguments.feed})
      if (!output->empty() && same_file(*output, *input))
        throw usage_error("found '" + *output + "' as output and as input, expected two files");
}

/// Tells without a trace: a run that is killed shall leave no empty file behind.
bool can_be_written(const std::string& path) {
  if (::access(path.c_str(), F_OK) == 0) return ::access(path.c_str(), W_OK) == 0;
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  return ::access(folder.c_str(), W_OK | X_OK) == 0;
}

/// What the command names must be there, and be of use, before a long run begins.
void check_files(const replay_arguments& arguments) {
  if (arguments.feed != "-" && ::access(arguments.feed.c_str(), R_OK) != 0)
    throw usage_error("cannot open '" + arguments.feed + "': " + std::strerror(errno));
  struct stat about {};
  if (::stat(arguments.feed.c_str(), &about) == 0 && S_ISDIR(about.st_mode))
    throw usage_error("cannot open '" + arguments.feed + "': Is a directory");
  for (const std::string* output :
       {&arguments.dead_letters, &arguments.stats_json, &arguments.hgrm, &arguments.trace_file})
    if (!output->empty() && !can_be_written(*output))
      throw usage_error("cannot write '" + *output + "': " + std::strerror(errno));
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.flush();
  if (!file) throw error("cannot write '" + path + "'");
}

void write_counts(sink::text_output& out, const replay::replay_summary& summary) {
  for (const replay::pattern_summary& pattern : summary.patterns) {
    std::string line;
    sink::json_text json(line);
    json.raw("{\"pattern\":").quoted(pattern.name);
    json.raw(",\"matches\":").integer(static_cast<expr::wide>(pattern.matches));
    json.raw(",\"timeouts\":").integer(static_cast<expr::wide>(pattern.timeouts)).raw("}\n");
    static_cast<void>(out.write(line));
  }
  out.flush();
}

/// Says on standard error what the user must know, and gives the exit status.
class closing_words {
 public:
  closing_words(const replay_arguments& arguments, const replay::replay_summary& summary, const std::string& first_dead)
      : arguments_(arguments), summary_(summary), first_dead_(first_dead) {}

  int say() const {
    remarks();
    if (!summary_.failure.empty()) {
      std::fprintf(stderr, "millrace: %s\n", summary_.failure.c_str());
      std::fprintf(stderr, "millrace: the run failed after %llu records; what they gave until then was printed\n",
                   static_cast<unsigned long long>(summary_.source.records));
      return failed;
    }
    if (summary_.output_closed) {
      std::fprintf(stderr, "millrace: standard output was closed by its reader after %llu records\n",
                   static_cast<unsigned long long>(summary_.source.records));
      return failed;
    }
    const std::string bounds = bounds_text(summary_);
    std::fputs(bounds.c_str(), stderr);
    const cep::matcher_counters& all = summary_.engine;
    const bool lacks_events = refused_windows_of(summary_) != 0;
    const bool dead_letters = arguments_.state.when_full == name_of(cep::full_policy::dead_letter);
    if (all.refused + all.dropped + all.cut + refused_of_windows(summary_) != 0 || (lacks_events && !dead_letters))
      return failed;
    if (summary_.source.dead + summary_.dead_at_bound != 0) return say_dead();
    return lacks_events ? done_with_dead : done;
  }

 private:
  void remarks() const {
    if (arguments_.quiet) return;
    for (const std::string& warning : summary_.warnings)
      std::fprintf(stderr, "millrace: warning: %s\n", warning.c_str());
    if (summary_.source.late != 0)
      std::fprintf(stderr, "millrace: %llu events were late: they were counted and not matched\n",
                   static_cast<unsigned long long>(summary_.source.late));
    if (summary_.late_for_windows != 0)
      std::fprintf(stderr,
                   "millrace: %llu events came too late for windows that they fall into; --dead-letters FILE has "
                   "them\n",
                   static_cast<unsigned long long>(summary_.late_for_windows));
    if (summary_.source.records != 0 && summary_.source.skipped == summary_.source.records)
      std::fprintf(stderr, "millrace: none of the %llu records is of a declared event type; see 'when' in the rules\n",
                   static_cast<unsigned long long>(summary_.source.records));
    if (summary_.engine.faults + summary_.select_faults != 0)
      std::fprintf(
          stderr,
          "millrace: %llu overflows or divisions by zero in conditions made them false, %llu in select print null\n",
          static_cast<unsigned long long>(summary_.engine.faults),
          static_cast<unsigned long long>(summary_.select_faults));
    if (const std::uint64_t faults = faults_of_windows(summary_); faults != 0)
      std::fprintf(stderr,
                   "millrace: %llu values of window rules overflowed, were divided by zero or are not finite, and "
                   "were left out\n",
                   static_cast<unsigned long long>(faults));
    if (summary_.end == run_end::stopped)
      std::fprintf(stderr, "millrace: stopped by %s after %llu records\n", stopped_by == SIGTERM ? "SIGTERM" : "SIGINT",
                   static_cast<unsigned long long>(summary_.source.records));
  }

  int say_dead() const {
    const unsigned long long dead = summary_.source.dead + summary_.dead_at_bound;
    std::fprintf(stderr, "millrace: %llu events were dead-lettered, the first at %s\n", dead, first_dead_.c_str());
    if (arguments_.dead_letters.empty())
      std::fprintf(stderr, "millrace: --dead-letters FILE keeps them, with the reason of each\n");
    else
      std::fprintf(stderr, "millrace: they are in '%s'\n", arguments_.dead_letters.c_str());
    return done_with_dead;
  }

  const replay_arguments& arguments_;
  const replay::replay_summary& summary_;
  const std::string& first_dead_;
};

/// `match` leaves windows alone: nothing that they would print is asked for.
std::shared_ptr<const rules::program> compile_for(const replay_arguments& arguments, const rules::source_text& source) {
  rules::program made = rules::compile(source);
  if (arguments.matches_only) {
    if (made.patterns.empty() && !made.windows.empty())
      throw usage_error("'" + arguments.rules +
                        "' has windows and no pattern, expected a pattern: match prints matches only, millrace replay "
                        "prints window results too");
    made.windows.clear();
  }
  return std::make_shared<const rules::program>(std::move(made));
}

int run_replay(const void* opaque) {
  const auto& arguments = *static_cast<const replay_arguments*>(opaque);
  keep_files_apart(arguments);
  const rules::source_text source{arguments.rules, read_text(arguments.rules)};
  const auto rules = compile_for(arguments, source);
  check_files(arguments);
  replay::replay_options options = to_options(arguments, *rules);
  auto decoder = replay::open_rules_feed(arguments.feed, to_format(arguments.format), rules);
  std::unique_ptr<sink::dead_letter_file> dead;
  if (!arguments.dead_letters.empty()) dead = std::make_unique<sink::dead_letter_file>(arguments.dead_letters);
  std::string first_dead;
  std::mutex dead_mutex;  // the source tells of records, the sink of events that met a bound
  options.source.on_dead = [&](const replay::dead_record& record) {
    const std::lock_guard lock(dead_mutex);
    if (first_dead.empty()) first_dead = "line " + std::to_string(record.line) + ": " + std::string(record.reason);
    if (dead) dead->add(record.line, record.record, record.reason, record.text);
  };
  options.on_dead_event = [&](std::string_view line) {
    const std::lock_guard lock(dead_mutex);
    if (first_dead.empty()) first_dead = "a bound on state: " + std::string(line.substr(0, line.size() - 1));
    if (dead) dead->add_line(line);
  };
  options.on_late_event = [&](std::string_view line) {
    const std::lock_guard lock(dead_mutex);
    if (dead) dead->add_line(line);
  };
  trace_output trace(arguments, rules, options);
  sink::text_output out(STDOUT_FILENO, "standard output");
  replay::replay_run run(rules, std::move(decoder), out, options);
  replay::replay_summary summary;
  {
    const signal_guard signals(run);
    const progress_bar progress(
        !arguments.quiet, [&] { return run.bytes_read(); }, run.bytes_total());
    std::optional<rules_watch> watch;
    if (arguments.watch) watch.emplace(run, source, arguments.quiet);
    summary = run.run();
  }
  if (dead) dead->flush();
  trace.close();
  if (arguments.count) write_counts(out, summary);
  summary.output_closed = out.closed();
  if (arguments.stats) std::fputs(summary_text(summary).c_str(), stderr);
  if (!arguments.stats_json.empty()) write_file(arguments.stats_json, summary_json(summary));
  if (!arguments.hgrm.empty()) {
    std::ofstream file(arguments.hgrm);
    summary.match_latency.write_hgrm(file);
    if (!file.flush()) throw error("cannot write '" + arguments.hgrm + "'");
  }
  return closing_words(arguments, summary, first_dead).say();
}

void add_command(CLI::App& app, int& status, const char* name, const char* about, bool matches_only) {
  CLI::App* const command = app.add_subcommand(name, about);
  auto arguments = std::make_shared<replay_arguments>();
  add_replay_options(*command, *arguments, matches_only);
  command->callback([arguments, &status] { status = guarded(run_replay, arguments.get()); });
}

}  // namespace

void add_match_command(CLI::App& app, int& status) {
  add_command(app, status, "match",
              "Print the matches of a rules file's patterns in a captured feed, one line of JSON each", true);
}

void add_replay_command(CLI::App& app, int& status) {
  add_command(
      app, status, "replay",
      "Replay a captured feed through a rules file and print everything that it emits: matches and window results",
      false);
}

}  // namespace millrace::tools
