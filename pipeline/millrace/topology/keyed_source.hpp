#pragma once

#include <millrace/base/hash.hpp>
#include <millrace/event/event.hpp>
#include <millrace/topology/event_feed.hpp>
#include <millrace/topology/partition_key.hpp>
#include <millrace/topology/stages.hpp>

#include <cstdint>
#include <cstring>
#include <limits>

namespace millrace::detail {

/// Numbers the events of a typed feed, drops the late ones, and sends each to the shard of its key. Where time
/// alone releases something, the other shards hear of the time, so that they release it at the same event.
///
/// Threads: the source's. Allocation: none.
template <class T, class Feed, class Key>
class keyed_source {
 public:
  keyed_source(Feed& feed, const Key& key, bool released_by_time)
      : feed_(feed), key_(key), tells_time_(released_by_time) {}

  template <event_ingress Ingress>
  bool poll(Ingress& in) {
    for (unsigned i = 0; i < batch_max; ++i) {
      in_hand_.header = {};
      const poll_result found = feed_.poll(in_hand_);
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
    header.sequence = in_;
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
    slot.sequence = in_;
    in.publish(shard);
  }

  Feed& feed_;
  const Key& key_;
  bool tells_time_;
  event<T> in_hand_{};
  std::int64_t newest_ns_ = std::numeric_limits<std::int64_t>::min();
  std::uint64_t in_ = 0;
  std::uint64_t late_ = 0;
};

}  // namespace millrace::detail
