#include <millrace/base/error.hpp>
#include <millrace/topology/inline_executor.hpp>

#include <pipeline/topology/toy_pipeline.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

namespace millrace {
namespace {

using toy::routing;

run_report run_inline(toy::source& source, toy::shard_set& shards, toy::sink& sink) {
  return inline_executor(source, shards.pointers(), sink, {.wait = wait_strategy::busy_spin}).run();
}

/// The slow, obvious way: everything that every shard emits, stably sorted by order and then by shard.
class collected {
 public:
  std::byte* claim(const output_order& order, std::size_t bytes) {
    all_.push_back({order, shard_, std::vector<std::byte>(bytes)});
    return all_.back().bytes.data();
  }
  void publish() {}
  void set_shard(unsigned shard) { shard_ = shard; }

  std::string text() {
    std::stable_sort(all_.begin(), all_.end(), [](const record& a, const record& b) {
      return std::tie(a.order.sequence, a.order.release_ns, a.order.phase, a.order.first, a.order.rule, a.shard) <
             std::tie(b.order.sequence, b.order.release_ns, b.order.phase, b.order.first, b.order.rule, b.shard);
    });
    toy::sink sink;
    for (const record& each : all_) sink.consume(each.order, each.bytes);
    return sink.last_words;
  }

 private:
  struct record {
    output_order order;
    unsigned shard;
    std::vector<std::byte> bytes;
  };
  std::vector<record> all_;
  unsigned shard_ = 0;
};

std::string oracle(const std::vector<toy::step>& script, unsigned shard_count) {
  toy::shard_set shards(shard_count);
  collected out;
  for (unsigned shard = 0; shard < shard_count; ++shard) {
    out.set_shard(shard);
    for (const toy::step& step : script) {
      if (std::find(step.shards.begin(), step.shards.end(), shard) == step.shards.end()) continue;
      alignas(64) std::byte slot[128] = {};
      auto& header = *new (slot) event_header{};
      header.sequence = step.sequence;
      header.key = shard;
      std::memcpy(data_of(header), &step.sequence, sizeof step.sequence);
      shards[shard].process(header, out);
    }
    shards[shard].finish(out);
  }
  return out.text();
}

TEST(inline_executor, output_is_everything_sorted_by_order_and_shard) {
  for (const unsigned count : {1U, 2U, 4U, 7U}) {
    for (const routing how : {routing::uniform, routing::one_shard, routing::half_of_them, routing::copies}) {
      const auto script = toy::make_script(how, 2000, count, count);
      toy::source source(script);
      toy::shard_set shards(count);
      toy::sink sink;
      const run_report report = run_inline(source, shards, sink);
      EXPECT_EQ(sink.last_words, oracle(script, count)) << count << " shards, routing " << static_cast<int>(how);
      EXPECT_EQ(report.end, run_end::input_ended);
      EXPECT_EQ(report.events_in, script.size());
      EXPECT_EQ(report.records_out, sink.records);
      EXPECT_TRUE(sink.flushed);
    }
  }
}

TEST(inline_executor, counts_each_copy_where_it_was_processed) {
  toy::source source({{0, {0, 2}}, {1, {2}}, {2, {1, 0, 2}}});
  toy::shard_set shards(3);
  toy::sink sink;
  const run_report report = run_inline(source, shards, sink);
  EXPECT_EQ(report.events_in, 3U);
  EXPECT_EQ(report.processed, (std::vector<std::uint64_t>{2, 1, 3}));
}

TEST(inline_executor, flushes_the_sink_when_the_source_has_nothing) {
  toy::source source(toy::make_script(routing::uniform, 10, 2, 1));
  source.endless = true;
  toy::shard_set shards(2);
  toy::sink sink;
  inline_executor executor(source, shards.pointers(), sink);
  std::uint64_t polls_left = 100;
  source.on_poll = [&](std::size_t given) {
    if (given == 10 && --polls_left == 0) {
      EXPECT_TRUE(sink.flushed);
      EXPECT_GT(sink.records, 0U);
      executor.stop();
    }
  };
  const run_report report = executor.run();
  EXPECT_EQ(report.end, run_end::stopped);
}

TEST(inline_executor, stop_gives_a_prefix_and_finishes_no_shard) {
  const auto script = toy::make_script(routing::copies, 1000, 3, 5);
  toy::source source(script);
  toy::shard_set shards(3);
  toy::sink sink;
  inline_executor executor(source, shards.pointers(), sink);
  source.on_poll = [&](std::size_t given) {
    if (given > 500) executor.stop();
  };
  const run_report report = executor.run();
  EXPECT_EQ(report.end, run_end::stopped);
  EXPECT_LT(report.events_in, 1000U);
  EXPECT_EQ(shards[0].finishes, 0U);
  EXPECT_TRUE(oracle(script, 3).starts_with(sink.last_words));
  EXPECT_GT(sink.records, 0U);
}

TEST(inline_executor, sink_that_wants_no_more_ends_the_run_at_its_record) {
  const auto script = toy::make_script(routing::copies, 1000, 3, 5);
  toy::source source(script);
  toy::shard_set shards(3);
  toy::sink sink;
  sink.limit = 17;
  const run_report report = run_inline(source, shards, sink);
  EXPECT_EQ(report.end, run_end::sink_closed);
  EXPECT_EQ(sink.records, 17U);
  EXPECT_EQ(report.records_out, 17U);
  EXPECT_EQ(shards[0].finishes, 0U);
  EXPECT_TRUE(oracle(script, 3).starts_with(sink.last_words));
}

TEST(inline_executor, failure_of_a_stage_reaches_the_caller_after_a_flush) {
  toy::source source(toy::make_script(routing::uniform, 1000, 2, 3));
  toy::shard_set shards(2);
  shards[0].throw_at = shards[1].throw_at = 400;
  toy::sink sink;
  EXPECT_THROW(run_inline(source, shards, sink), std::runtime_error);
  EXPECT_GT(sink.records, 0U);
  EXPECT_TRUE(sink.flushed);
}

TEST(executor_options, wrong_ones_are_named) {
  const auto message = [](const executor_options& options) -> std::string {
    try {
      static_cast<void>(checked(options));
    } catch (const error& wrong) {
      return wrong.what();
    }
    return {};
  };
  EXPECT_EQ(message({}), "");
  EXPECT_EQ(message({.event_bytes_max = 64, .ring_slots = 2, .output_ring_bytes = 1024}), "");
  EXPECT_EQ(message({.event_bytes_max = 63}), "event_bytes_max is 63; it may be 64 to 16777216");
  EXPECT_EQ(message({.ring_slots = 1}), "ring_slots is 1; it may be 2 to 16777216");
  EXPECT_EQ(message({.ring_slots = 3}), "ring_slots is 3; it must be a power of two");
  EXPECT_EQ(message({.output_ring_bytes = 512}), "output_ring_bytes is 512; it may be 1024 to 4294967296");
}

}  // namespace
}  // namespace millrace
