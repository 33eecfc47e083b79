#include <millrace/topology/inline_executor.hpp>
#include <millrace/topology/threaded_executor.hpp>

#include <pipeline/topology/toy_pipeline.hpp>

#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using toy::routing;

constexpr std::size_t tiny_ring_bytes = 1024;

std::string inline_output(const std::vector<toy::step>& script, unsigned shard_count, std::size_t large_bytes = 0) {
  toy::source source(script);
  toy::shard_set shards(shard_count, large_bytes);
  toy::sink sink;
  inline_executor(source, shards.pointers(), sink, {.wait = wait_strategy::busy_spin}).run();
  return sink.last_words;
}

executor_options options_of(wait_strategy wait, std::size_t ring_slots = 1024,
                            std::size_t output_ring_bytes = 1 << 20) {
  executor_options options;
  options.event_bytes_max = 128;
  options.ring_slots = ring_slots;
  options.output_ring_bytes = output_ring_bytes;
  options.wait = wait;
  return options;
}

/// What a test starts from: a script, its stages, and the output that there should be.
struct scene {
  scene(routing how, std::size_t events, unsigned shard_count, std::uint64_t seed = 1, std::size_t large_bytes = 0)
      : script(toy::make_script(how, events, shard_count, seed)),
        expected(inline_output(script, shard_count, large_bytes)),
        source(script, seed),
        shards(shard_count, large_bytes) {}

  auto executor(const executor_options& options) { return threaded_executor(source, shards.pointers(), sink, options); }

  std::vector<toy::step> script;
  std::string expected;
  toy::source source;
  toy::shard_set shards;
  toy::sink sink;
};

// Few events where threads that never give up the core outnumber the cores: each hand-off may cost a time slice.
std::size_t events_for(wait_strategy wait, std::size_t ring_slots) {
  return (wait == wait_strategy::busy_spin ? 15U : 600U) * (ring_slots > 4 ? 4 : 1);
}

class threaded_executor_output : public testing::TestWithParam<std::tuple<wait_strategy, unsigned, std::size_t>> {};

