#pragma once

#include <millrace/replay/replay.hpp>
#include <millrace/rules/program.hpp>

#include <cstdint>
#include <string>

namespace millrace::tools {

/// The summary of a replay for people, several lines.
std::string summary_text(const replay::replay_summary& of);

/// What bounds on state kept from matching and from windows, a line a rule: how often, which bounds, and the options
/// that move them; empty where nothing is missing.
std::string bounds_text(const replay::replay_summary& of);

/// Events, or their values, that met a bound on the state of a window rule.
std::uint64_t refused_of_windows(const replay::replay_summary& of);
/// Pairs of event and window that did not come together for want of room.
std::uint64_t refused_windows_of(const replay::replay_summary& of);
/// Values that window rules left out because they have none: overflows and the like.
std::uint64_t faults_of_windows(const replay::replay_summary& of);

/// The same for programs: one JSON object, units in the names.
std::string summary_json(const replay::replay_summary& of);

}  // namespace millrace::tools
