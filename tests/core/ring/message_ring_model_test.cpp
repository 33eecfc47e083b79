// The message ring's orderings under the model checker.

#include <gtest/gtest.h>

#include <array>
#include <millrace/ring/message_ring.hpp>

#include "core/ring/model/atomics.hpp"
#include "core/ring/model/explore.hpp"

namespace millrace {

using model_policy = model::atomics<"message_ring">;
// As a whole, so that all of its orderings are known.
template class message_ring<model_policy>;

namespace {

using model::execution;
using model::expect;
using ring_in_model = message_ring<model_policy>;

constexpr std::array<std::size_t, 5> lengths{8, 16, 0, 24, 16};  // records of 16, 24, 8, 32 and 24 bytes

void send(ring_in_model& ring, std::size_t batch) {
  for (std::size_t n = 0; n < lengths.size();) {
    std::byte* const room = ring.try_claim(lengths[n]);
    if (room == nullptr) {
      ring.publish();
      model::rest();
      continue;
    }
    for (std::size_t at = 0; at < lengths[n]; at += 8) model_policy::write_word(room + at, n + at);
    if (++n % batch == 0 || n == lengths.size()) ring.publish();
  }
}

void receive(ring_in_model& ring, std::size_t batch) {
  for (std::size_t n = 0; n < lengths.size();) {
    const auto message = ring.try_peek();
    if (!message) {
      ring.release();
      model::rest();
      continue;
    }
    expect(message->size() == lengths[n], "a message has another one's length");
    for (std::size_t at = 0; at < message->size(); at += 8) {
      expect(model_policy::read_word(message->data() + at) == n + at, "a message's text is wrong");
    }
    ring.advance();
    if (++n % batch == 0) ring.release();
  }
}

model::scenario hand_over(std::string name, std::uint64_t first_position, std::size_t sent, std::size_t received) {
  return {std::move(name), [=](execution& here) {
            ring_in_model ring(64, first_position);
            if (!here.run({[&] { send(ring, sent); }, [&] { receive(ring, received); }})) return;
            expect(!ring.try_peek(), "a message is left");
          }};
}

const std::vector<model::scenario>& scenarios() {
  static const std::vector<model::scenario> all{
      hand_over("message_ring, one at a time", 0, 1, 1),
      hand_over("message_ring, one at a time over the wrap", ~std::uint64_t{0} - 39, 1, 1),
      hand_over("message_ring, batches of 2 over the wrap", ~std::uint64_t{0} - 23, 2, 2),
  };
  return all;
}

TEST(message_ring_model, hands_every_message_over_once_in_order_and_without_a_race) {
  model::expect_no_failure(scenarios());
}

TEST(message_ring_model, every_weaker_ordering_is_found) {
  EXPECT_EQ(model::sites_of<"message_ring">().size(), 4u);
  model::expect_every_mutant_killed(model::sites_of<"message_ring">(), scenarios());
}

}  // namespace
}  // namespace millrace
