// An index over waiting partial matches that does not pay is not made again and again.
#include "rules_text.hpp"

#include <millrace/cep/matcher.hpp>
#include <millrace/rules/conditions.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>

namespace millrace::rules {
namespace {

class open_matcher : public cep::matcher<condition_programs> {
 public:
  using matcher::matcher;
  [[nodiscard]] bool is_indexed() const { return partitions()[0].runs.is_indexed(); }
};

/// Four hundred partial matches that wait, each for a greater user, in ascending order.
class waiting_for_greater {
 public:
  waiting_for_greater() {
    under_test_.open(0);
    for (std::uint32_t user = 0; user < 400; ++user) send(user, true);
  }

  /// Wakes those of lesser users; none of them goes on.
  void ask(std::uint32_t user) { send(user, false); }
  [[nodiscard]] bool is_indexed() const { return under_test_.is_indexed(); }

 private:
  void send(std::uint32_t user, bool ok) {
    const login event = make_login(number_++, 1, user, ok);
    under_test_.begin_event();
    events_.pick_up(event.header);
    under_test_.process(0, event.header, released_);
    events_.put_down();
  }

  static std::string text() {
    std::string made = login_event;
    return made.append("pattern p on Login { a : ok  then b : not ok and user > a.user and ip != a.ip }");
  }

  std::shared_ptr<const program> rules_ = compiled(text());
  cep::held_events events_{1'000, sizeof(login) - sizeof(event_header)};
  open_matcher under_test_{rules_->patterns[0].automaton, condition_programs(rules_->patterns[0].conditions), 0,
                           cep::matcher_limits{1'000, 2'000, 1, 16}, events_};
  cep::releases released_;
  std::uint64_t number_ = 0;
};

TEST(waiting_index_rests, where_each_event_wakes_half_of_those_that_wait) {
  waiting_for_greater waiting;
  int made = 0;
  for (int i = 0; i < 330; ++i) {
    waiting.ask(200);
    made += waiting.is_indexed() ? 1 : 0;
  }
  EXPECT_GT(made, 0);
  EXPECT_LE(made, 11);
}

TEST(waiting_index_rests, not_for_long_where_events_come_that_wake_few) {
  waiting_for_greater waiting;
  for (int i = 0; i < 10; ++i) waiting.ask(200);
  for (int i = 0; i < 40; ++i) waiting.ask(1);
  EXPECT_TRUE(waiting.is_indexed());
  // One that has paid is made again at once.
  waiting.ask(200);
  EXPECT_TRUE(waiting.is_indexed());
}

}  // namespace
}  // namespace millrace::rules
