#include <millrace/placement/host_facts.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace millrace {
namespace {

/// A `/proc` and a `/sys` of the test's own.
class host : public ::testing::Test {
 protected:
  host() { std::filesystem::remove_all(root_); }
  ~host() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& text) const {
    const std::filesystem::path file = root_ + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }

  const std::string root_ =
      (std::filesystem::temp_directory_path() /
       ("millrace_host_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name())))
          .string();
};

TEST_F(host, tells_what_the_kernel_does) {
  write("/proc/cpuinfo", "processor\t: 0\nmodel name\t: A Fast One\nflags\t\t: fpu hypervisor sse\n\nprocessor\t: 1\n");
  write("/proc/meminfo", "MemTotal:       16777216 kB\nMemFree: 1 kB\n");
  write("/proc/sys/kernel/osrelease", "6.1.0-13-amd64\n");
  const std::string unit = "/sys/devices/system/cpu/cpu0";
  write(unit + "/cpufreq/scaling_governor", "performance\n");
  write("/sys/devices/system/cpu/isolated", "2-5\n");
  write("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
  write("/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n");
  write(unit + "/cache/index0/level", "1\n");
  write(unit + "/cache/index0/type", "Data\n");
  write(unit + "/cache/index0/size", "32K\n");
  write(unit + "/cache/index0/shared_cpu_list", "0\n");
  write(unit + "/cache/index1/level", "3\n");
  write(unit + "/cache/index1/type", "Unified\n");
  write(unit + "/cache/index1/size", "16M\n");
  write(unit + "/cache/index1/shared_cpu_list", "0-7\n");
  const auto found = host_facts::detect(root_);
  EXPECT_TRUE(found.is_virtual);
  EXPECT_EQ(found.memory_bytes, std::uint64_t{16} << 30);
  EXPECT_EQ(found.caches, (std::vector<host_facts::cache>{{1, "Data", "32K", "0"}, {3, "Unified", "16M", "0-7"}}));
  EXPECT_EQ(found.describe(),
            "A Fast One, virtual, 16.0 GiB memory\n"
            "caches: L1d 32 KiB, L3 16 MiB\n"
            "kernel 6.1.0-13-amd64, frequency governor performance, isolated cpus 2-5, transparent huge pages madvise, "
            "clock source tsc\n");
}

TEST_F(host, that_tells_nothing_is_unknown) {
  EXPECT_EQ(
      host_facts::detect(root_).describe(),
      "unknown processor, not virtual\n"
      "caches: unknown\n"
      "kernel unknown, frequency governor unknown, isolated cpus none, transparent huge pages unknown, clock source "
      "unknown\n");
}

TEST_F(host, a_word_that_only_begins_alike_is_another_one) {
  write("/proc/cpuinfo", "flags : hypervisor_not fpu\nmodel names : wrong\n");
  const auto found = host_facts::detect(root_);
  EXPECT_FALSE(found.is_virtual);
  EXPECT_EQ(found.cpu_model, "");
}

TEST(host_facts, of_this_machine_have_a_kernel_and_memory) {
  const auto here = host_facts::detect();
  EXPECT_FALSE(here.kernel.empty());
  EXPECT_GT(here.memory_bytes, std::uint64_t{64} << 20);
}

}  // namespace
}  // namespace millrace
