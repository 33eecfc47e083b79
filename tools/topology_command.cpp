// millrace topology.

#include "command.hpp"
#include "placement_option.hpp"

#include <millrace/placement/host_facts.hpp>
#include <millrace/placement/machine.hpp>
#include <millrace/topology/thread_plan.hpp>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

namespace millrace::tools {
namespace {

struct topology_arguments {
  unsigned shards = 1;
  std::string place = placement::one_core_each().to_string();
};

std::string place_text(const std::optional<cpu>& where) {
  if (!where) return "wherever the operating system puts it";
  return fmt::format("cpu {} (core {}, L3 {}, NUMA node {})", where->os_index, where->core, where->l3,
                     where->numa_node);
}

int print_topology(const topology_arguments& arguments) {
  const placement wanted = to_placement(arguments.place);
  const machine here = machine::detect();
  fmt::print("{}{}", host_facts::detect().describe(), here.describe());
  executor_options options;
  options.where = wanted;
  const detail::thread_plan plan = detail::plan_threads(options, arguments.shards, here);
  fmt::print("\n{} threads, placed {}, waiting by {}:\n", arguments.shards + 2, wanted.to_string(), name_of(plan.wait));
  fmt::print("  {:<10} {}\n", "source", place_text(plan.source()));
  for (std::size_t i = 0; i < arguments.shards; ++i)
    fmt::print("  {:<10} {}\n", fmt::format("shard {}", i), place_text(plan.shard(i)));
  fmt::print("  {:<10} {}\n", "egress", place_text(plan.egress()));
  for (const std::string& warning : plan.places.warnings) fmt::print("warning: {}\n", warning);
  return std::fflush(stdout) == 0 ? done : failed;
}

}  // namespace

void add_topology_command(CLI::App& app, int& status) {
  const auto arguments = std::make_shared<topology_arguments>();
  CLI::App* const command = app.add_subcommand(
      "topology", "Show the machine as the process may use it, and where each thread of a pipeline would go");
  command->add_option("--shards", arguments->shards, "Shards of the pipeline, beside a source and egress")
      ->check(CLI::Range(1U, 256U))
      ->type_name("N")
      ->capture_default_str();
  add_placement_option(*command, arguments->place)->capture_default_str();
  command->callback([arguments, &status] {
    status = guarded([](const void* given) { return print_topology(*static_cast<const topology_arguments*>(given)); },
                     arguments.get());
  });
}

}  // namespace millrace::tools
