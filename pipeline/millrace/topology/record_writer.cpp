#include <millrace/topology/record_writer.hpp>

#include <algorithm>
#include <cstring>
#include <limits>

namespace millrace::detail {

record_writer::record_writer(run_links& links, shard_link& link)
    : links_(links),
      link_(link),
      source_bell_(links.source_bell()),
      egress_bell_(links.egress_bell()),
      idle_(links.wait, link.shard_parker),
      record_bytes_max_(link.output.message_bytes_max() - sizeof(record_head)) {
  last_.release_ns = std::numeric_limits<std::int64_t>::min();
}

std::byte* record_writer::wait_for_room(std::size_t message_bytes) {
  ++full_waits_;
  // A batch rings when it ends, and this one does not end before somebody makes room.
  egress_bell_.ring();
  source_bell_.ring();
  std::byte* message = nullptr;
  idle_.until([&] {
    message = link_.output.try_claim(message_bytes);
    return message != nullptr || links_.control.aborted();
  });
  return message;
}

std::byte* record_writer::claim_long(std::size_t bytes) {
  long_record_.resize(std::max(long_record_.size(), (bytes + 7) / 8));
  long_bytes_ = bytes;
  long_claimed_ = true;
  return reinterpret_cast<std::byte*>(long_record_.data());
}

// Messages of a record stand next to each other in the ring, so that egress, when it is the record's turn,
// takes them one by one as this thread writes them.
void record_writer::publish_long() {
  long_claimed_ = false;
  if (links_.control.aborted()) return;
  ++records_split_;
  const auto* from = reinterpret_cast<const std::byte*>(long_record_.data());
  for (std::size_t left = long_bytes_; left != 0;) {
    const std::size_t part = std::min(left, record_bytes_max_);
    left -= part;
    std::byte* const to = claim_message({.order = last_, .bytes_behind = left}, part);
    if (to == nullptr) return;
    std::memcpy(to, from, part);
    link_.output.publish();
    from += part;
  }
}

}  // namespace millrace::detail
