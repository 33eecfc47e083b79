#pragma once

#include <millrace/cep/key_directory.hpp>
#include <millrace/cep/taken.hpp>
#include <millrace/rules/compile.hpp>
#include <millrace/rules/engine.hpp>
#include <millrace/topology/match_shard.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <utility>

namespace millrace::bench {

/// What a run handed out, summed so that every event of every match is touched and a wrong match shows. All sums wrap.
struct tally {
  std::uint64_t matches = 0;
  std::uint64_t places = 0;    ///< sum over all events of all matches of the low word of their id
  std::uint64_t first_ns = 0;  ///< sum of the first events' times
  std::uint64_t last_ns = 0;   ///< sum of the last events' times

  friend bool operator==(const tally&, const tally&) = default;
};

/// Room for the partial matches of a million keys; memory becomes resident with use.
inline constexpr std::uint32_t runs_max = 1U << 23;
inline constexpr std::uint32_t steps_max = 1U << 24;
inline constexpr std::uint32_t events_max = 1U << 23;
inline constexpr std::uint32_t keys_max = 1U << 21;
inline constexpr rules::engine_limits wide_limits{
    .matcher = {.runs = runs_max, .steps = steps_max, .partitions = keys_max}, .events = events_max};

[[nodiscard]] inline std::shared_ptr<const rules::program> compiled(const std::string& text) {
  return std::make_shared<const rules::program>(rules::compile({"benchmark.mr", text}));
}

/// The engine of text rules, one shard, every event for it; routing is left out.
class text_matcher {
 public:
  explicit text_matcher(std::shared_ptr<const rules::program> rules, const rules::engine_limits& limits = wide_limits)
      : engine_(std::move(rules), limits) {}

  /// The route of an event that the engine shall see.
  static constexpr std::uint16_t route = rules::counts_here | 1;

  void process(const event_header& event) { engine_.process(event, *this); }
  void look_ahead(std::span<const event_header* const> next) { engine_.look_ahead(next); }
  void finish() { engine_.finish(*this); }

  void operator()(const rules::released_match& match) noexcept {
    ++found_.matches;
    for (const expr::taken_event& each : match.taken) found_.places += each.event->id.low;
    found_.first_ns += static_cast<std::uint64_t>(match.taken.front().event->time_ns);
    found_.last_ns += static_cast<std::uint64_t>(match.taken.back().event->time_ns);
  }

  [[nodiscard]] const tally& found() const noexcept { return found_; }
  [[nodiscard]] std::uint64_t refused() const noexcept { return engine_.counters().refused; }

 private:
  rules::engine engine_;
  tally found_;
};

/// The shard that `topology` runs, called directly, for a pattern in C++. `places` gives the sum of `tally::places` of
/// one match; a typed match shows data and no ids, so that data has to carry the place.
template <event_data T, class Key, class Pattern, class Places>
class typed_matcher {
 public:
  typed_matcher(const Pattern& pattern, Key key, Places places)
      : key_(std::move(key)),
        shard_(key_, std::tuple{rule{pattern.compile(), hand_on{&found_, std::move(places)}, {}}},
               {.keys = keys_max, .runs = runs_max, .steps = steps_max, .events = events_max}) {}
  typed_matcher(const typed_matcher&) = delete;
  typed_matcher& operator=(const typed_matcher&) = delete;

  void process(const event_header& event) { shard_.process(event, nowhere_); }
  void look_ahead(std::span<const event_header* const> next) { shard_.look_ahead(next); }
  void finish() { shard_.finish(nowhere_); }

  [[nodiscard]] const tally& found() const noexcept { return found_; }
  [[nodiscard]] std::uint64_t refused() const noexcept { return shard_.counters().matchers.refused; }

 private:
  /// The handlers here emit nothing.
  struct no_output {
    std::byte* claim(const output_order& /*order*/, std::size_t /*bytes*/) noexcept { return nullptr; }
    void publish() noexcept {}
  };
  struct hand_on {
    tally* found;
    Places places;

    template <class Emitter>
    void operator()(const typed_match<T>& match, Emitter& /*out*/) const {
      ++found->matches;
      found->places += places(match);
      found->first_ns += static_cast<std::uint64_t>(match.first_time_ns());
      found->last_ns += static_cast<std::uint64_t>(match.last_time_ns());
    }
  };
  using rule = detail::match_rule<decltype(std::declval<const Pattern&>().compile()), hand_on>;

  tally found_;
  no_output nowhere_;
  Key key_;
  detail::match_shard<T, Key, std::uint64_t, rule> shard_;
};

/// What `event_slots::run` calls, over a matcher.
template <class Matcher>
struct processed_by {
  Matcher& matcher;

  void operator()(const event_header& event) const { matcher.process(event); }
  void look_ahead(std::span<const event_header* const> next) const requires requires { matcher.look_ahead(next); }
  { matcher.look_ahead(next); }
};
template <class Matcher>
processed_by(Matcher&) -> processed_by<Matcher>;

/// Fails the benchmark unless the answer is the known one and no bound was met.
inline void check(benchmark::State& state, const tally& found, const tally& expected, std::uint64_t refused) {
  if (found == expected && refused == 0) return;
  state.SkipWithError(("found " + std::to_string(found.matches) + " matches, expected " +
                       std::to_string(expected.matches) +
                       (found.matches == expected.matches ? " with other events" : "") +
                       "; partial matches refused at a bound: " + std::to_string(refused))
                          .c_str());
}

}  // namespace millrace::bench
