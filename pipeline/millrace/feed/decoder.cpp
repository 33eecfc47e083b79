#include <millrace/feed/decoder.hpp>

#include <cstring>

namespace millrace::feed {

outcome decoder::dead_line_too_long() {
  reason_ =
      "found a record of more than " + std::to_string(lines_.record_bytes_max()) + " bytes, expected at most that";
  return outcome::dead;
}

void decoder::write_header(event_header& into, std::size_t layout) const noexcept {
  const event_layout& declared = layouts_.layout(layout);
  into = event_header{};
  into.id.low = record_index_;
  into.type = static_cast<event_type>(layout);
  into.schema_version = declared.schema_version();
  std::memcpy(&into.time_ns, data_of(into) + declared.fields()[*declared.time_field()].offset, sizeof into.time_ns);
}

}  // namespace millrace::feed
