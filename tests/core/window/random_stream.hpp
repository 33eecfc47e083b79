#pragma once

#include <millrace/window/custom_aggregate.hpp>
#include <millrace/window/window_result.hpp>

#include <algorithm>
#include <compare>
#include <cstdint>
#include <limits>
#include <ostream>
#include <random>
#include <vector>

namespace millrace::window::testing {

/// An event of a random stream.
struct sample {
  std::uint64_t key;
  std::int64_t value;
  std::int64_t time;
  std::uint64_t sequence;
};

/// Events with disorder, equal times and gaps.
inline std::vector<sample> random_stream(std::mt19937_64& random, std::size_t count) {
  const auto below = [&](std::uint64_t end) { return static_cast<std::int64_t>(random() % end); };
  const std::uint64_t keys = 1 + random() % 5;
  const std::uint64_t step = 1 + random() % 6;
  const std::uint64_t disorder = random() % 3 == 0 ? 1 : 1 + random() % 40;
  std::int64_t now = below(30);
  std::vector<sample> made;
  for (std::size_t i = 0; i < count; ++i) {
    now += below(step) + (random() % 30 == 0 ? below(200) : 0);
    const std::int64_t time = std::max<std::int64_t>(0, now - (random() % 3 == 0 ? below(disorder) : 0));
    made.push_back({random() % keys, below(1'000) - 500, time, i});
  }
  return made;
}

/// What shows whether exactly the right events are in a state, also which come first and last.
struct tally {
  std::int64_t count = 0;
  std::int64_t sum = 0;
  std::uint64_t sequences = 0;  // the exclusive or of their mixed sequences
  std::int64_t last_time = std::numeric_limits<std::int64_t>::min();
  std::uint64_t last_sequence = 0;

  void add(std::int64_t value, std::int64_t time, std::uint64_t sequence) {
    ++count;
    sum += value;
    sequences ^= (sequence + 1) * 0x9e3779b97f4a7c15ULL;
    if (time < last_time || (time == last_time && sequence < last_sequence)) return;
    last_time = time;
    last_sequence = sequence;
  }
  void merge(const tally& other) {
    count += other.count;
    sum += other.sum;
    sequences ^= other.sequences;
    if (other.last_time < last_time || (other.last_time == last_time && other.last_sequence < last_sequence)) return;
    last_time = other.last_time;
    last_sequence = other.last_sequence;
  }
  friend auto operator<=>(const tally&, const tally&) = default;
};

inline auto tally_aggregate() {
  return make_aggregate<sample>(
      tally{},
      [](tally& into, const sample& each, std::int64_t time, std::uint64_t sequence) {
        into.add(each.value, time, sequence);
      },
      [](tally& into, const tally& later) { into.merge(later); });
}
using tally_aggregate_type = decltype(tally_aggregate());

/// A result as it was handed out, and while which event: the number of events where it was after the last.
struct handed_out {
  std::size_t at;
  std::uint64_t key;
  std::int64_t start;
  std::int64_t end;
  std::int64_t time;
  std::uint64_t first_sequence;
  int kind;
  tally state;

  friend auto operator<=>(const handed_out&, const handed_out&) = default;
};

inline std::ostream& operator<<(std::ostream& to, const handed_out& of) {
  return to << "\n  " << of.at << ": " << of.key << " [" << of.start << ", " << of.end << "] @" << of.time << " first "
            << of.first_sequence << " kind " << of.kind << ": " << of.state.count << " events, sum " << of.state.sum;
}

inline handed_out taken_from(const window_result<std::uint64_t>& from, std::size_t at) {
  return {at,
          from.key,
          from.start_ns,
          from.end_ns,
          from.time_ns,
          from.first_sequence,
          static_cast<int>(from.kind),
          from.state == nullptr ? tally{} : tally_aggregate_type::value(from.state)};
}

inline constexpr std::int64_t end_of_time = std::numeric_limits<std::int64_t>::max();

/// Runs the stream and then to the end of time.
template <class Windows>
std::vector<handed_out> run(Windows& windows, const std::vector<sample>& stream, bool until_the_end = true) {
  std::vector<handed_out> made;
  std::size_t at = 0;
  const auto out = [&](const window_result<std::uint64_t>& each) { made.push_back(taken_from(each, at)); };
  for (const sample& each : stream) {
    windows.add(each.key, each, each.time, each.sequence, out, [](const auto&) {});
    ++at;
  }
  if (!until_the_end) return made;
  windows.advance_to(end_of_time, out);
  while (windows.close_some(7, out)) {
  }
  return made;
}

}  // namespace millrace::window::testing
