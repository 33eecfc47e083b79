#pragma once

#include <millrace/cep/builder.hpp>
#include <millrace/topology/embedded_engine.hpp>
#include <millrace/topology/event_feed.hpp>
#include <millrace/topology/partition_key.hpp>
#include <millrace/topology/topology_limits.hpp>

#include <concepts>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace millrace {

namespace detail {

/// Stands where a topology has no source or sink yet.
struct not_given {};

/// A pattern as it was written, and what is made of its matches.
template <class Pattern, class Handler>
struct written_rule {
  using data_type = typename Pattern::data_type;

  Pattern pattern;
  Handler handler;
  std::string name;

  [[nodiscard]] auto compiled() const {
    return match_rule<decltype(pattern.compile()), Handler>{pattern.compile(), handler, name};
  }
};

/// A topology that tells by its type what it has so far.
template <class Feed, class Key, class Sink, class Record, bool Threaded, class... Rules>
class topology_draft {
 public:
  topology_draft() = default;
  topology_draft(topology_stages<Feed, Key, Sink, Rules...> stages, const topology_plan& plan)
      : stages_(std::move(stages)), plan_(plan) {}

  /// Where events come from: see `event_feed`. A source given by name must outlive the engine; others move in.
  template <class Source>
  [[nodiscard]] auto source(Source&& from) && {
    static_assert(std::is_same_v<Feed, not_given>,
                  "source: a topology has one; merge sources into an object with poll() before");
    return with<Source, Key, Sink, Record, Threaded>(
        {std::forward<Source>(from), std::move(stages_.key), forward_sink(), std::move(stages_.rules)});
  }

  /// Events with one key follow each other, and patterns match within them: a data member, or a callable that takes
  /// (const T&). See `partition_key`. Without it all events are one partition, and so in one shard.
  template <class KeyOf>
  [[nodiscard]] auto key_by(KeyOf key_of) && {
    static_assert(!Key::keyed, "key_by: said twice; a key of several fields is a callable that gives a struct");
    using key = partition_by<KeyOf>;
    return with<Feed, key, Sink, Record, Threaded>(
        {forward_feed(), key{std::move(key_of)}, forward_sink(), std::move(stages_.rules)});
  }

  /// Threads: one for the source, one a shard, and the calling one for the sink, with rings in between. Without it all
  /// runs in the calling thread. The output is the same, byte for byte. `tuning` says how rings are laid out and
  /// threads wait; its event size and place are the topology's.
  [[nodiscard]] auto shards(unsigned count, placement where = placement::none(), executor_options tuning = {}) && {
    static_assert(!Threaded, "shards: said twice");
    plan_.shards = count;
    if (!tuning.wait) tuning.wait = plan_.executor.wait;
    plan_.executor = tuning;
    plan_.executor.where = where;
    return with<Feed, Key, Sink, Record, true>(
        {forward_feed(), std::move(stages_.key), forward_sink(), std::move(stages_.rules)});
  }

  /// How threads pass the time without work; see `wait_strategy`. Without it, what suits the number of threads and
  /// cores.
  [[nodiscard]] auto wait(wait_strategy how) && {
    plan_.executor.wait = how;
    return std::move(*this);
  }

  /// What to look for, and what to make of a match: `handler(const auto& match, auto& out)` looks at a `typed_match`
  /// and gives records to an `emitter`. Each shard has a copy of the handler, and calls it from its own thread. Several
  /// patterns may be given; all emit one type.
  template <class Pattern, class Handler>
  [[nodiscard]] auto match(Pattern pattern, Handler handler) && {
    return std::move(*this).match(std::string(), std::move(pattern), std::move(handler));
  }

  /// The same with a name, by which the pattern can be replaced or removed while the engine runs.
  template <class Pattern, class Handler>
  [[nodiscard]] auto match(std::string name, Pattern pattern, Handler handler) && {
    static_assert(
        requires {
          typename Pattern::data_type;
          pattern.compile();
        },
        "match: expected a pattern that begins with cep::begin<T>");
    static_assert(std::copy_constructible<Handler>, "match: the handler is copied into every shard");
    using rule = written_rule<Pattern, Handler>;
    using grown = topology_draft<Feed, Key, Sink, Record, Threaded, Rules..., rule>;
    auto rules = std::tuple_cat(std::move(stages_.rules),
                                std::tuple<rule>{{std::move(pattern), std::move(handler), std::move(name)}});
    return grown({forward_feed(), std::move(stages_.key), forward_sink(), std::move(rules)}, plan_);
  }

