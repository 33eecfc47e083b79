#pragma once

#include <millrace/feed/decoder.hpp>
#include <millrace/replay/event_clock.hpp>
#include <millrace/replay/pacer.hpp>
#include <millrace/replay/rule_change.hpp>
#include <millrace/rules/router.hpp>
#include <millrace/time/cycle_clock.hpp>
#include <millrace/topology/change_queue.hpp>
#include <millrace/topology/stages.hpp>
#include <millrace/topology/stop_flag.hpp>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::replay {

/// What a source counts. Records are what the feed holds; of these, events are of a declared type or might
/// have been. Every event is in exactly one place: `events = published + dead + late + held`.
struct source_counters {
  std::uint64_t records = 0;  ///< watermark records not counted
  std::uint64_t watermarks = 0;
  std::uint64_t skipped = 0;  ///< records of no declared type
  std::uint64_t outside = 0;  ///< events outside of --from and --to
  std::uint64_t events = 0;   ///< records that are events, or would be but for a defect
  std::uint64_t dead = 0;
  std::uint64_t late = 0;
  std::uint64_t held = 0;  ///< at the end, above the last watermark or not due yet
};

/// A record that is no event of its layout.
struct dead_record {
  std::uint64_t line;
  std::uint64_t record;
  std::string_view reason;
  std::string_view text;
};

struct source_options {
  std::optional<std::int64_t> from_ns;  ///< first event time wanted
  std::optional<std::int64_t> to_ns;    ///< first event time not wanted any more
  std::optional<double> speed;          ///< none: as fast as possible
  bool final_watermark = true;
  const cycle_clock* clock = nullptr;  ///< puts its ticks into `correlation`, for latency; none: does not
  std::uint32_t reorder_capacity = 1U << 20;
  std::function<void(const dead_record&)> on_dead;
  std::function<void(std::uint64_t record)> on_late;
};

/// Reads a feed, keeps event time, and sends each event to the shards of its keys. The rest of the shards hear
/// of the time where their output depends on it.
///
/// Threads: polled by one; `progress()` may be read by any, `post` called by any.
class feed_source {
 public:
  feed_source(std::unique_ptr<feed::decoder> decoder, const std::shared_ptr<const rules::revision>& rules,
              unsigned shards, source_options options);

  /// Other patterns run from a position between two events on: the next one, or the first that is not before the
  /// change's record. Requires: the change stays until it has settled, or the run is over.
  void post(rule_change& change) noexcept { changes_.post(change); }

  template <event_ingress Ingress>
  bool poll(Ingress& in) {
    if (!hooked_) hook(in);
    try {
      return take_batch(in);
    } catch (const feed::read_ended&) {
      return true;  // the executor has been told to stop too
    }
  }

  /// Ends a read that waits for the feed. From any thread or signal handler.
  void stop() noexcept { stopped_.raise(); }

