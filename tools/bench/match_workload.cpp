// Three steps in a row of one key, matched in the calling thread.

#include "load.hpp"

#include <millrace/cep/taken.hpp>
#include <millrace/event/event.hpp>
#include <millrace/rules/compile.hpp>
#include <millrace/rules/engine.hpp>
#include <millrace/rules/router.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace millrace::tools {
namespace {

struct step {
  std::int64_t ts;
  std::uint64_t key;
  std::uint32_t kind;  // 0, 1, 2: what the stages ask for; 3: something else
};

constexpr const char* rule_text = R"(
event Step { ts : timestamp(ns)  key : u64  kind : u32 }
pattern in_a_row on Step by key { a : kind == 0  next b : kind == 1  next c : kind == 2 }
)";

step step_of(std::uint64_t number, std::uint64_t keys) {
  const std::uint64_t bits = scrambled(number);
  return {static_cast<std::int64_t>(number), (bits >> 2) % keys, static_cast<std::uint32_t>(bits & 3)};
}

std::uint64_t matches_expected(std::uint64_t events, std::uint64_t keys) {
  std::vector<std::uint32_t> length(keys);
  std::uint64_t matches = 0;
  for (std::uint64_t i = 0; i < events; ++i) {
    const step now = step_of(i, keys);
    std::uint32_t& of = length[now.key];
    of = now.kind == of ? of + 1 : now.kind == 0 ? 1U : 0U;
    if (of == 3) {
      ++matches;
      of = 0;
    }
  }
  return matches;
}

}  // namespace

workload_result run_match(const workload_options& options) {
  const auto rules = std::make_shared<const rules::program>(rules::compile({"bench.mr", rule_text}));
  rules::router router(rules, 1);
  rules::engine_limits limits;
  limits.matcher.partitions = static_cast<std::uint32_t>(std::max<std::uint64_t>(2, options.keys));
  rules::engine engine(rules, limits);
  std::uint64_t matches = 0;
  const auto hand_on = [&](const rules::released_match&) { ++matches; };
  load from(options);
  measure::latency_recorder recorded = recorder_for(options, from);
  const std::int64_t start_ns = since_1970_ns();
  std::uint64_t number = 0;
  event<step> in_hand{};
  for (std::uint64_t intended = 0; from.wait(number, intended); ++number) {
    in_hand.data = step_of(number, options.keys);
    in_hand.header.time_ns = in_hand.data.ts;
    in_hand.header.sequence = number + 1;
    in_hand.header.id.low = number;
    in_hand.header.route = router.route(in_hand.header)[0];
    engine.process(in_hand.header, hand_on);
    recorded.record(intended, bench_clock().now());
  }
  workload_result made = result_of(recorded, start_ns, number, from.start(), bench_clock().now());
  engine.finish(hand_on);
  const std::uint64_t expected = matches_expected(number, options.keys);
  if (matches != expected) made.wrong = fmt::format("found {} matches, expected {}", matches, expected);
  return made;
}

}  // namespace millrace::tools
