#pragma once

#include <millrace/base/error.hpp>
#include <millrace/topology/executor_options.hpp>
#include <millrace/topology/inline_executor.hpp>
#include <millrace/topology/keyed_source.hpp>
#include <millrace/topology/match_shard.hpp>
#include <millrace/topology/record_consumer.hpp>
#include <millrace/topology/threaded_executor.hpp>
#include <millrace/topology/topology_report.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace {

namespace detail {

/// What a topology is made of. Sources and sinks given by name are references, others live here.
template <class Feed, class Key, class Sink, class... Rules>
struct topology_stages {
  Feed feed;
  Key key;
  Sink sink;
  std::tuple<Rules...> rules;
};

/// How it runs.
struct topology_plan {
  unsigned shards = 1;
  executor_options executor;
  topology_limits limits;
};

/// The stages of one engine and what runs them, at an address that stays.
template <class T, class Record, bool Threaded, class Feed, class Key, class Sink, class... Rules>
class engine_room {
 public:
  using source_type = keyed_source<T, std::remove_reference_t<Feed>, Key>;
  using shard_type = match_shard<T, Key, Record, Rules...>;
  using consumer_type = record_consumer<Record, std::remove_reference_t<Sink>>;
  using executor_type = std::conditional_t<Threaded, threaded_executor<source_type, shard_type, consumer_type>,
                                           inline_executor<source_type, shard_type, consumer_type>>;

  engine_room(topology_stages<Feed, Key, Sink, Rules...> stages, const topology_plan& plan)
      : stages_(std::move(stages)),
        source_(stages_.feed, stages_.key, released_by_time()),
        consumer_(stages_.sink),
        shards_(make_shards(plan)),
        executor_(source_, pointers(), consumer_, plan.executor) {}

  void run() { ran_ = executor_.run(); }
  void stop() noexcept { executor_.stop(); }
  [[nodiscard]] std::span<const std::string> warnings() const noexcept { return executor_.warnings(); }

  [[nodiscard]] topology_report report() const {
    topology_report made;
    made.end = ran_.end;
    made.records_out = ran_.records_out;
    made.in = source_.in();
    made.late = source_.late();
    for (const auto& each : shards_) add(each->counters(), made);
    made.dropped = made.in - made.late - made.processed;
    return made;
  }

 private:
  static void add(const match_shard_counters& of, topology_report& to) {
    to.processed += of.processed;
    to.matches += of.matchers.matches;
    to.timeouts += of.matchers.timeouts;
    to.refused += of.matchers.refused + of.keys_refused;
    to.skip_misses += of.matchers.skip_misses;
  }

  [[nodiscard]] bool released_by_time() const {
    return std::apply([](const auto&... rule) { return (rule.pattern.automaton->released_by_time() || ...); },
                      stages_.rules);
  }
  [[nodiscard]] std::vector<std::unique_ptr<shard_type>> make_shards(const topology_plan& plan) const {
    std::vector<std::unique_ptr<shard_type>> made;
    for (unsigned i = 0; i < plan.shards; ++i)
      made.push_back(std::make_unique<shard_type>(stages_.key, stages_.rules, plan.limits));
    return made;
  }
  [[nodiscard]] std::vector<shard_type*> pointers() const {
    std::vector<shard_type*> made;
    for (const auto& each : shards_) made.push_back(each.get());
    return made;
  }

  topology_stages<Feed, Key, Sink, Rules...> stages_;
  source_type source_;
  consumer_type consumer_;
  std::vector<std::unique_ptr<shard_type>> shards_;
  executor_type executor_;
  run_report ran_;
};

}  // namespace detail

/// A topology that was built: runs once, from the first event to the end of the source or to `stop`.
///
/// Either `run()` in this thread, or `start()` in one of its own and then `drain()`. At the end of the source the
/// final watermark passes every deadline that is still pending; a stopped run does without it.
///
/// Threads: one owner; `stop` from any thread or signal handler, while the engine lives. Allocation: what `build`
/// did, and threads' stacks; none an event once buffers have grown to the longest match. Errors: `run` and `drain`
/// throw what a source, handler or sink threw; a second run throws `error`.
template <class Room>
class embedded_engine {
 public:
  explicit embedded_engine(std::unique_ptr<Room> room) : room_(std::move(room)) {}
  embedded_engine(embedded_engine&&) noexcept = default;
  embedded_engine& operator=(embedded_engine&&) = delete;
  /// Stops a run that was started and waits for its end.
  ~embedded_engine() {
    if (!thread_.joinable()) return;
    stop();
    thread_.join();
  }

  /// Runs to the end in the calling thread (with shards, that thread feeds the sink).
  topology_report run() {
    begin();
    room_->run();
    return room_->report();
  }

  /// Runs in a thread of its own, and returns at once. Errors: `std::system_error` when there is no thread to be had.
  void start() {
    begin();
    failure_ = std::make_unique<std::exception_ptr>();
    thread_ = std::thread([room = room_.get(), failure = failure_.get()]() noexcept {
      try {
        room->run();
      } catch (...) {
        *failure = std::current_exception();
      }
    });
  }

  /// Waits until the run that was started has ended, by itself or by `stop`, and all that it took in is out.
  topology_report drain() {
    if (!thread_.joinable()) throw error("drain: found an engine that is not running, expected start() before");
    thread_.join();
    if (*failure_) std::rethrow_exception(*failure_);
    return room_->report();
  }

  /// Ends the run after the source's present poll; what was taken in comes out first. Does not wait: see `drain`.
  void stop() noexcept { room_->stop(); }

  /// What the run did so far. Requires: none is under way.
  [[nodiscard]] topology_report report() const { return room_->report(); }

  /// What the user should hear about placement and waiting. Requires: no run is under way.
  [[nodiscard]] std::span<const std::string> warnings() const noexcept { return room_->warnings(); }

 private:
  void begin() {
    if (begun_) throw error("run, start: found an engine that has run, expected a fresh one: build another");
    begun_ = true;
  }

  std::unique_ptr<Room> room_;
  std::unique_ptr<std::exception_ptr> failure_;
  std::thread thread_;
  bool begun_ = false;
};

}  // namespace millrace
