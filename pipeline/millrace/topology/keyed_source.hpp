#pragma once

#include <millrace/base/hash.hpp>
#include <millrace/event/event.hpp>
#include <millrace/topology/change_queue.hpp>
#include <millrace/topology/event_feed.hpp>
#include <millrace/topology/partition_key.hpp>
#include <millrace/topology/pattern_change.hpp>
#include <millrace/topology/stages.hpp>

#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

namespace millrace::detail {

/// Numbers the events of a typed feed, drops the late ones, and sends each to the shard of its key. Where time
/// alone releases something, the other shards hear of the time, so that they release it at the same event.
///
/// Threads: the source's; `post` is for any. Allocation: none.
template <class T, class Feed, class Key>
class keyed_source {
 public:
  keyed_source(Feed& feed, const Key& key, bool released_by_time)
      : feed_(feed), key_(key), tells_time_(released_by_time) {}

  /// Other patterns run from between two events on: the one in hand and the next, or, where the feed's own poll asks
  /// for the change, ahead of the event which that poll gives. Requires: the change stays until it has settled, or the
  /// run is over.
  void post(pattern_change& change) noexcept { changes_.post(change); }

  template <event_ingress Ingress>
  bool poll(Ingress& in) {
    for (unsigned i = 0; i < batch_max; ++i) {
      in_hand_.header = {};
      const poll_result found = feed_.poll(in_hand_);
      if (changes_.pending()) [[unlikely]]
        take_changes(in);
      if (found == poll_result::ended) return false;
      if (found == poll_result::idle) return true;
      accept(in);
    }
    return true;
  }

  [[nodiscard]] std::uint64_t in() const noexcept { return in_; }
  [[nodiscard]] std::uint64_t late() const noexcept { return late_; }

 private:
  static constexpr unsigned batch_max = 64;

  template <class Ingress>
  void accept(Ingress& in) {
    event_header& header = in_hand_.header;
    ++in_;
    if (header.time_ns < newest_ns_) {
      ++late_;
      return;
    }
    header.sequence = ++sequence_;
    if (header.id == event_id{}) header.id.low = in_ - 1;
    header.type = 0;
    unsigned shard = 0;
    if constexpr (Key::keyed) {
      const auto key = key_(in_hand_.data);
      header.key = cep::key_directory::hash(bytes_of(key));
      shard = static_cast<unsigned>(place_of(header.key, in.shards()));
    }
    send(in, shard);
  }

  template <class Ingress>
  void send(Ingress& in, unsigned shard) {
    std::memcpy(static_cast<void*>(&in.claim(shard)), &in_hand_, sizeof in_hand_);
    in.publish(shard);
    const bool moved = in_hand_.header.time_ns > newest_ns_;
    newest_ns_ = in_hand_.header.time_ns;
    if (!tells_time_ || !moved) return;
    for (unsigned other = 0; other < in.shards(); ++other)
      if (other != shard) mark(in, other);
  }

  template <class Ingress>
  void mark(Ingress& in, unsigned shard) {
    event_header& slot = in.claim(shard);
    slot.type = time_mark;
    slot.time_ns = newest_ns_;
    slot.sequence = sequence_;
    in.publish(shard);
  }

  template <class Ingress>
  void take_changes(Ingress& in) {
    for (pattern_change* next = changes_.take(); next != nullptr;) apply(in, *std::exchange(next, next->next));
  }

  /// A change has a sequence number of its own: behind the event before it, ahead of the next.
  template <class Ingress>
  void apply(Ingress& in, pattern_change& change) {
    tells_time_ = change.released_by_time;
    ++sequence_;
    for (unsigned shard = 0; shard < in.shards(); ++shard) {
      event_header& slot = in.claim(shard);
      slot.type = change_mark;
      slot.sequence = sequence_;
      slot.key = reinterpret_cast<std::uintptr_t>(change.shards[shard].get());
      in.publish(shard);
    }
    change.position->set(in_);  // last: once it is told, the change may be gone
  }

  Feed& feed_;
  const Key& key_;
  bool tells_time_;
  event<T> in_hand_{};
  std::int64_t newest_ns_ = std::numeric_limits<std::int64_t>::min();
  std::uint64_t in_ = 0;
  std::uint64_t sequence_ = 0;
  change_queue<pattern_change> changes_;
  std::uint64_t late_ = 0;
};

}  // namespace millrace::detail
