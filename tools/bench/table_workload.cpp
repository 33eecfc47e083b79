// Insertions and updates of a keyed table.

#include "load.hpp"

#include <millrace/table/keyed_table.hpp>

#include <fmt/format.h>

namespace millrace::tools {

workload_result run_table(const workload_options& options) {
  keyed_table<std::uint64_t, std::uint64_t> counts(options.keys);
  load from(options);
  measure::latency_recorder recorded = recorder_for(options, from);
  const std::int64_t start_ns = since_1970_ns();
  std::uint64_t number = 0;
  std::uint64_t refused = 0;
  for (std::uint64_t intended = 0; from.wait(number, intended); ++number) {
    std::uint64_t* const count = counts.find_or_insert(scrambled(number) % options.keys).value;
    if (count != nullptr)
      ++*count;
    else
      ++refused;
    recorded.record(intended, bench_clock().now());
  }
  workload_result made = result_of(recorded, start_ns, number, from.start(), bench_clock().now());
  std::uint64_t sum = 0;
  counts.for_each([&](std::uint64_t, std::uint64_t count) { sum += count; });
  if (sum != number || refused != 0)
    made.wrong = fmt::format("{} updates came to {}, {} were refused", number, sum, refused);
  return made;
}

}  // namespace millrace::tools
