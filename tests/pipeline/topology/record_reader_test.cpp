#include <millrace/topology/record_reader.hpp>
#include <millrace/topology/record_writer.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <thread>

namespace millrace::detail {
namespace {

TEST(record_reader, promise_is_never_above_a_record_that_is_still_to_come) {
  executor_options options;
  options.output_ring_bytes = 4096;
  run_links links(options, 1, wait_strategy::yield);
  shard_link& link = *links.shards[0];
  constexpr std::uint64_t records = 300'000;
  std::thread shard([&] {
    record_writer out(links, link);
    for (std::uint64_t i = 0; i < records; ++i) {
      out.claim({.sequence = i}, 8);
      out.publish();
      link.lowest_open.store(i + 1, std::memory_order_release);
    }
    link.lowest_open.store(nothing_open, std::memory_order_release);
  });
  record_reader reader(links, link);
  std::uint64_t broken = 0;
  std::uint64_t taken = 0;
  for (std::uint64_t promised = 0; !reader.ended();) {
    reader.look();
    if (!reader.has_head()) {
      promised = reader.lowest_open();
    } else {
      broken += reader.order().sequence < promised;
      ++taken;
      reader.release();
    }
  }
  shard.join();
  EXPECT_EQ(broken, 0U);
  EXPECT_EQ(taken, records);
}

TEST(record_reader, gives_a_record_of_every_length_as_it_was_written) {
  executor_options options;
  options.output_ring_bytes = 1024;
  run_links links(options, 1, wait_strategy::yield);
  shard_link& link = *links.shards[0];
  const std::size_t one_message = link.output.message_bytes_max() - sizeof(record_head);
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, one_message, one_message + 1, 2 * one_message,
                                  2 * one_message + 1, std::size_t{100'000}}) {
    std::thread shard([&] {
      record_writer out(links, link);
      std::byte* const at = out.claim({.sequence = bytes}, bytes);
      for (std::size_t i = 0; i < bytes; ++i) at[i] = static_cast<std::byte>(i * 7);
      out.publish();
      EXPECT_EQ(out.records_split(), bytes > one_message ? 1U : 0U);
    });
    record_reader reader(links, link);
    idle idle(links.wait, links.egress_parker);
    idle.until([&] { return reader.look(), reader.has_head(); });
    const auto got = reader.bytes(idle);
    ASSERT_TRUE(got.has_value());
    ASSERT_EQ(got->size(), bytes);
    EXPECT_EQ(reader.order().sequence, bytes);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < bytes; ++i) wrong += (*got)[i] != static_cast<std::byte>(i * 7);
    EXPECT_EQ(wrong, 0U);
    reader.release();
    shard.join();
  }
}

TEST(record_reader, abort_ends_the_wait_for_the_rest_of_a_record) {
  for (const wait_strategy wait : wait_strategies) {
    executor_options options;
    run_links links(options, 1, wait);
    shard_link& link = *links.shards[0];
    ::new (link.output.try_claim(sizeof(record_head) + 8)) record_head{.order = {}, .bytes_behind = 8};
    link.output.publish();
    record_reader reader(links, link);
    reader.look();
    ASSERT_TRUE(reader.has_head());
    std::thread other([&] { links.control.abort(); });
    idle idle(wait, links.egress_parker);
    EXPECT_FALSE(reader.bytes(idle).has_value());
    other.join();
  }
}

TEST(record_writer, abort_ends_the_wait_for_room) {
  for (const wait_strategy wait : wait_strategies) {
    executor_options options;
    options.output_ring_bytes = 1024;
    run_links links(options, 1, wait);
    record_writer out(links, *links.shards[0]);
    std::thread other([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      links.control.abort();
    });
    for (std::uint64_t i = 0; i < 100; ++i) {
      std::memset(out.claim({.sequence = i}, 400), 1, 400);  // room that nobody will read is room too
      out.publish();
    }
    std::memset(out.claim({.sequence = 100}, 5000), 1, 5000);
    out.publish();
    EXPECT_GT(out.full_waits(), 0U);
    other.join();
  }
}

}  // namespace
}  // namespace millrace::detail
