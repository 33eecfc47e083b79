#include <millrace/placement/machine.hpp>
#include <millrace/placement/pinning.hpp>
#include <millrace/placement/placement.hpp>

#include <gtest/gtest.h>
#include <sched.h>

#include <cstdlib>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace millrace {
namespace {

/// `caches` last-level caches of `cores` cores of `siblings` units each, numbered as Linux does: all first
/// siblings before all second ones.
machine regular_machine(unsigned caches, unsigned cores, unsigned siblings) {
  std::vector<cpu> cpus;
  for (unsigned sibling = 0; sibling < siblings; ++sibling) {
    for (unsigned core = 0; core < caches * cores; ++core) {
      cpus.push_back({.os_index = sibling * caches * cores + core, .core = core, .l3 = core / cores});
    }
  }
  return machine(cpus);
}

std::set<unsigned> caches_of(const placement_plan& plan) {
  std::set<unsigned> caches;
  for (const auto& where : plan.cpus) caches.insert(where.value().l3);
  return caches;
}

TEST(machine, detects_at_least_one_unit_that_the_process_may_use) {
  const machine here = machine::detect();
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  ASSERT_EQ(sched_getaffinity(0, sizeof allowed, &allowed), 0);
  ASSERT_EQ(here.cpus().size(), static_cast<std::size_t>(CPU_COUNT(&allowed)));
  for (const cpu& unit : here.cpus()) EXPECT_TRUE(CPU_ISSET(unit.os_index, &allowed)) << unit.os_index;
}

TEST(machine, leaves_out_units_that_the_affinity_mask_forbids) {
  const auto child = [] {
    const cpu last = machine::detect().cpus().back();
    const bool pinned = static_cast<bool>(pin_this_thread(last));
    const machine narrowed = machine::detect();
    std::exit(pinned && narrowed.cpus().size() == 1 && narrowed.cpus()[0].os_index == last.os_index ? 0 : 1);
  };
  EXPECT_EXIT(child(), testing::ExitedWithCode(0), "");
}

TEST(machine, counts_siblings_as_one_core) {
  const machine smt = regular_machine(2, 4, 2);
  EXPECT_EQ(smt.cpus().size(), 16U);
  EXPECT_EQ(smt.core_count(), 8U);
  EXPECT_EQ(smt.l3_count(), 2U);
  EXPECT_EQ(smt.cpus()[0].smt_rank, 0U);
  EXPECT_EQ(smt.cpus()[8].smt_rank, 1U);
}

TEST(machine, describes_itself) {
  EXPECT_EQ(regular_machine(2, 2, 2).describe(),
            "8 cpus on 4 cores, 2 L3 caches, 1 NUMA node\n  L3 0: 0+4 1+5\n  L3 1: 2+6 3+7\n");
}

TEST(placement, none_pins_nothing_and_warns_of_nothing) {
  const auto plan = placement::none().plan(100, regular_machine(1, 1, 1));
  EXPECT_EQ(plan.cpus, std::vector<std::optional<cpu>>(100));
  EXPECT_TRUE(plan.warnings.empty());
}

TEST(placement, one_core_each_skips_siblings) {
  const auto plan = placement::one_core_each().plan(8, regular_machine(2, 4, 2));
  std::set<unsigned> cores;
  for (const auto& where : plan.cpus) {
    cores.insert(where.value().core);
    EXPECT_EQ(where->smt_rank, 0U);
  }
  EXPECT_EQ(cores.size(), 8U);
}

TEST(placement, one_core_each_stays_under_one_cache_when_it_fits) {
  for (std::size_t threads = 1; threads <= 4; ++threads) {
    EXPECT_EQ(caches_of(placement::one_core_each().plan(threads, regular_machine(3, 4, 1))).size(), 1U) << threads;
  }
  EXPECT_EQ(caches_of(placement::one_core_each().plan(5, regular_machine(3, 4, 1))).size(), 2U);
}

TEST(placement, one_core_each_takes_the_smallest_cache_that_fits) {
  const machine uneven({{.os_index = 0, .core = 0, .l3 = 0},
                        {.os_index = 1, .core = 1, .l3 = 1},
                        {.os_index = 2, .core = 2, .l3 = 1},
                        {.os_index = 3, .core = 3, .l3 = 2},
                        {.os_index = 4, .core = 4, .l3 = 2},
                        {.os_index = 5, .core = 5, .l3 = 2}});
  EXPECT_EQ(caches_of(placement::one_core_each().plan(1, uneven)), std::set<unsigned>{0});
  EXPECT_EQ(caches_of(placement::one_core_each().plan(2, uneven)), std::set<unsigned>{1});
  EXPECT_EQ(caches_of(placement::one_core_each().plan(3, uneven)), std::set<unsigned>{2});
  EXPECT_EQ(caches_of(placement::one_core_each().plan(4, uneven)), (std::set<unsigned>{1, 2}));
}

TEST(placement, one_core_each_pins_nothing_when_cores_are_too_few) {
  EXPECT_TRUE(placement::one_core_each().plan(8, regular_machine(2, 4, 2)).warnings.empty());
  const auto plan = placement::one_core_each().plan(9, regular_machine(2, 4, 2));
  EXPECT_EQ(plan.cpus, std::vector<std::optional<cpu>>(9));
  ASSERT_EQ(plan.warnings.size(), 1U);
  EXPECT_EQ(plan.warnings[0], "9 threads, but 8 cores to run on: threads are not pinned");
}

std::vector<unsigned> units_of(const placement_plan& plan) {
  std::vector<unsigned> units;
  for (const auto& where : plan.cpus) units.push_back(where.value().os_index);
  return units;
}

std::string only_warning(const placement_plan& plan) {
  EXPECT_EQ(plan.warnings.size(), 1U);
  for (const auto& where : plan.cpus) EXPECT_FALSE(where.has_value());
  return plan.warnings.empty() ? std::string() : plan.warnings.front();
}

TEST(placement, same_l3_pins_under_one_cache_or_not_at_all) {
  const auto wanted = placement::one_core_each().same_l3();
  EXPECT_EQ(caches_of(wanted.plan(4, regular_machine(2, 4, 2))).size(), 1U);
  EXPECT_EQ(only_warning(wanted.plan(5, regular_machine(2, 4, 2))),
            "5 threads, but no L3 cache with more than 4 cores: threads are not pinned");
}

TEST(placement, core_0_is_left_with_its_siblings) {
  const auto wanted = placement::one_core_each().leave_core_0();
  EXPECT_EQ(units_of(wanted.plan(3, regular_machine(1, 4, 2))), (std::vector<unsigned>{1, 2, 3}));
  EXPECT_EQ(units_of(wanted.use_smt_siblings().plan(6, regular_machine(1, 4, 2))),
            (std::vector<unsigned>{1, 2, 3, 5, 6, 7}));
  EXPECT_EQ(only_warning(wanted.plan(4, regular_machine(1, 4, 2))),
            "4 threads, but 3 cores beside core 0 to run on: threads are not pinned");
  EXPECT_EQ(only_warning(wanted.plan(1, regular_machine(1, 1, 2))),
            "1 thread, but 0 cores beside core 0 to run on: threads are not pinned");
}

TEST(placement, core_0_that_is_not_the_processs_is_not_missed) {
  const machine others({{.os_index = 4, .core = 0}, {.os_index = 5, .core = 1}});
  EXPECT_EQ(units_of(placement::one_core_each().leave_core_0().plan(2, others)), (std::vector<unsigned>{4, 5}));
}

TEST(placement, a_core_has_one_thread_before_any_has_two) {
  const auto wanted = placement::one_core_each().use_smt_siblings();
  EXPECT_EQ(units_of(wanted.plan(3, regular_machine(1, 2, 2))), (std::vector<unsigned>{0, 1, 2}));
  EXPECT_EQ(units_of(wanted.plan(4, regular_machine(1, 2, 2))), (std::vector<unsigned>{0, 1, 2, 3}));
  // 0 1 | 2 3, siblings 4 5 | 6 7: more than one cache holds.
  EXPECT_EQ(units_of(wanted.plan(5, regular_machine(2, 2, 2))), (std::vector<unsigned>{0, 1, 2, 3, 4}));
  EXPECT_EQ(only_warning(wanted.plan(5, regular_machine(1, 2, 2))),
            "5 threads, but 4 cpus to run on: threads are not pinned");
}

TEST(placement, is_named_as_it_is_found_by_name) {
  std::set<std::string> names{placement::none().to_string()};
  for (unsigned wishes = 0; wishes < 8; ++wishes) {
    placement wanted = placement::one_core_each();
    if ((wishes & 1) != 0) wanted = wanted.same_l3();
    if ((wishes & 2) != 0) wanted = wanted.leave_core_0();
    if ((wishes & 4) != 0) wanted = wanted.use_smt_siblings();
    EXPECT_EQ(find_placement(wanted.to_string()), wanted) << wanted.to_string();
    names.insert(wanted.to_string());
  }
  EXPECT_EQ(names.size(), 9U);
  EXPECT_EQ(find_placement("none"), placement::none());
  EXPECT_EQ(find_placement("one-core-each,use-smt-siblings,same-l3"),
            placement::one_core_each().same_l3().use_smt_siblings());
  for (const char* const wrong : {"", "None", "none,same-l3", "one-core-each,", "one-core-each,,same-l3",
                                  "one-core-each,same", "one-core-eachsame-l3", "same-l3"})
    EXPECT_EQ(find_placement(wrong), std::nullopt) << wrong;
}

TEST(pinning, refusal_is_a_text_and_no_error) {
  const pin_result refused = pin_this_thread({.os_index = 8191});
  EXPECT_FALSE(refused);
  EXPECT_NE(refused.why_not.find("8191"), std::string::npos);
  EXPECT_FALSE(pin_this_thread({.os_index = 8192}));
}

TEST(pinning, guard_gives_the_affinity_back) {
  cpu_set_t before;
  cpu_set_t after;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  {
    const affinity_guard guard;
    EXPECT_TRUE(pin_this_thread(machine::detect().cpus().back()));
    ASSERT_EQ(sched_getaffinity(0, sizeof after, &after), 0);
    EXPECT_EQ(CPU_COUNT(&after), 1);
  }
  ASSERT_EQ(sched_getaffinity(0, sizeof after, &after), 0);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

}  // namespace
}  // namespace millrace
