#include <millrace/topology/ingress.hpp>

namespace millrace::detail {

ingress::ingress(run_links& links, std::size_t event_bytes_max)
    : links_(links),
      idle_(links.wait, links.source_parker),
      scratch_(event_bytes_max, cache_line_bytes, memory_content::zero) {
  for (const auto& link : links.shards) lanes_.push_back({.link = link.get(), .bell = links.bell_of(*link)});
}

std::byte* ingress::wait_for_slot(lane& full) {
  ++full_waits_;
  std::byte* slot = nullptr;
  idle_.until([&] {
    slot = full.link->input.try_claim();
    if (slot != nullptr) return true;
    tell_others(&full, progress_mark, complete_);
    return links_.control.aborted();
  });
  if (slot != nullptr) return slot;
  aborted_ = true;
  return scratch_.data();
}

void ingress::flush() {
  if (events_in_ == 0 || shards() == 1) return;  // a lone shard's records wait for nobody
  complete_ = last_sequence_ + 1;
  tell_all(progress_mark, complete_);
}

void ingress::end(event_type mark) {
  flush();
  tell_all(mark, nothing_open);
}

bool ingress::try_tell(lane& to, event_type mark, std::uint64_t open) {
  if (to.told >= open) return true;
  std::byte* const slot = to.link->input.try_claim();
  if (slot == nullptr) return false;
  auto* const header = ::new (slot) event_header{};
  header->type = mark;
  header->sequence = open;
  to.link->input.publish();
  to.bell.ring();
  to.told = open;
  to.told_at = published_;
  return true;
}

bool ingress::tell_others(const lane* but, event_type mark, std::uint64_t open) {
  bool all = true;
  for (lane& each : lanes_) {
    if (&each != but && !try_tell(each, mark, open)) all = false;
  }
  return all;
}

void ingress::tell_all(event_type mark, std::uint64_t open) {
  idle_.until([&] { return tell_others(nullptr, mark, open) || links_.control.aborted(); });
}

// A shard whose ring is full has enough to do; it is told when its time comes.
void ingress::tell_stale() {
  for (lane& each : lanes_) {
    if (published_ - each.told_at >= mark_interval) static_cast<void>(try_tell(each, progress_mark, complete_));
  }
}

}  // namespace millrace::detail
