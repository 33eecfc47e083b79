// The checker's own test: litmus programs whose outcomes C++20 allows or forbids.

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>
#include <string>

#include "core/ring/model/atomics.hpp"
#include "core/ring/model/explore.hpp"

namespace millrace::model {
namespace {

using word = model::atomic<std::uint32_t>;
constexpr auto relaxed = std::memory_order_relaxed;
constexpr auto acquire = std::memory_order_acquire;
constexpr auto release = std::memory_order_release;
constexpr auto acq_rel = std::memory_order_acq_rel;
constexpr auto seq_cst = std::memory_order_seq_cst;

void fence(std::memory_order order) { execution::current().fence(order, ""); }

/// How often a program came to each result, over many seeds.
std::map<std::string, int> results_of(const std::function<std::string(execution&)>& program, int executions = 3'000) {
  std::map<std::string, int> results;
  execution here;
  for (int seed = 1; seed <= executions; ++seed) {
    here.reset(static_cast<std::uint64_t>(seed), false);
    std::string result = program(here);
    ++results[here.failure().empty() ? result : here.failure()];
  }
  return results;
}

std::string joined(std::initializer_list<std::uint32_t> values) {
  std::string text;
  for (const std::uint32_t value : values) text += static_cast<char>('0' + value);
  return text;
}

std::map<std::string, int> store_buffer(std::memory_order between) {
  return results_of([=](execution& here) {
    word x{0}, y{0};
    std::uint32_t a = 9, b = 9;
    here.run({[&] {
                x.store(1, relaxed);
                fence(between);
                a = y.load(relaxed);
              },
              [&] {
                y.store(1, relaxed);
                fence(between);
                b = x.load(relaxed);
              }});
    return joined({a, b});
  });
}

TEST(model_checker, two_threads_miss_each_others_stores_unless_both_fences_are_seq_cst) {
  EXPECT_TRUE(store_buffer(relaxed).contains("00"));
  EXPECT_TRUE(store_buffer(acq_rel).contains("00"));
  const auto fenced = store_buffer(seq_cst);
  EXPECT_FALSE(fenced.contains("00"));
  EXPECT_TRUE(fenced.contains("01") && fenced.contains("10") && fenced.contains("11"));
}

/// Hands a plain word over behind a flag.
std::map<std::string, int> message(std::memory_order stored, std::memory_order loaded, std::memory_order before,
                                   std::memory_order after) {
  return results_of([=](execution& here) {
    word flag{0};
    std::uint64_t data = 0;
    bool was_set = false;
    here.run({[&] {
                here.write_plain(&data);
                fence(before);
                flag.store(1, stored);
              },
              [&] {
                was_set = flag.load(loaded) == 1;
                fence(after);
                if (was_set) here.read_plain(&data);
              }});
    return std::string(was_set ? "set" : "not set");
  });
}

TEST(model_checker, plain_data_behind_a_flag_races_unless_release_meets_acquire) {
  constexpr const char* race = "data race: thread 2 reads a word that thread 1 wrote, unordered";
  EXPECT_TRUE(message(relaxed, relaxed, relaxed, relaxed).contains(race));
  EXPECT_TRUE(message(release, relaxed, relaxed, relaxed).contains(race));
  EXPECT_TRUE(message(relaxed, acquire, relaxed, relaxed).contains(race));
  EXPECT_TRUE(message(relaxed, relaxed, release, relaxed).contains(race));
  EXPECT_TRUE(message(relaxed, relaxed, relaxed, acquire).contains(race));
  const std::set<std::string> right{"set", "not set"};
  for (const auto& results : {message(release, acquire, relaxed, relaxed), message(relaxed, relaxed, release, acquire),
                              message(release, relaxed, relaxed, acquire), message(relaxed, acquire, release, relaxed),
                              message(relaxed, relaxed, seq_cst, seq_cst)}) {
    std::set<std::string> seen;
    for (const auto& [result, count] : results) seen.insert(result);
    EXPECT_EQ(seen, right);
  }
}

TEST(model_checker, a_write_races_with_an_unordered_read_before_it) {
  const auto results = results_of([](execution& here) {
    word flag{0};
    std::uint64_t data = 0;
    here.run({[&] {
                here.read_plain(&data);
                flag.store(1, relaxed);
              },
              [&] {
                if (flag.load(acquire) == 1) here.write_plain(&data);
              }});
    return std::string("no race");
  });
  EXPECT_TRUE(results.contains("data race: thread 2 writes a word that thread 1 read, unordered"));
}

TEST(model_checker, loads_of_one_location_never_go_back) {
  const auto results = results_of([](execution& here) {
    word x{0};
    std::uint32_t a = 9, b = 9;
    here.run({[&] {
                x.store(1, relaxed);
                x.store(2, relaxed);
              },
              [&] {
                a = x.load(relaxed);
                b = x.load(relaxed);
              }});
    return joined({a, b});
  });
  EXPECT_TRUE(results.contains("01") && results.contains("02") && results.contains("12"));
  EXPECT_FALSE(results.contains("10") || results.contains("20") || results.contains("21"));
}

/// Two writers, two readers that read them in either order.
std::map<std::string, int> independent_writes(std::memory_order between) {
  return results_of(
      [=](execution& here) {
        word x{0}, y{0};
        std::uint32_t a = 9, b = 9, c = 9, d = 9;
        here.run({[&] { x.store(1, release); }, [&] { y.store(1, release); },
                  [&] {
                    a = x.load(acquire);
                    fence(between);
                    b = y.load(acquire);
                  },
                  [&] {
                    c = y.load(acquire);
                    fence(between);
                    d = x.load(acquire);
                  }});
        return joined({a, b, c, d});
      },
      20'000);
}

TEST(model_checker, two_readers_may_disagree_on_the_order_of_two_writers_but_not_behind_seq_cst_fences) {
  EXPECT_TRUE(independent_writes(relaxed).contains("1010"));
  EXPECT_FALSE(independent_writes(seq_cst).contains("1010"));
}

TEST(model_checker, what_is_acquired_is_handed_on) {
  const auto results = results_of([](execution& here) {
    word x{0}, y{0};
    std::uint64_t data = 0;
    here.run({[&] {
                here.write_plain(&data);
                x.store(1, release);
              },
              [&] {
                if (x.load(acquire) == 1) y.store(1, release);
              },
              [&] {
                if (y.load(acquire) == 1) here.read_plain(&data);
              }});
    return std::string("no race");
  });
  EXPECT_EQ(results.size(), 1u);
}

/// A release store that another thread changes before it is acquired.
std::map<std::string, int> release_sequence(bool is_changed) {
  return results_of([=](execution& here) {
    word x{0};
    std::uint64_t data = 0;
    here.run({[&] {
                here.write_plain(&data);
                x.store(1, release);
              },
              [&] {
                if (is_changed) {
                  x.fetch_or(2, relaxed);
                } else if (x.load(relaxed) == 1) {
                  x.store(3, relaxed);
                }
              },
              [&] {
                if (x.load(acquire) == 3) here.read_plain(&data);
              }});
    return std::string("no race");
  });
}

TEST(model_checker, a_read_modify_write_continues_a_release_sequence_and_a_store_does_not) {
  EXPECT_EQ(release_sequence(true).size(), 1u);
  EXPECT_EQ(release_sequence(false).size(), 2u);
}

TEST(model_checker, exchanges_fail_at_times_and_lose_nothing) {
  int failed = 0;
  const auto results = results_of([&](execution& here) {
    word count{0};
    const auto add = [&] {
      std::uint32_t seen = count.load(relaxed);
      while (!count.compare_exchange_weak(seen, seen + 1, relaxed, relaxed)) ++failed;
    };
    here.run({add, add, add});
    return joined({count.load(relaxed)});
  });
  EXPECT_TRUE(results.contains("3"));
  EXPECT_EQ(results.size(), 1u);
  EXPECT_GT(failed, 100);
}

TEST(model_checker, a_sleep_that_nobody_ends_and_a_poll_for_nothing_are_found) {
  const auto asleep = results_of(
      [](execution& here) {
        word x{0};
        here.run({[&] {
          while (x.load(relaxed) == 0) here.sleep(x.where(), 0, false);
        }});
        return std::string("ended");
      },
      10);
  EXPECT_EQ(asleep.size(), 1u);
  EXPECT_TRUE(asleep.contains("every thread sleeps: a wake-up was lost"));
  const auto polling = results_of(
      [](execution& here) {
        word x{0};
        here.run({[&] {
          while (x.load(relaxed) == 0) rest();
        }});
        return std::string("ended");
      },
      10);
  EXPECT_TRUE(polling.contains("no end: threads poll for what never comes"));
}

TEST(model_checker, a_seed_is_a_replay) {
  const scenario racing{"racing", [](execution& here) {
                          word flag{0};
                          std::uint64_t data = 0;
                          here.run({[&] {
                                      here.write_plain(&data);
                                      flag.store(1, relaxed);
                                    },
                                    [&] {
                                      if (flag.load(relaxed) == 1) here.read_plain(&data);
                                    }});
                        }};
  const exploration first = explore(racing, 1, 1'000);
  ASSERT_TRUE(first.failed);
  const exploration again = explore(racing, first.failed->seed, 1);
  ASSERT_TRUE(again.failed);
  EXPECT_EQ(again.failed->trace, first.failed->trace);
  EXPECT_NE(first.failed->trace.find("thread 2 loads 0x1 from a0, relaxed"), std::string::npos) << first.failed->trace;
}

}  // namespace
}  // namespace millrace::model
