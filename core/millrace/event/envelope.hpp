#pragma once

#include <millrace/event/event.hpp>
#include <millrace/event/layout.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace millrace {

/// An event as event stores and their users speak of it: the header's fields under the field's usual names, the
/// type by its name, and the data. A view: it copies nothing and lives as long as the event.
struct envelope {
  event_id id;
  std::string_view type;
  std::uint16_t version;         ///< of the type's layout
  std::int64_t time_ns;          ///< event time, nanoseconds since the Unix epoch
  std::uint64_t aggregate_id;    ///< what the event is about
  std::uint16_t aggregate_type;  ///< which kind of thing that is
  std::span<const std::byte> data;
  std::uint64_t correlation;  ///< the business transaction; 0: none
  std::uint64_t causation;    ///< what caused it; 0: none
};

/// Requires: `event` is followed by data of this layout.
[[nodiscard]] inline envelope envelope_of(const event_header& event, const event_layout& layout) noexcept {
  return {event.id,
          layout.name(),
          event.schema_version,
          event.time_ns,
          event.key,
          event.aggregate_type,
          {data_of(event), layout.bytes()},
          event.correlation,
          event.causation};
}

}  // namespace millrace
