#pragma once

#include <millrace/feed/open_feed.hpp>
#include <millrace/replay/replay.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace millrace::tools {

/// Bounds on state, as they were written.
struct state_arguments {
  std::uint32_t max_runs = cep::matcher_limits{}.runs;
  std::uint32_t max_keys = cep::matcher_limits{}.partitions;
  std::uint32_t max_events = 1U << 20;
  std::uint32_t max_runs_per_key = 0;
  std::uint32_t max_events_per_key = 0;
  std::uint32_t max_matches_at_once = cep::matcher_limits{}.matches_at_once;
  std::uint32_t max_windows = rules::window_rule_limits{}.windows;
  std::uint32_t max_distinct = rules::window_rule_limits{}.distinct_values;
  std::string when_full = std::string(name_of(cep::full_policy::refuse));
};

/// Declares their options on a subcommand.
void add_state_options(CLI::App& command, state_arguments& into);
[[nodiscard]] rules::engine_limits to_limits(const state_arguments& arguments);
[[nodiscard]] rules::window_rule_limits to_window_limits(const state_arguments& arguments);

/// The command line of `match` and `replay`, as it was written.
struct replay_arguments {
  std::string rules;
  std::string feed;
  std::string format = "auto";
  std::string speed = "max";
  std::string from;
  std::string to;
  std::string wait;
  std::string stats_json;
  std::string dead_letters;
  std::string hgrm;
  unsigned shards = 0;  ///< 0: inline
  std::size_t ring_slots = 1024;
  std::uint64_t limit = 0;
  bool matches_only = false;  ///< windows do not run
  bool count = false;
  bool quiet = false;
  bool stats = false;
  bool pin = false;
  std::string place;
  bool watch = false;
  bool no_final_watermark = false;
  std::optional<std::string> trace;  ///< a key
  std::string trace_file;
  state_arguments state;
};

/// Declares the options on a subcommand.
void add_replay_options(CLI::App& command, replay_arguments& into, bool matches_only);

/// What the arguments mean. Throws `usage_error`.
replay::replay_options to_options(const replay_arguments& arguments, const rules::program& rules);
feed::format to_format(const std::string& name);

}  // namespace millrace::tools