  /// Where records go: a callable that takes (const Record&), or an object with consume(const Record&); returning false
  /// ends the run. An object's flush() is called when there is nothing to do for the moment, and at the end. It is
  /// called in output order by one thread. A generic sink says the type: `sink<alert>(…)`. A sink given by name must
  /// outlive the engine; others move in.
  template <class Given = void, class Taker>
  [[nodiscard]] auto sink(Taker&& to) && {
    static_assert(std::is_same_v<Sink, not_given>, "sink: a topology has one");
    using record = std::conditional_t<std::is_void_v<Given>,
                                      typename decltype(record_type_of<std::remove_cvref_t<Taker>>())::type, Given>;
    static_assert(!std::is_void_v<record>, "sink: cannot tell what it takes; name the type, as in sink<alert>(…)");
    return with<Feed, Key, Taker, record, Threaded>(
        {forward_feed(), std::move(stages_.key), std::forward<Taker>(to), std::move(stages_.rules)});
  }

  /// Bounds on state; see `topology_limits`.
  [[nodiscard]] auto limits(const topology_limits& bounds) && {
    plan_.limits = bounds;
    return std::move(*this);
  }

  /// Compiles the patterns, checks and allocates everything. Errors: `pattern_error` for a pattern without meaning,
  /// `error` for what is out of range or memory that is refused.
  [[nodiscard]] auto build() && {
    static_assert(!std::is_same_v<Feed, not_given>, "build: the topology has no source");
    static_assert(!std::is_same_v<Sink, not_given>, "build: the topology has no sink");
    static_assert(sizeof...(Rules) != 0, "build: the topology has no match");
    return std::apply(
        [&](const auto&... rule) {
          return built<typename std::tuple_element_t<0, std::tuple<Rules...>>::data_type>(rule.compiled()...);
        },
        stages_.rules);
  }

 private:
  template <class NewFeed, class NewKey, class NewSink, class NewRecord, bool NewThreaded>
  [[nodiscard]] auto with(topology_stages<NewFeed, NewKey, NewSink, Rules...> stages) {
    return topology_draft<NewFeed, NewKey, NewSink, NewRecord, NewThreaded, Rules...>(std::move(stages), plan_);
  }
  Feed&& forward_feed() { return static_cast<Feed&&>(stages_.feed); }
  Sink&& forward_sink() { return static_cast<Sink&&>(stages_.sink); }

  template <class T, class... Compiled>
  [[nodiscard]] auto built(Compiled... rules) {
    static_assert((std::is_same_v<typename decltype(rules.pattern)::data_type, T> && ...),
                  "match: all patterns of a topology are over one event type");
    static_assert(event_feed<std::remove_reference_t<Feed>, T>,
                  "source: expected an object with poll_result poll(event<T>&), where T is the pattern's event type");
    using room = engine_room<T, Record, Threaded, Feed, Key, Sink, Compiled...>;
    checked(plan_.limits);
    check_shards(plan_.shards);
    plan_.executor.event_bytes_max = sizeof(event<T>);
    topology_stages<Feed, Key, Sink, Compiled...> stages{
        forward_feed(), std::move(stages_.key), forward_sink(), {std::move(rules)...}};
    return embedded_engine<room>(std::make_unique<room>(std::move(stages), plan_));
  }

  static void check_shards(unsigned count) {
    constexpr unsigned shards_max = 1'024;
    if (count == 0 || count > shards_max)
      throw error("shards: found " + std::to_string(count) + ", expected 1 to " + std::to_string(shards_max));
  }

  topology_stages<Feed, Key, Sink, Rules...> stages_;
  topology_plan plan_;
};

}  // namespace detail

/// A source of typed events, patterns to look for, and a sink for what is made of their matches: says what is wanted,
/// in any order, and builds the engine that does it.
///
///     auto engine = topology{}
///         .source(feed)
///         .key_by(&txn::user)
///         .shards(4, placement::one_core_each())
///         .match(pattern, [](const auto& m, auto& out) { out.emit(alert{m["first"].user, m["third"].amount}); })
///         .sink(alerts)
///         .build();
///     engine.run();
///
/// Event time is `header.time_ns`, and input order is final: an event first releases what is due at or before its time,
/// over all keys, and is then matched; an event earlier than the last one is late, counted, and goes no further. What
/// one event releases comes out by first events, then patterns, then first in, first out. The output is the same
/// inline and over any number of shards, as long as no limit is met.
///
/// Threads: built by one. Allocation: yes, cold. Errors: misuse that types show does not compile; `build` throws for
/// the rest.
class topology
    : public detail::topology_draft<detail::not_given, detail::one_partition, detail::not_given, void, false> {};

}  // namespace millrace
