#include "command.hpp"

#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>

int main(int argc, char** argv) {
  // A reader of our output that goes away is seen where we write.
  std::signal(SIGPIPE, SIG_IGN);
  int status = millrace::tools::done;
  CLI::App app{"Millrace: event processing inside one process, at the speed of the cache"};
  app.name("millrace");
  app.set_version_flag("--version", "millrace " MILLRACE_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Exit status:\n"
      "  0  done\n"
      "  1  the run failed, or a bound on state was met and matches may be missing; the output of what was read is\n"
      "     flushed\n"
      "  2  the command or the rules are wrong\n"
      "  3  done, but events were dead-lettered");
  millrace::tools::add_match_command(app, status);
  millrace::tools::add_replay_command(app, status);
  millrace::tools::add_explain_command(app, status);
  millrace::tools::add_bench_command(app, status);
  millrace::tools::add_topology_command(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (app.exit(e) != 0) return millrace::tools::wrong_usage;
    return std::cout.flush() ? millrace::tools::done : millrace::tools::failed;
  }
  return status;
}
