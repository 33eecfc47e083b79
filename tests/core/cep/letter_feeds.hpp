#pragma once

#include <millrace/cep/condition_memo.hpp>
#include <millrace/cep/held_events.hpp>
#include <millrace/cep/pattern.hpp>
#include <millrace/cep/release.hpp>

#include <algorithm>
#include <cstdint>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

// Patterns over feeds of letters, to hold one class of matchers to another.
namespace millrace::cep {

/// Condition `i` holds for the letters in its set; those that read the history, by chance of all that was taken. Each
/// look at a history counts as a fault.
struct letter_sets {
  std::vector<std::uint64_t> sets;
  std::uint64_t readers = 0;      // bit set
  bool counts_all_looks = false;  // each look at an event counts, too
  std::uint64_t looks = 0;

  verdict test_event(condition_id id, const event_header& event) noexcept {
    looks += counts_all_looks ? 1U : 0U;
    if ((sets[id] >> event.type & 1) == 0) return verdict::no;
    return reads_history(id) ? verdict::depends : verdict::yes;
  }
  bool test_history(condition_id id, const event_header& event, expr::history taken) noexcept {
    ++looks;
    std::uint64_t sum = event.sequence + id;
    for (const expr::taken_event& each : taken) sum = sum * 7 + each.event->sequence + each.stage;
    return sum % 4 != 0;
  }
  bool reads_history(condition_id id) const noexcept { return (readers >> id & 1) != 0; }
  std::uint64_t faulted() noexcept { return std::exchange(looks, 0); }
};

struct random_case {
  pattern what;
  letter_sets conditions;
  std::vector<event_header> events;
  std::uint32_t keys = 1;
  bool own_time = false;    ///< of each key, as under watermarks: its events move it
  std::vector<bool> marks;  ///< by event: all keys' time moves to its time behind it
};

/// `counted`: a match and a number for all that one release stands for.
template <class Matcher>
std::string outcome_of(const random_case& of, Matcher& matcher, held_events& events, std::size_t& live_after,
                       bool counted = false) {
  std::ostringstream out;
  releases released;
  const auto drain = [&](std::int64_t now) {
    released.drain([&](const release& r) {
      if (counted) {
        matcher.hand_out_counted(r, [&](expr::history taken, std::uint64_t count) {
          out << now << '@' << r.at_ns << ' ' << r.first << ": " << count << " like";
          for (const auto& t : taken) out << ' ' << t.stage << '=' << t.event->sequence;
          out << '\n';
        });
        return;
      }
      matcher.hand_out(r, [&](expr::history taken) {
        out << now << '@' << r.at_ns << ' ' << r.first << ':';
        for (const auto& t : taken) out << ' ' << t.stage << '=' << t.event->sequence;
        out << '\n';
      });
    });
  };
  for (partition_id id = 0; id < of.keys; ++id) matcher.open(id);
  std::int64_t last = -1;
  for (std::size_t i = 0; i < of.events.size(); ++i) {
    const event_header& e = of.events[i];
    const auto id = static_cast<partition_id>(e.key);
    if (of.own_time)
      matcher.advance_partition(id, e.time_ns, released);
    else
      matcher.advance(last = e.time_ns, released);
    drain(e.time_ns);
    matcher.begin_event();
    events.pick_up(e);
    matcher.process(id, e, released);
    events.put_down();
    drain(e.time_ns);
    if (!of.marks[i]) continue;
    matcher.advance(last = e.time_ns, released);
    drain(last);
  }
  for (std::size_t steps = 0; const auto deadline = matcher.next_deadline(); ++steps) {
    if (steps > 1'000) return "time stands still";
    last = std::max(last, *deadline);
    matcher.advance(last, released);
    drain(last);
  }
  out << "matches " << matcher.counters().matches << " misses " << matcher.counters().skip_misses << " looks "
      << matcher.counters().faults << '\n';
  for (partition_id id = 0; id < of.keys; ++id) static_cast<void>(matcher.discard(id, 1'000'000));
  matcher.begin_event();
  live_after = events.size();
  return out.str();
}

}  // namespace millrace::cep
