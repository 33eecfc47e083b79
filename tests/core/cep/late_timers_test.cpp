// Timers that only give memory back come late: no bound may be met for it.

#include <millrace/cep/pattern_matcher.hpp>

#include "by_type.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace millrace::cep {
namespace {

/// `a`, then `b`, within 10 ns.
std::shared_ptr<const automaton> a_and_b(link how) {
  pattern what;
  what.name = std::string("p");
  what.within_ns = 10;
  for (const condition_id id : {condition_id{0}, condition_id{1}}) {
    stage made;
    made.name = std::string(1, static_cast<char>('a' + id));
    made.link = id == 0 ? link::next : how;
    made.condition = id;
    what.stages.push_back(made);
  }
  return std::make_shared<const automaton>(compile(what));
}

struct outcome {
  std::uint64_t matches = 0;
  std::uint64_t refused = 0;
};

/// Each of a thousand keys begins once, one a nanosecond: ten partial matches at a time are not over. Every hundredth
/// goes on.
outcome play(link how, class_choice choice, const matcher_limits& limits, std::uint32_t events_max,
             matcher_class expected) {
  held_events events(events_max, 0);
  pattern_matcher<by_type> matcher(a_and_b(how), by_type{}, 0, limits, events, choice);
  EXPECT_EQ(matcher.chosen_class(), expected);
  for (partition_id id = 0; id < limits.partitions; ++id) matcher.open(id);
  releases out;
  outcome made;
  std::uint64_t sequence = 0;
  const auto feed = [&](partition_id id, event_type type, std::int64_t now_ns) {
    event_header e;
    e.sequence = e.id.low = ++sequence;
    e.time_ns = now_ns;
    e.type = type;
    matcher.advance(now_ns, out);
    matcher.begin_event();
    events.pick_up(e);
    matcher.process(id, e, out);
    events.put_down();
    out.drain([&](const release& r) { matcher.hand_out(r, [&](expr::history) { ++made.matches; }); });
  };
  for (std::uint32_t i = 0; i < 1'000; ++i) {
    feed(i, 0, i);
    if (i % 100 == 99) feed(i, 1, i);
  }
  made.refused = matcher.counters().refused;
  return made;
}

TEST(late_timers, what_is_over_keeps_no_room_from_what_is_not) {
  constexpr std::uint32_t room = 64;
  for (const link how : {link::next, link::then}) {
    for (const class_choice choice : {class_choice::fastest, class_choice::runs_only}) {
      const matcher_class expected = choice == class_choice::runs_only ? matcher_class::runs
                                     : how == link::next               ? matcher_class::shift
                                                                       : matcher_class::chain;
      for (const char* const bounded : {"runs", "steps", "events"}) {
        matcher_limits limits;
        limits.partitions = 8'192;  // timers of a thousand keys may be late
        limits.runs = std::string(bounded) == "runs" ? room : 8'192;
        limits.steps = std::string(bounded) == "steps" ? room : 8'192;
        const outcome made = play(how, choice, limits, std::string(bounded) == "events" ? room : 8'192, expected);
        EXPECT_EQ(made.refused, 0U) << bounded << " of " << name_of(expected);
        EXPECT_EQ(made.matches, 10U) << bounded << " of " << name_of(expected);
      }
    }
  }
}

}  // namespace
}  // namespace millrace::cep
