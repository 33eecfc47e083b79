#pragma once

#include <millrace/replay/replay.hpp>
#include <millrace/rules/program.hpp>

#include <string>

namespace millrace::tools {

/// The summary of a replay for people, several lines.
std::string summary_text(const replay::replay_summary& of);

/// What bounds on state kept from matching, a line a pattern: how often, which bounds, and the options that move them;
/// empty where nothing is missing.
std::string bounds_text(const replay::replay_summary& of);

/// The same for programs: one JSON object, units in the names.
std::string summary_json(const replay::replay_summary& of);

}  // namespace millrace::tools