  /// Requires: nothing polls any more.
  [[nodiscard]] source_counters counters() const noexcept {
    source_counters made = counters_;
    made.held = clock_.held() + (waiting_ ? 1 : 0);
    return made;
  }
  /// Bytes of the file read so far; 0 until there is something to tell.
  [[nodiscard]] std::uint64_t progress() const noexcept { return progress_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::optional<std::uint64_t> bytes_total() const noexcept { return decoder_->bytes_total(); }

 private:
  static constexpr unsigned batch_max = 64;

  template <class Ingress>
  bool take_batch(Ingress& in) {
    for (unsigned i = 0; i < batch_max; ++i) {
      if (changes_.pending() || due_ != nullptr) [[unlikely]]
        take_changes(in);
      if (ending_) return release_rest(in);
      if (!waiting_ && !read(in)) continue;
      if (!pacer_.due(waiting_ns_)) {
        in.flush();
        return true;
      }
      waiting_ = false;
      accept(in);
    }
    progress_.store(decoder_->bytes_read(), std::memory_order_relaxed);
    return true;
  }

  /// While the feed has nothing to give, what came before goes on its way, and a stop is heard.
  template <class Ingress>
  void hook(Ingress& in) {
    hooked_ = true;
    decoder_->set_before_read([this, &in](bool waits) {
      if (changes_.pending()) take_changes(in);
      if (waits) in.flush();
      return !stopped_.raised();
    });
  }

  /// The first record that has not gone on to the shards, nor into the buffer that puts events in order.
  [[nodiscard]] std::uint64_t next_record() const noexcept { return records_read_ - (waiting_ ? 1 : 0); }

  template <class Ingress>
  void take_changes(Ingress& in) {
    rule_change** last = &due_;
    while (*last != nullptr) last = &(*last)->next;
    *last = changes_.take();
    // One behind the other: each is made for the one before.
    while (due_ != nullptr && due_->not_before <= next_record()) apply(in, *std::exchange(due_, due_->next));
  }

  /// A change has a sequence number of its own: behind the event before it, ahead of the next.
  template <class Ingress>
  void apply(Ingress& in, rule_change& change) {
    std::swap(router_, change.router);
    heed(*change.to);
    ++sequence_;
    for (unsigned shard = 0; shard < in.shards(); ++shard) {
      event_header& slot = in.claim(shard);
      slot.type = change_mark;
      slot.sequence = sequence_;
      slot.key = reinterpret_cast<std::uintptr_t>(&change.shards[shard]);
      in.publish(shard);
    }
    change.position->set(next_record());  // last: once it is told, the change may be gone
  }

  /// Reads one record; true when it is an event that is wanted.
  template <class Ingress>
  bool read(Ingress& in) {
    event_header& event = *event_;
    const feed::outcome outcome = decoder_->next(event);
    if (outcome != feed::outcome::end && outcome != feed::outcome::watermark)
      records_read_ = decoder_->record_index() + 1;
    switch (outcome) {
      case feed::outcome::event: break;
      case feed::outcome::skipped:
        ++counters_.records;
        ++counters_.skipped;
        return false;
      case feed::outcome::dead: count_dead(); return false;
      case feed::outcome::watermark:
        ++counters_.watermarks;
        clock_.watermark(event.time_ns);
        release_due(in);
        return false;
      case feed::outcome::end: ending_ = true; return false;
    }
    ++counters_.records;
    if ((options_.from_ns && event.time_ns < *options_.from_ns) ||
        (options_.to_ns && event.time_ns >= *options_.to_ns)) {
      ++counters_.outside;
      return false;
    }
    ++counters_.events;
    waiting_ = true;
    waiting_ns_ = event.time_ns;
    return true;
  }

  template <class Ingress>
  void accept(Ingress& in) {
    if (options_.clock != nullptr) event_->correlation = options_.clock->now();
    switch (clock_.accept(*event_, data_bytes_[event_->type])) {
      case event_clock::verdict::in_order: return send(in, *event_);
      case event_clock::verdict::held: return release_due(in);
      case event_clock::verdict::late: return take_late(in);
      case event_clock::verdict::full:
        // The event may itself have moved the watermark past others.
        release_due(in);
        if (!clock_.try_hold(*event_, data_bytes_[event_->type])) count_unheld();
        return;
    }
  }

  template <class Ingress>
  void release_due(Ingress& in) {
    clock_.release([&](const event_header& event) { send(in, event); });
    const auto moved = clock_.moved();
    if (moved) tell_time(in, *moved);
  }

  template <class Ingress>
  bool release_rest(Ingress& in) {
    if (!options_.final_watermark) return false;
    unsigned left = batch_max;
    clock_.release_all([&](const event_header& event) { send(in, event); }, [&] { return left-- != 0; });
    return clock_.held() != 0;
  }

  template <class Ingress>
  void send(Ingress& in, const event_header& event) {
    const auto routes = router_.route(event);
    ++sequence_;
    for (unsigned shard = 0; shard < routes.size(); ++shard) {
      if (routes[shard] != 0) {
        put(in, shard, event, routes[shard]);
      } else if (tells_each_event_ && event.time_ns > told_ns_) {
        mark(in, shard, event.time_ns);
      }
    }
    told_ns_ = std::max(told_ns_, event.time_ns);
  }

  /// Windows say themselves how late is too late.
  template <class Ingress>
  void take_late(Ingress& in) {
    const event_header& event = *event_;
    const bool for_windows = (window_types_ >> event.type & 1) != 0;
    const bool is_late = !for_windows || (pattern_types_ >> event.type & 1) != 0;
    if (is_late) count_late();
    if (!for_windows) return;
    const auto routes = router_.route_to_windows(event, !is_late);
    ++sequence_;
    for (unsigned shard = 0; shard < routes.size(); ++shard)
      if (routes[shard] != 0) put(in, shard, event, routes[shard]);
  }

  template <class Ingress>
  void put(Ingress& in, unsigned shard, const event_header& event, std::uint16_t route) {
    event_header& slot = in.claim(shard);
    std::memcpy(static_cast<void*>(&slot), &event, sizeof event + data_bytes_[event.type]);
    slot.sequence = sequence_;
    slot.route = route;
    in.publish(shard);
  }

  /// The watermark has moved. Where nothing is released by time alone, shards need to hear of it only now and
  /// then, to give back the state of silent keys.
  template <class Ingress>
  void tell_time(Ingress& in, std::int64_t ns) {
    if (!released_by_time_ && ++untold_ < quiet_marks) return;
    untold_ = 0;
    ++sequence_;
    for (unsigned shard = 0; shard < in.shards(); ++shard) mark(in, shard, ns);
  }

  template <class Ingress>
  void mark(Ingress& in, unsigned shard, std::int64_t ns) {
    event_header& slot = in.claim(shard);
    slot.type = time_mark;
    slot.time_ns = ns;
    slot.sequence = sequence_;
    slot.route = 0;
    in.publish(shard);
  }

  void heed(const rules::revision& rules) noexcept;
  void count_dead();
  void count_late();
  void count_unheld();

  static constexpr std::uint32_t quiet_marks = 1'024;

  std::unique_ptr<feed::decoder> decoder_;
  source_options options_;
  rules::router router_;
  event_clock clock_;
  pacer pacer_;
  source_counters counters_;
  std::vector<event_header> room_;  // the event in hand and its data
  event_header* event_;
  std::vector<std::size_t> data_bytes_;  // by event type
  detail::change_queue<rule_change> changes_;
  rule_change* due_ = nullptr;  // taken from the queue, and not in force yet
  std::uint64_t records_read_ = 0;
  std::uint64_t sequence_ = 0;
  std::int64_t told_ns_ = std::numeric_limits<std::int64_t>::min();
  std::uint32_t untold_ = 0;
  rules::time_mode time_;
  std::uint64_t window_types_ = 0;   // that windows see
  std::uint64_t pattern_types_ = 0;  // that patterns see
  bool released_by_time_ = false;
  bool tells_each_event_ = false;
  bool waiting_ = false;  // the event in hand is not due yet
  std::int64_t waiting_ns_ = 0;
  bool ending_ = false;
  bool hooked_ = false;
  stop_flag stopped_;
  std::atomic<std::uint64_t> progress_{0};
};

}  // namespace millrace::replay
