#pragma once

#include <cstdint>

namespace millrace::replay {

/// What a record of a match stage tells.
enum class match_kind : std::uint32_t {
  match,
  timeout,
  dead,    ///< an event that changed nothing in a pattern or window, because a bound on state was met
  window,  ///< a window's result
  late,    ///< an event that came too late for some windows
};

/// In front of each record that a match stage emits.
struct match_head {
  std::uint64_t stamp;  ///< cycle counter when the event came in; 0: not measured
  std::uint32_t rule;   ///< number of the pattern's name, or place of the window
  match_kind kind;
  std::uint64_t count = 1;  ///< for how many matches it stands; of a late event, 0 where it counts as late already, or
                            ///< as processed
};

/// What comes first among things released at one time: the windows that it closes, the patterns that it completes
/// (phases of `released_match`, from here on), then what the event itself does, and at last what it did not do.
inline constexpr std::uint32_t window_phase_by_time = 0;
inline constexpr std::uint32_t pattern_phase = 1;
inline constexpr std::uint32_t pattern_phase_dead = pattern_phase + 2;
inline constexpr std::uint32_t window_phase_by_event = pattern_phase_dead + 1;
inline constexpr std::uint32_t window_phase_missed = window_phase_by_event + 1;

}  // namespace millrace::replay
