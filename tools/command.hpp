#pragma once

#include <millrace/base/error.hpp>
#include <millrace/rules/program.hpp>

#include <memory>
#include <string>

namespace CLI {
class App;
}

namespace millrace::tools {

/// How the program ends; `millrace --help` lists them.
enum exit_status : int {
  done = 0,
  failed = 1,       ///< the run failed; what was read before is not lost
  wrong_usage = 2,  ///< the command or the rules are wrong
  done_with_dead = 3,
};

/// Each adds its subcommand to the program; the status goes to `status` when it has run.
void add_match_command(CLI::App& app, int& status);
void add_replay_command(CLI::App& app, int& status);
void add_explain_command(CLI::App& app, int& status);
void add_bench_command(CLI::App& app, int& status);
void add_topology_command(CLI::App& app, int& status);

/// Wrong use of the command line that CLI11 cannot see.
class usage_error : public error {
 public:
  using error::error;
};

/// Reads and compiles a rules file. Throws `rules::rules_error` for a wrong one and `usage_error` where it
/// cannot be read.
std::shared_ptr<const rules::program> load_rules(const std::string& path);

/// The text of a rules file, or a little more than one may have. Throws `usage_error` where it cannot be read.
std::string read_text(const std::string& path);

/// Runs a subcommand and turns its errors into a message and a status.
int guarded(int (*run)(const void*), const void* arguments);

}  // namespace millrace::tools
