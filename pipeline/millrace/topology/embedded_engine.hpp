#pragma once

#include <millrace/base/error.hpp>
#include <millrace/topology/executor_options.hpp>
#include <millrace/topology/inline_executor.hpp>
#include <millrace/topology/keyed_source.hpp>
#include <millrace/topology/match_shard.hpp>
#include <millrace/topology/pattern_change.hpp>
#include <millrace/topology/record_consumer.hpp>
#include <millrace/topology/threaded_executor.hpp>
#include <millrace/topology/topology_report.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
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
        book_(written_down()),
        source_(stages_.feed, stages_.key, book_.released_by_time()),
        consumer_(stages_.sink),
        shards_(make_shards(plan)),
        executor_(source_, pointers(), consumer_, plan.executor) {}

  void run() { ran_ = executor_.run(); }
  void stop() noexcept { executor_.stop(); }

  template <class Pattern, class Handler>
  std::shared_ptr<const change_position> put(const std::string& name, const Pattern& pattern, Handler handler) {
    static_assert(std::is_same_v<typename Pattern::data_type, T>,
                  "put: all patterns of a topology are over one event type");
    using rule_type = match_rule<decltype(pattern.compile()), Handler>;
    const rule_type coming{pattern.compile(), std::move(handler), name};
    const std::lock_guard lock(mutex_);
    pattern_book book = book_;
    const std::uint16_t index = book.put(name, coming.pattern.automaton->released_by_time());
    return send(std::move(book), [&](shard_type& shard) { return shard.prepare(index, coming); });
  }

  std::shared_ptr<const change_position> remove(std::string_view name) {
    const std::lock_guard lock(mutex_);
    pattern_book book = book_;
    const std::uint16_t index = book.remove(name);
    return send(std::move(book), [&](shard_type& shard) { return shard.prepare(index); });
  }

  [[nodiscard]] std::span<const std::string> warnings() const noexcept { return executor_.warnings(); }

  [[nodiscard]] topology_report report() const {
    topology_report made;
    made.end = ran_.end;
    made.records_out = ran_.records_out;
    made.in = source_.in();
    made.late = source_.late();
    for (const auto& each : shards_) add(each->counters(), made);
    made.dropped = made.in - made.late - made.processed - made.dead;
    return made;
  }

 private:
  /// Everything that may fail comes before the change is sent and written down.
  template <class Prepare>
  std::shared_ptr<const change_position> send(pattern_book book, Prepare&& prepare) {
    std::erase_if(changes_, [](const auto& each) { return each->settled(); });
    auto made = std::make_unique<pattern_change>();
    for (const auto& shard : shards_) made->shards.push_back(prepare(*shard));
    made->released_by_time = book.released_by_time();
    changes_.push_back(std::move(made));
    book_ = std::move(book);
    source_.post(*changes_.back());
    return changes_.back()->position;
  }

  static void add(const match_shard_counters& of, topology_report& to) {
    to.processed += of.processed;
    to.matches += of.matchers.matches;
    to.timeouts += of.matchers.timeouts;
    to.dead += of.dead;
    to.refused += of.matchers.refused;
    to.runs_dropped += of.matchers.dropped;
    to.cut += of.matchers.cut;
    to.skip_misses += of.matchers.skip_misses;
  }

  [[nodiscard]] pattern_book written_down() const {
    pattern_book made;
    std::apply([&](const auto&... rule) { (made.add(rule.name, rule.pattern.automaton->released_by_time()), ...); },
               stages_.rules);
    return made;
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
  std::mutex mutex_;  // among those who change patterns
  pattern_book book_;
  std::vector<std::unique_ptr<pattern_change>> changes_;  // not settled yet, as far as is known
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
/// Threads: one owner; `put` and `remove` from any thread, `stop` also from a signal handler, while the engine lives.
/// Allocation: what `build` did, and threads' stacks; none an event once buffers have grown to the longest match.
/// Errors: `run` and `drain` throw what a source, handler or sink threw; a second run throws `error`.
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

  /// Adds a pattern while events flow, or before; where one has this name it is replaced, and the new one begins
  /// without partial matches. All others keep their state. It holds from a position between two events on: the first
  /// one at which the source looks after this call, ahead of the event that the source gives when the call is made in
  /// its poll. What it costs, memory of all shards above all, is paid here and not on the event path. The handler is
  /// copied into every shard; it is called indirectly, once a match, and the pattern once an event.
  ///
  /// Threads: any, while the engine lives. Returns where to read the position once it is known. Errors:
  /// `pattern_error`, and `error` for an empty name or memory that is refused: nothing has changed then.
  template <class Pattern, class Handler>
  std::shared_ptr<const change_position> put(const std::string& name, const Pattern& pattern, Handler handler) {
    return room_->put(name, pattern, std::move(handler));
  }

  /// Takes a pattern away, in the same manner: one that was `put`, or was given a name at build time. Its partial
  /// matches are given back and hand nothing on. Errors: `error` for a name that is not in force.
  std::shared_ptr<const change_position> remove(std::string_view name) { return room_->remove(name); }

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
