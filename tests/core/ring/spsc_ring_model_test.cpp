// The ring's orderings under the model checker.

#include <gtest/gtest.h>

#include <millrace/ring/spsc_ring.hpp>

#include "core/ring/model/atomics.hpp"
#include "core/ring/model/explore.hpp"

namespace millrace {

using model_policy = model::atomics<"spsc_ring">;
// As a whole, so that all of its orderings are known.
template class spsc_ring<model_policy>;

namespace {

using model::execution;
using model::expect;
using ring_in_model = spsc_ring<model_policy>;

constexpr std::uint64_t before_the_wrap = ~std::uint64_t{0} - 1;

void write(std::byte* slot, std::uint64_t number) {
  model_policy::write_word(slot, number);
  model_policy::write_word(slot + 8, ~number);
}

void read(const std::byte* slot, std::uint64_t number) {
  expect(model_policy::read_word(slot) == number && model_policy::read_word(slot + 8) == ~number,
         "a slot does not hold its message");
}

void produce(ring_in_model& ring, std::uint64_t messages, std::size_t batch) {
  for (std::uint64_t sent = 0; sent < messages;) {
    const std::size_t got = ring.try_claim_n(std::min<std::uint64_t>(batch, messages - sent));
    if (got == 0) model::rest();
    for (std::size_t i = 0; i < got; ++i) write(ring.claim(i), sent + i);
    if (got != 0) ring.publish_n(got);
    sent += got;
  }
}

void consume(ring_in_model& ring, std::uint64_t messages, std::size_t batch) {
  for (std::uint64_t received = 0; received < messages;) {
    const std::size_t got = ring.available(batch);
    if (got == 0) model::rest();
    for (std::size_t i = 0; i < got; ++i) read(ring.peek(i), received + i);
    if (got != 0) ring.release_n(got);
    received += got;
  }
}

model::scenario hand_over(std::string name, std::size_t slots, std::uint64_t messages, std::size_t produced,
                          std::size_t consumed) {
  return {std::move(name), [=](execution& here) {
            ring_in_model ring(slots, 64, before_the_wrap);
            if (!here.run({[&] { produce(ring, messages, produced); }, [&] { consume(ring, messages, consumed); }})) {
              return;
            }
            expect(ring.size() == 0 && ring.try_peek() == nullptr, "a message is left");
          }};
}

/// Had it seen the release and not the message before it, it would find the ring full.
void watch_the_size(execution& here) {
  ring_in_model ring(2, 64, before_the_wrap + 1);
  here.run({[&] { produce(ring, 1, 1); }, [&] { consume(ring, 1, 1); },
            [&] {
              for (int look = 0; look < 3; ++look) expect(ring.size() <= 1, "more messages than were sent");
            }});
}

const std::vector<model::scenario>& scenarios() {
  static const std::vector<model::scenario> all{
      hand_over("spsc_ring, 2 slots, one at a time", 2, 4, 1, 1),
      hand_over("spsc_ring, 2 slots, batches of 2", 2, 5, 2, 2),
      hand_over("spsc_ring, 4 slots, batches of 3 and 2", 4, 7, 3, 2),
      {"spsc_ring, a third thread watches its size", watch_the_size},
  };
  return all;
}

TEST(spsc_ring_model, hands_every_message_over_once_in_order_and_without_a_race) {
  model::expect_no_failure(scenarios());
}

TEST(spsc_ring_model, every_weaker_ordering_is_found) {
  EXPECT_EQ(model::sites_of<"spsc_ring">().size(), 5u);
  model::expect_every_mutant_killed(model::sites_of<"spsc_ring">(), scenarios());
}

}  // namespace
}  // namespace millrace
