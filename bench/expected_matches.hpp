#pragma once

#include "keyed_stream.hpp"
#include "matching.hpp"

#include <cstdint>
#include <vector>

/// The benchmarks' patterns once more, each as a plain loop over the steps of a key, written from what the pattern
/// means and sharing nothing with the engine. `take` one step after another, in order of time; `finish` at the end of
/// the input. Of the tallies only matches and the times of first and last events are filled.
namespace millrace::bench {

inline constexpr std::int64_t minute_ns = 60'000'000'000;

/// A match that has begun: its first step's time and amount, how many stages it has, its last step's amount.
struct begun_match {
  std::int64_t first_ns;
  double first_amount;
  double last_amount;
  std::uint32_t stages;
};

class expected_matches {
 public:
  explicit expected_matches(std::uint64_t keys) : begun_(keys) {}

  [[nodiscard]] const tally& found() const noexcept { return found_; }
  void finish() noexcept {}

 protected:
  using list = std::vector<begun_match>;

  /// Those of a key that are still in the window.
  list& of(const step& now, std::int64_t within_ns) {
    list& all = begun_[now.key];
    std::erase_if(all, [&](const begun_match& m) { return now.ts - m.first_ns >= within_ns; });
    return all;
  }
  void count(std::int64_t first_ns, std::int64_t last_ns) noexcept {
    ++found_.matches;
    found_.first_ns += static_cast<std::uint64_t>(first_ns);
    found_.last_ns += static_cast<std::uint64_t>(last_ns);
  }
  static void begin(list& all, const step& now) { all.push_back({now.ts, now.amount, now.amount, 1}); }

  std::vector<list> begun_;
  tally found_;
};

/// a next b next c
struct expected_strict_chain : expected_matches {
  using expected_matches::expected_matches;
  void take(const step& now) {
    list next;
    for (begun_match m : begun_[now.key]) {
      if (now.kind != m.stages) continue;
      if (++m.stages == 3)
        count(m.first_ns, now.ts);
      else
        next.push_back(m);
    }
    if (now.kind == 0) begin(next, now);
    begun_[now.key] = next;
  }
};

/// a then b then c within 1m
struct expected_relaxed_chain : expected_matches {
  using expected_matches::expected_matches;
  void take(const step& now) {
    list& all = of(now, minute_ns);
    for (begun_match& m : all)
      if (now.kind == m.stages && ++m.stages == 3) count(m.first_ns, now.ts);
    std::erase_if(all, [](const begun_match& m) { return m.stages == 3; });
    if (now.kind == 0) begin(all, now);
  }
};

/// a{5} within 1m
struct expected_five_times : expected_matches {
  using expected_matches::expected_matches;
  void take(const step& now) {
    if (now.kind != 0) return;
    list& all = of(now, minute_ns);
    for (begun_match& m : all)
      if (++m.stages == 5) count(m.first_ns, now.ts);
    std::erase_if(all, [](const begun_match& m) { return m.stages == 5; });
    begin(all, now);
  }
};

/// a not then b within 30m
struct expected_absence : expected_matches {
  using expected_matches::expected_matches;
  void take(const step& now) {
    // What is past its time has matched: no b came in time.
    list& all = begun_[now.key];
    for (const begun_match& m : all)
      if (now.ts - m.first_ns >= 30 * minute_ns) count(m.first_ns, m.first_ns);
    of(now, 30 * minute_ns);
    if (now.kind == 1) all.clear();
    if (now.kind == 0) begin(all, now);
  }
  void finish() noexcept {
    for (const list& all : begun_)
      for (const begun_match& m : all) count(m.first_ns, m.first_ns);
  }
};

/// base, then three rises, each the first step above the one before, the last 20 % above base; within 1h
struct expected_price_surge : expected_matches {
  using expected_matches::expected_matches;
  void take(const step& now) {
    list& all = of(now, 60 * minute_ns);
    for (begun_match& m : all) {
      if (!(now.amount > m.last_amount)) continue;
      if (m.stages == 3 && !(now.amount >= m.first_amount * 1.2)) continue;
      m.last_amount = now.amount;
      if (++m.stages == 4) count(m.first_ns, now.ts);
    }
    std::erase_if(all, [](const begun_match& m) { return m.stages == 4; });
    if (now.kind == 0) begin(all, now);
  }
};

/// a then b+ then c within 1m skip past last: the earliest a that has a b behind it, up to the next c; then anew
struct expected_loop : expected_matches {
  using expected_matches::expected_matches;
  void take(const step& now) {
    list& all = of(now, minute_ns);
    if (now.kind == 0) begin(all, now);
    if (now.kind == 1)
      for (begun_match& m : all) m.stages = 2;
    if (now.kind != 2 || all.empty() || all.front().stages != 2) return;
    count(all.front().first_ns, now.ts);
    all.clear();
  }
};

}  // namespace millrace::bench
