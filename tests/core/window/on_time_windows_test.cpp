// Windows that a watermark fires, and that late events within the grace fire again.
#include "random_stream.hpp"

#include <gtest/gtest.h>

#include <map>
#include <millrace/window/aligned_windows.hpp>
#include <random>

namespace millrace::window {
namespace {

using namespace testing;
using windows = aligned_windows<std::uint64_t, tally_aggregate_type>;

/// What a watermark and an event do, window by window.
class slow_windows {
 public:
  slow_windows(const window_times& times, bool purge) : times_(times), purge_(purge) {}

  void add(const sample& each, std::size_t at, std::vector<handed_out>& out) {
    bool is_taken = false;
    for (std::int64_t start = each.time - times_.size + 1; start <= each.time; ++start) {
      if ((start % times_.advance + times_.advance) % times_.advance != 0) continue;
      if (start + times_.size + times_.grace <= now_) continue;
      is_taken = true;
      tally& into = open_[{start, each.key}];
      into.add(each.value, each.time, each.sequence);
      if (start + times_.size <= now_) fire(start, each.key, at, out);
    }
    late_ += is_taken ? 0 : 1;
  }
  void advance_to(std::int64_t now, std::size_t at, std::vector<handed_out>& out) {
    if (now <= now_) return;
    const std::int64_t before = now_;
    now_ = now;
    for (auto& [of, state] : open_)
      if (of.first + times_.size > before && of.first + times_.size <= now) fire(of.first, of.second, at, out);
    std::erase_if(open_, [&](const auto& each) { return each.first.first + times_.size + times_.grace <= now; });
  }
  [[nodiscard]] std::uint64_t late() const { return late_; }

 private:
  void fire(std::int64_t start, std::uint64_t key, std::size_t at, std::vector<handed_out>& out) {
    tally& state = open_[{start, key}];
    if (state.count == 0) return;
    out.push_back({at, key, start, start + times_.size, 0, 0, static_cast<int>(result_kind::on_time), state});
    if (purge_) state = {};
  }

  window_times times_;
  bool purge_;
  std::int64_t now_ = std::numeric_limits<std::int64_t>::min();
  std::uint64_t late_ = 0;
  std::map<std::pair<std::int64_t, std::uint64_t>, tally> open_;
};

std::vector<handed_out> sorted(std::vector<handed_out> results) {
  for (handed_out& each : results) {
    each.time = 0;
    each.first_sequence = 0;
  }
  std::ranges::sort(results);
  return results;
}

TEST(on_time_windows, agree_with_a_slow_oracle_on_random_streams_and_watermarks) {
  for (std::uint64_t seed = 0; seed < 3'000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    window_times times;
    times.size = 1 + static_cast<std::int64_t>(random() % 20);
    times.advance = 1 + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(times.size));
    times.grace = random() % 2 == 0 ? 0 : static_cast<std::int64_t>(random() % 40);
    const bool purge = random() % 2 == 0;
    slow_windows slow(times, purge);
    windows fast(tally_aggregate(), {.times = times,
                                     .emit = emission::on_time,
                                     .time = time_source::advances,
                                     .purge = purge,
                                     .limits = {.keys = 16, .panes = 2'048}});
    std::vector<handed_out> wanted;
    std::vector<handed_out> found;
    std::size_t at = 0;
    const auto out = [&](const auto& each) { found.push_back(taken_from(each, at)); };
    const auto stream = random_stream(random, 80);
    for (const sample& each : stream) {
      fast.add(each.key, each, each.time, each.sequence, out, [](const auto&) {});
      slow.add(each, at, wanted);
      if (random() % 4 == 0) {
        const std::int64_t now = each.time - static_cast<std::int64_t>(random() % 15);
        fast.advance_to(now, out);
        slow.advance_to(now, at, wanted);
      }
      ++at;
    }
    fast.advance_to(end_of_time, out);
    slow.advance_to(end_of_time / 2, at, wanted);
    ASSERT_EQ(sorted(found), sorted(wanted));
    ASSERT_EQ(fast.counters().late, slow.late());
    ASSERT_EQ(fast.keys(), 0U);
  }
}

}  // namespace
}  // namespace millrace::window
