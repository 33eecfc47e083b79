// Events through rings and a shard, and their matches through a ring to the sink.

#include "load.hpp"

#include <millrace/millrace.hpp>

#include <fmt/format.h>

#include <optional>

namespace millrace::tools {
namespace {

struct request {
  std::uint64_t key;
  std::uint64_t intended;
  bool completes;
};

struct completion {
  std::uint64_t intended;
};

/// Pairs of events of one key: the first begins a match and the second completes it.
struct paced_feed {
  poll_result poll(event<request>& into) noexcept {
    std::uint64_t intended = 0;
    // Pairs are whole.
    switch (from->ask(number, intended)) {
      case load::state::early: return poll_result::idle;
      case load::state::over:
        if (number % 2 == 0) return poll_result::ended;
        intended = bench_clock().now();
        break;
      case load::state::due: break;
    }
    into.header.time_ns = static_cast<std::int64_t>(number);
    into.data = {scrambled(number / 2) % keys, intended, number % 2 == 1};
    ++number;
    return poll_result::ready;
  }

  load* from;
  std::uint64_t keys;
  std::uint64_t number = 0;
};

}  // namespace

workload_result run_end_to_end(const workload_options& options) {
  const auto pattern = cep::begin<request>("first")
                           .where([](const request& r) { return !r.completes; })
                           .next("second")
                           .where([](const request& r) { return r.completes; });
  // The load begins when all is built.
  std::optional<load> from;
  std::optional<measure::latency_recorder> recorded;
  paced_feed feed{nullptr, options.keys};
  executor_options tuning;
  tuning.ring_slots = options.ring_slots;
  tuning.wait = options.wait;
  topology_limits limits;
  limits.keys = static_cast<std::uint32_t>(options.keys);
  std::uint64_t matches = 0;
  auto engine = topology{}
                    .source(feed)
                    .key_by(&request::key)
                    .limits(limits)
                    .shards(1, options.where, tuning)
                    .match(pattern, [](const auto& m, auto& out) { out.emit(completion{m["second"].intended}); })
                    .sink([&](const completion& done) {
                      ++matches;
                      recorded->record(done.intended, bench_clock().now());
                    })
                    .build();
  from.emplace(options);
  recorded.emplace(recorder_for(options, *from));
  feed.from = &*from;
  const std::int64_t start_ns = since_1970_ns();
  engine.run();
  workload_result made = result_of(*recorded, start_ns, feed.number, from->start(), bench_clock().now());
  for (const std::string& each : engine.warnings()) made.warnings.push_back(each);
  if (matches != feed.number / 2)
    made.wrong = fmt::format("{} events came to {} matches, expected {}", feed.number, matches, feed.number / 2);
  return made;
}

}  // namespace millrace::tools
