// The parker's fences and orderings under the model checker. A wake-up that is lost ends a run in which every
// thread sleeps.

#include <gtest/gtest.h>

#include <millrace/ring/parker.hpp>

#include "core/ring/model/atomics.hpp"
#include "core/ring/model/explore.hpp"

namespace millrace {

using model_policy = model::atomics<"parker">;
// As a whole, so that all of its orderings are known.
template class basic_parker<model_policy>;

namespace {

using model::execution;
using parker_in_model = basic_parker<model_policy>;
using flag = model::atomic<std::uint32_t>;

constexpr auto relaxed = std::memory_order_relaxed;

template <class Condition>
void park_until(parker_in_model& place, Condition condition) {
  while (!condition()) {
    const auto ticket = place.prepare();
    if (condition()) return place.cancel();
    place.wait(ticket);
  }
}

void one_waker(execution& here) {
  parker_in_model place;
  flag posted{0};
  here.run({[&] {
              for (std::uint32_t n = 1; n <= 3; ++n) {
                posted.store(n, relaxed);
                place.wake();
              }
            },
            [&] {
              for (std::uint32_t n = 1; n <= 3; ++n) {
                park_until(place, [&] { return posted.load(relaxed) >= n; });
              }
            }});
}

void two_wakers(execution& here) {
  parker_in_model place;
  flag first{0}, second{0};
  const auto post = [&](flag& posted) {
    posted.store(1, relaxed);
    place.wake();
  };
  here.run({[&] { post(first); }, [&] { post(second); },
            [&] { park_until(place, [&] { return first.load(relaxed) + second.load(relaxed) == 2; }); }});
}

void there_and_back(execution& here) {
  parker_in_model ping_place, pong_place;
  flag ping{0}, pong{0};
  here.run({[&] {
              for (std::uint32_t n = 1; n <= 2; ++n) {
                ping.store(n, relaxed);
                ping_place.wake();
                park_until(pong_place, [&] { return pong.load(relaxed) >= n; });
              }
            },
            [&] {
              for (std::uint32_t n = 1; n <= 2; ++n) {
                park_until(ping_place, [&] { return ping.load(relaxed) >= n; });
                pong.store(n, relaxed);
                pong_place.wake();
              }
            }});
}

/// Who was woken reads what the waker wrote before, although nothing but the parker orders it.
template <class Wait>
void hand_over(execution& here, Wait wait) {
  parker_in_model place;
  flag posted{0};
  std::uint64_t data = 0;
  auto* const word = reinterpret_cast<std::byte*>(&data);
  here.run({[&] {
              model_policy::write_word(word, 7);
              posted.store(1, relaxed);
              place.wake();
            },
            [&] {
              const auto ticket = place.prepare();
              if (posted.load(relaxed) == 1) return place.cancel();
              if (wait(place, ticket)) model::expect(model_policy::read_word(word) == 7, "the word is not there");
            }});
}

const std::vector<model::scenario>& scenarios() {
  static const std::vector<model::scenario> all{
      {"parker, one waker", one_waker},
      {"parker, two wakers", two_wakers},
      {"parker, there and back", there_and_back},
      {"parker, data behind a wait",
       [](execution& here) {
         hand_over(here, [](parker_in_model& place, auto ticket) {
           place.wait(ticket);
           return true;
         });
       }},
      {"parker, data behind a wait for some time",
       [](execution& here) {
         hand_over(here, [](parker_in_model& place, auto ticket) {
           return place.wait_for(ticket, std::chrono::nanoseconds(1));
         });
       }},
  };
  return all;
}

TEST(parker_model, loses_no_wake_up_and_hands_on_what_the_waker_wrote) { model::expect_no_failure(scenarios()); }

TEST(parker_model, every_weaker_ordering_and_fence_is_found) {
  EXPECT_EQ(model::sites_of<"parker">().size(), 4u);
  model::expect_every_mutant_killed(model::sites_of<"parker">(), scenarios());
}

}  // namespace
}  // namespace millrace
