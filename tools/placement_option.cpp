#include "placement_option.hpp"

#include "command.hpp"

#include <CLI/CLI.hpp>

namespace millrace::tools {

CLI::Option* add_placement_option(CLI::App& command, std::string& into) {
  return command
      .add_option("--place", into,
                  "Where threads go: none, or one-core-each, with any of ,same-l3 (under one last-level cache or not "
                  "pinned at all), ,leave-core-0 and ,use-smt-siblings behind it")
      ->type_name("INTENT");
}

placement to_placement(const std::string& text) {
  const auto found = find_placement(text);
  if (!found)
    throw usage_error(
        "--place: found '" + text +
        "', expected none, or one-core-each with any of ,same-l3 ,leave-core-0 ,use-smt-siblings behind it");
  return *found;
}

}  // namespace millrace::tools