TEST_P(threaded_executor_output, is_that_of_the_inline_executor) {
  const auto [wait, shard_count, ring_slots] = GetParam();
  std::uint64_t seed = 1;
  for (const routing how :
       {routing::uniform, routing::one_shard, routing::half_of_them, routing::copies, routing::bursts}) {
    for (const std::size_t output_ring_bytes : {tiny_ring_bytes, std::size_t{1} << 20}) {
      scene scene(how, events_for(wait, ring_slots), shard_count, ++seed, 2000);
      auto executor = scene.executor(options_of(wait, ring_slots, output_ring_bytes));
      const run_report report = executor.run();
      ASSERT_TRUE(scene.sink.last_words == scene.expected)
          << "routing " << static_cast<int>(how) << ", output ring " << output_ring_bytes;
      EXPECT_EQ(report.end, run_end::input_ended);
      EXPECT_EQ(report.events_in, scene.script.size());
      EXPECT_EQ(report.records_out, scene.sink.records);
      const bool splits = output_ring_bytes == tiny_ring_bytes;
      if (!splits || scene.script.size() >= 600) {
        EXPECT_EQ(report.records_split != 0, splits);
      }
      EXPECT_TRUE(scene.sink.flushed);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(all, threaded_executor_output,
                         testing::Combine(testing::ValuesIn(wait_strategies), testing::Values(1U, 2U, 4U, 7U),
                                          testing::Values(std::size_t{2}, std::size_t{4}, std::size_t{1024})),
                         [](const auto& each) {
                           std::string name(name_of(std::get<0>(each.param)));
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name + "_" + std::to_string(std::get<1>(each.param)) + "_shards_" +
                                  std::to_string(std::get<2>(each.param)) + "_slots";
                         });

TEST(threaded_executor, smallest_rings_and_one_busy_shard_cannot_block_each_other) {
  // Every shard but the last gets an event now and then; the last one's records fill its ring at once.
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    std::vector<toy::step> script;
    for (std::uint64_t i = 0; i < 1000; ++i)
      script.push_back({i, {i % 97 == seed ? static_cast<unsigned>(i % 3) : 3U}});
    toy::source source(script, seed);
    source.poll_max = 1000;
    toy::shard_set shards(4, 900);
    toy::sink sink;
    threaded_executor executor(source, shards.pointers(), sink,
                               options_of(wait_strategy::blocking, 2, tiny_ring_bytes));
    const run_report report = executor.run();
    EXPECT_TRUE(sink.last_words == inline_output(script, 4, 900)) << seed;
    EXPECT_GT(report.input_full_waits, 0U);
    EXPECT_GT(report.output_full_waits, 0U);
  }
}

TEST(threaded_executor, shards_that_get_nothing_hold_nothing_up) {
  scene scene(routing::one_shard, 3000, 4);
  scene.source.endless = true;
  scene.source.flushes = false;
  std::atomic<std::uint64_t> seen{0};
  scene.sink.on_record = [&](std::uint64_t) { ++seen; };
  auto executor = scene.executor(options_of(wait_strategy::blocking));
  // All that comes before the end must come out while the source idles: the end is not there to help.
  const auto records = static_cast<std::uint64_t>(std::count(scene.expected.begin(), scene.expected.end(), '\n'));
  ASSERT_GT(records, 1000U);
  std::thread stopper([&] {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    std::uint64_t before = ~std::uint64_t{0};
    while (seen != before && std::chrono::steady_clock::now() < deadline) {
      before = seen;
      std::this_thread::sleep_for(300ms);
    }
    executor.stop();
  });
  std::uint64_t seen_at_stop = 0;
  scene.source.on_poll = [&](std::size_t) { seen_at_stop = seen; };
  executor.run();
  stopper.join();
  EXPECT_EQ(seen_at_stop, scene.sink.records);
  EXPECT_TRUE(scene.expected.starts_with(scene.sink.last_words));
  EXPECT_GT(scene.sink.records, 1000U);
}

TEST(threaded_executor, sink_is_flushed_when_the_source_idles) {
  scene scene(routing::uniform, 50, 2);
  scene.source.endless = true;
  auto executor = scene.executor(options_of(wait_strategy::blocking));
  std::atomic<bool> flushed{false};
  scene.sink.on_flush = [&] { flushed = true; };
  scene.source.on_poll = [&](std::size_t given) {
    if (given == 50 && flushed) executor.stop();
  };
  EXPECT_EQ(executor.run().end, run_end::stopped);
}

TEST(threaded_executor, stop_gives_a_prefix_and_finishes_no_shard) {
  for (const wait_strategy wait : wait_strategies) {
    for (const std::size_t at : {std::size_t{0}, std::size_t{1}, std::size_t{150}}) {
      scene scene(routing::copies, 400, 3);
      auto executor = scene.executor(options_of(wait, 4, tiny_ring_bytes));
      scene.source.on_poll = [&](std::size_t given) {
        if (given >= at) executor.stop();
      };
      const run_report report = executor.run();
      EXPECT_EQ(report.end, run_end::stopped);
      EXPECT_LT(report.events_in, 400U);
      EXPECT_TRUE(scene.expected.starts_with(scene.sink.last_words));
      EXPECT_EQ(scene.shards[0].finishes, 0U);
    }
  }
}

TEST(threaded_executor, all_that_was_taken_in_comes_out_after_stop) {
  scene scene(routing::uniform, 400, 3);
  auto executor = scene.executor(options_of(wait_strategy::blocking));
  scene.source.on_poll = [&](std::size_t given) {
    if (given >= 150) executor.stop();
  };
  const run_report report = executor.run();
  const std::string all_of_them =
      inline_output({scene.script.begin(), scene.script.begin() + static_cast<long>(report.events_in)}, 3);
  // The inline run finished its shards, this one did not.
  const std::string end = "\n" + std::to_string(end_of_input_sequence);
  EXPECT_EQ(scene.sink.last_words, all_of_them.substr(0, std::min(all_of_them.find(end), all_of_them.size() - 1) + 1));
}

TEST(threaded_executor, stop_before_run_takes_nothing_in) {
  scene scene(routing::uniform, 400, 3);
  auto executor = scene.executor(options_of(wait_strategy::blocking));
  executor.stop();
  const run_report report = executor.run();
  EXPECT_EQ(report.end, run_end::stopped);
  EXPECT_EQ(report.events_in, 0U);
}

std::atomic<stop_flag*> flag_of_handler{nullptr};

TEST(threaded_executor, stop_flag_may_be_raised_by_a_signal_handler) {
  stop_flag flag;
  flag_of_handler = &flag;
  std::signal(SIGUSR1, [](int) { flag_of_handler.load()->raise(); });
  std::raise(SIGUSR1);
  std::signal(SIGUSR1, SIG_DFL);
  EXPECT_TRUE(flag.raised());
}

TEST(threaded_executor, idle_source_can_be_stopped_from_outside) {
  for (const wait_strategy wait : wait_strategies) {
    scene scene(routing::uniform, 0, 2);
    scene.source.endless = true;
    auto executor = scene.executor(options_of(wait));
    std::thread stopper([&] {
      std::this_thread::sleep_for(20ms);
      executor.stop();
    });
    EXPECT_EQ(executor.run().end, run_end::stopped);
    stopper.join();
  }
}

TEST(threaded_executor, sink_that_wants_no_more_ends_the_run_at_its_record) {
  for (const wait_strategy wait : wait_strategies) {
    scene scene(routing::copies, 400, 3);
    scene.sink.limit = 100;
    auto executor = scene.executor(options_of(wait, 2, tiny_ring_bytes));
    const run_report report = executor.run();
    EXPECT_EQ(report.end, run_end::sink_closed);
    EXPECT_EQ(scene.sink.records, 100U);
    EXPECT_EQ(report.records_out, 100U);
    EXPECT_TRUE(scene.sink.flushed);
    EXPECT_TRUE(scene.expected.starts_with(scene.sink.last_words));
  }
}

TEST(threaded_executor, failure_of_the_source_comes_out_after_what_it_gave) {
  for (const wait_strategy wait : wait_strategies) {
    scene scene(routing::uniform, 200, 3);
    std::size_t given_before = 0;
    scene.source.on_poll = [&](std::size_t given) {
      given_before = given;
      if (given > 100) throw std::runtime_error("source failed");
    };
    auto executor = scene.executor(options_of(wait, 2, tiny_ring_bytes));
    EXPECT_THROW(executor.run(), std::runtime_error);
    const std::string all =
        inline_output({scene.script.begin(), scene.script.begin() + static_cast<long>(given_before)}, 3);
    EXPECT_TRUE(all.starts_with(scene.sink.last_words));
    EXPECT_GT(scene.sink.records, 100U);
    EXPECT_TRUE(scene.sink.flushed);
    EXPECT_EQ(scene.shards[0].finishes, 0U);
  }
}

TEST(threaded_executor, failure_of_a_shard_reaches_the_caller) {
  for (const wait_strategy wait : wait_strategies) {
    scene scene(routing::uniform, 300, 3);
    for (std::size_t i = 0; i < 3; ++i) scene.shards[i].throw_at = scene.script[150].sequence;
    auto executor = scene.executor(options_of(wait, 2, tiny_ring_bytes));
    EXPECT_THROW(executor.run(), std::runtime_error);
    EXPECT_TRUE(scene.expected.starts_with(scene.sink.last_words));
    EXPECT_TRUE(scene.sink.flushed);
  }
}

TEST(threaded_executor, failure_of_the_sink_reaches_the_caller_and_is_not_flushed) {
  for (const wait_strategy wait : wait_strategies) {
    scene scene(routing::uniform, 300, 3);
    std::uint64_t flushes_before = 0;
    scene.sink.on_record = [&](std::uint64_t records) {
      flushes_before = scene.sink.flushes;
      if (records == 50) throw std::runtime_error("sink failed");
    };
    auto executor = scene.executor(options_of(wait, 2, tiny_ring_bytes));
    EXPECT_THROW(executor.run(), std::runtime_error);
    EXPECT_EQ(scene.sink.records, 50U);
    EXPECT_EQ(scene.sink.flushes, flushes_before);
  }
}

TEST(threaded_executor, failure_of_a_last_flush_reaches_the_caller) {
  scene scene(routing::uniform, 300, 3);
  scene.sink.on_flush = [] { throw std::runtime_error("no space left"); };
  auto executor = scene.executor(options_of(wait_strategy::blocking));
  EXPECT_THROW(executor.run(), std::runtime_error);
}

TEST(threaded_executor, slow_sink_holds_everybody_back_and_loses_nothing) {
  scene scene(routing::uniform, 200, 2, 1, 2000);
  scene.sink.on_record = [](std::uint64_t records) {
    if (records % 8 == 0) std::this_thread::sleep_for(1ms);
  };
  auto executor = scene.executor(options_of(wait_strategy::blocking, 2, tiny_ring_bytes));
  const run_report report = executor.run();
  EXPECT_TRUE(scene.sink.last_words == scene.expected);
  EXPECT_GT(report.output_full_waits, 0U);
  EXPECT_GT(report.input_full_waits, 0U);
}

TEST(threaded_executor, slow_source_loses_nothing) {
  for (const wait_strategy wait : wait_strategies) {
    scene scene(routing::copies, 60, 3);
    scene.source.poll_max = 1;
    scene.source.on_poll = [](std::size_t) { std::this_thread::sleep_for(200us); };
    auto executor = scene.executor(options_of(wait, 2));
    executor.run();
    EXPECT_TRUE(scene.sink.last_words == scene.expected) << name_of(wait);
  }
}

TEST(threaded_executor, counts_each_copy_where_it_was_processed) {
  toy::source source({{0, {0, 2}}, {1, {2}}, {2, {1, 0, 2}}});
  toy::shard_set shards(3);
  toy::sink sink;
  threaded_executor executor(source, shards.pointers(), sink, options_of(wait_strategy::blocking));
  const run_report report = executor.run();
  EXPECT_EQ(report.events_in, 3U);
  EXPECT_EQ(report.processed, (std::vector<std::uint64_t>{2, 1, 3}));
}

TEST(threaded_executor, warns_when_threads_that_never_sleep_outnumber_the_cores) {
  scene scene(routing::uniform, 10, 1);
  const machine one_core({cpu{}});
  EXPECT_EQ(detail::plan_threads(options_of(wait_strategy::busy_spin), 1, one_core).places.warnings.size(), 1U);
  EXPECT_TRUE(detail::plan_threads(options_of(wait_strategy::blocking), 1, one_core).places.warnings.empty());
  executor_options chosen;
  EXPECT_EQ(detail::plan_threads(chosen, 1, one_core).wait, wait_strategy::blocking);
  chosen.where = placement::one_core_each();
  EXPECT_EQ(detail::plan_threads(chosen, 1, one_core).places.warnings.size(), 1U);
}

TEST(threaded_executor, gives_the_calling_thread_its_affinity_back) {
  cpu_set_t before;
  cpu_set_t after;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  scene scene(routing::uniform, 10, 1);
  executor_options options = options_of(wait_strategy::blocking);
  options.where = placement::one_core_each();
  scene.executor(options).run();
  ASSERT_EQ(sched_getaffinity(0, sizeof after, &after), 0);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

}  // namespace
}  // namespace millrace
