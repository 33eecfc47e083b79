#pragma once

#include <millrace/event/event_header.hpp>

namespace millrace {

/// Types of slots that hold a header and no event. They tell a shard how far its input has gone: every event
/// that is still to come to it numbers `header.sequence` or higher. Shards never see them, and no event may
/// have such a type.
inline constexpr event_type progress_mark = 0xFFFE;
/// As above, and the input has ended: no event comes any more, the shard shall finish.
inline constexpr event_type end_mark = 0xFFFF;
/// As above, and the run was stopped: no event comes any more, but the input had more to give.
inline constexpr event_type stop_mark = 0xFFFD;

/// The lowest of the reserved types; events have lower ones.
inline constexpr event_type reserved_type_min = stop_mark;

}  // namespace millrace
