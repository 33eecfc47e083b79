#pragma once

#include <millrace/placement/placement.hpp>

#include <string>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace millrace::tools {

/// Declares `--place` on a subcommand.
CLI::Option* add_placement_option(CLI::App& command, std::string& into);

/// What `--place` says. Throws `usage_error`.
[[nodiscard]] placement to_placement(const std::string& text);

}  // namespace millrace::tools
