#include "rules_run.hpp"

#include <millrace/feed/open_feed.hpp>
#include <millrace/replay/feed_source.hpp>
#include <millrace/replay/match_stage.hpp>
#include <millrace/replay/replay.hpp>
#include <millrace/topology/inline_executor.hpp>
#include <millrace/topology/threaded_executor.hpp>

#include <simdjson.h>
#include <cstring>
#include <span>
#include <string_view>

namespace millrace::conformance {
namespace {

using simdjson::dom::element;

/// Reads back the lines that a run prints.
class reading_sink {
 public:
  bool consume(const output_order&, std::span<const std::byte> record) {
    replay::match_head head;
    std::memcpy(&head, record.data(), sizeof head);
    if (head.kind == replay::match_kind::dead) return true;  // the matcher's counters tell of it
    const auto text = record.subspan(sizeof head);
    if (head.kind == replay::match_kind::window || head.kind == replay::match_kind::late) {
      windows.emplace_back(reinterpret_cast<const char*>(text.data()), text.size());
      return true;
    }
    const element line = parser_.parse(reinterpret_cast<const char*>(text.data()), text.size());
    stages taken;
    for (const auto& [name, indices] : line["stages"].get_object())
      for (const element index : indices.get_array()) taken[std::string(name)].push_back(index.get_int64());
    lines.push_back({std::string(std::string_view(line["pattern"])), std::move(taken), std::int64_t(line["at"]),
                     !line["timeout"].error()});
    return true;
  }
  void flush() {}

  std::vector<printed> lines;
  std::vector<std::string> windows;

 private:
  simdjson::dom::parser parser_;
};

template <class Executor>
rules_run execute(const std::shared_ptr<const rules::program>& rules, const std::string& feed, bool final_watermark,
                  unsigned shards, const rules::engine_limits& limits) {
  rules_run made;
  replay::source_options options;
  options.final_watermark = final_watermark;
  options.reorder_capacity = 1'024;
  options.on_late = [&](std::uint64_t record) { made.late.insert(static_cast<std::int64_t>(record)); };
  options.on_dead = [&](const replay::dead_record& record) { made.dead += " dead: " + std::string(record.reason); };
  auto decoder = feed::open_feed(feed::byte_source::over(std::as_bytes(std::span(feed))), feed::format::ndjson,
                                 replay::layouts_of(rules));
  const auto in_force = rules::first_revision(rules);
  replay::feed_source source(std::move(decoder), in_force, shards, options);
  replay::match_stage::options chosen;
  chosen.final_watermark = final_watermark;
  chosen.limits = limits;
  std::vector<std::unique_ptr<replay::match_stage>> owned;
  std::vector<replay::match_stage*> each;
  for (unsigned i = 0; i < shards; ++i) {
    owned.push_back(std::make_unique<replay::match_stage>(in_force, chosen));
    each.push_back(owned.back().get());
  }
  reading_sink sink;
  executor_options how;
  how.event_bytes_max = sizeof(event_header) + rules->data_bytes_max;
  Executor executor(source, each, sink, how);
  executor.run();
  made.lines = std::move(sink.lines);
  made.windows = std::move(sink.windows);
  for (const auto& stage : owned) {
    const rules::engine& engine = stage->engine();
    made.bound_met = made.bound_met || engine.counters().refused != 0;  // keys too
    for (std::size_t i = 0; i < rules->patterns.size(); ++i)
      made.bound_met = made.bound_met || engine.counters_of(i).bounds_met != 0;
  }
  return made;
}

}  // namespace

rules_run run_rules(const std::shared_ptr<const rules::program>& rules, const std::string& feed, bool final_watermark,
                    std::optional<unsigned> shards, const rules::engine_limits& limits) {
  using inlined = inline_executor<replay::feed_source, replay::match_stage, reading_sink>;
  using threaded = threaded_executor<replay::feed_source, replay::match_stage, reading_sink>;
  return shards ? execute<threaded>(rules, feed, final_watermark, *shards, limits)
                : execute<inlined>(rules, feed, final_watermark, 1, limits);
}

}  // namespace millrace::conformance
