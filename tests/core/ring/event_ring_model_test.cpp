// The event ring's orderings under the model checker, with one reader, two, a chain and a diamond.

#include <gtest/gtest.h>

#include <millrace/ring/event_ring.hpp>

#include "core/ring/model/atomics.hpp"
#include "core/ring/model/explore.hpp"

namespace millrace {

using model_policy = model::atomics<"event_ring">;
// As a whole, so that all of its orderings are known.
template class event_reader<model_policy>;
template class event_ring<model_policy>;

namespace {

using model::execution;
using model::expect;
using ring_in_model = event_ring<model_policy>;
using reader_in_model = event_reader<model_policy>;

constexpr std::uint64_t before_the_wrap = ~std::uint64_t{0} - 1;

/// How a scenario uses its ring.
struct sizes {
  std::size_t slots;
  std::uint64_t events;
  std::size_t written_together;
  std::size_t read_together;
  std::size_t acknowledge_every;
};

void write(ring_in_model& ring, const sizes& with) {
  for (std::uint64_t sent = 0; sent < with.events;) {
    const std::size_t got = ring.try_claim_n(std::min<std::uint64_t>(with.written_together, with.events - sent));
    if (got == 0) model::rest();
    for (std::size_t i = 0; i < got; ++i) {
      model_policy::write_word(ring.claim(i) + 8, sent + i);
      model_policy::write_word(ring.claim(i) + 56, ~(sent + i));
    }
    ring.publish_n(got);
    sent += got;
  }
}

void read(reader_in_model& reader, const sizes& with) {
  for (std::uint64_t received = 0; received < with.events;) {
    const std::size_t got = reader.available(with.read_together);
    if (got == 0) model::rest();
    for (std::size_t i = 0; i < got; ++i) {
      const std::byte* const slot = reader.peek(i);
      expect(model_policy::read_word(slot + 8) == received + i && model_policy::read_word(slot + 56) == ~(received + i),
             "a slot does not hold its event");
    }
    reader.release_n(got);
    received += got;
  }
  reader.acknowledge();
}

void one_reader(execution& here, const sizes& with) {
  ring_in_model ring(with.slots, 64, before_the_wrap, with.acknowledge_every);
  auto& only = ring.add_reader();
  if (!here.run({[&] { write(ring, with); }, [&] { read(only, with); }})) return;
  expect(only.try_peek() == nullptr, "an event is left");
  expect(ring.try_claim_n(with.slots) == with.slots, "a slot is not given back");
}

void two_readers(execution& here, const sizes& with) {
  ring_in_model ring(with.slots, 64, before_the_wrap, with.acknowledge_every);
  auto& one = ring.add_reader();
  auto& other = ring.add_reader();
  here.run({[&] { write(ring, with); }, [&] { read(one, with); }, [&] { read(other, with); }});
}

void chain(execution& here, const sizes& with) {
  ring_in_model ring(with.slots, 64, before_the_wrap, with.acknowledge_every);
  auto& first = ring.add_reader();
  auto& second = ring.add_reader(first);
  auto& third = ring.add_reader(second);
  here.run({[&] { write(ring, with); }, [&] { read(first, with); }, [&] { read(second, with); },
            [&] { read(third, with); }});
}

void diamond(execution& here, const sizes& with) {
  ring_in_model ring(with.slots, 64, before_the_wrap, with.acknowledge_every);
  auto& left = ring.add_reader();
  auto& right = ring.add_reader();
  auto& last = ring.add_reader(left, right);
  here.run(
      {[&] { write(ring, with); }, [&] { read(left, with); }, [&] { read(right, with); }, [&] { read(last, with); }});
}

model::scenario with(std::string name, void (*graph)(execution&, const sizes&), sizes used) {
  return {std::move(name), [=](execution& here) { graph(here, used); }};
}

const std::vector<model::scenario>& scenarios() {
  static const std::vector<model::scenario> all{
      with("event_ring, 1 reader, 2 slots", one_reader, {2, 5, 1, 1, 1}),
      with("event_ring, 1 reader, 4 slots, batches, seldom acknowledged", one_reader, {4, 7, 3, 2, 3}),
      with("event_ring, 1 reader, 4 slots, acknowledged when idle alone", one_reader, {4, 7, 2, 4, 100}),
      with("event_ring, 2 readers, 2 slots", two_readers, {2, 4, 2, 1, 2}),
      with("event_ring, chain of 3, 2 slots", chain, {2, 4, 1, 1, 1}),
      with("event_ring, chain of 3, 4 slots, batches", chain, {4, 6, 3, 2, 2}),
      with("event_ring, diamond, 2 slots", diamond, {2, 4, 1, 2, 1}),
      with("event_ring, diamond, 4 slots, batches", diamond, {4, 6, 2, 3, 3}),
  };
  return all;
}

TEST(event_ring_model, hands_every_event_to_every_reader_in_order_and_without_a_race) {
  model::expect_no_failure(scenarios());
}

TEST(event_ring_model, every_weaker_ordering_is_found) {
  EXPECT_EQ(model::sites_of<"event_ring">().size(), 5u);
  model::expect_every_mutant_killed(model::sites_of<"event_ring">(), scenarios());
}

/// The checks of the mutants above would also die if a graph's part of the code were never run.
TEST(event_ring_model, each_graph_finds_the_orderings_that_it_is_there_for) {
  const auto dies = [](const char* name, void (*graph)(execution&, const sizes&)) {
    for (model::site* const weakened : model::sites_of<"event_ring">()) {
      if (weakened->name != name) continue;
      weakened->order = std::memory_order_relaxed;
      const bool is_found = model::explore(with("", graph, {2, 4, 1, 1, 1}), 1, 5'000).failed.has_value();
      weakened->order = weakened->written;
      return is_found;
    }
    return false;
  };
  for (auto* const graph : {one_reader, two_readers, chain, diamond}) {
    for (const char* const name : {"R1", "R2", "W1", "W2"}) EXPECT_TRUE(dies(name, graph)) << name;
  }
  for (auto* const graph : {chain, diamond}) EXPECT_TRUE(dies("R3", graph));
}

}  // namespace
}  // namespace millrace
