// Runs files of stream cases with the answers of Kafka Streams and Flink and says how many of each pass.

#include "stream_case.hpp"
#include "stream_operators.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstring>
#include <exception>

namespace {

using namespace millrace::conformance;

std::string remark_on(const stream_case& wanted) {
  if (!wanted.fault.empty()) return " " + wanted.fault;
  const stream_operator run = operator_of(wanted.op);
  if (run == nullptr) return " there is no operator '" + wanted.op + "'";
  if (const std::string fault = fault_of(wanted); !fault.empty()) return " " + fault;
  try {
    return difference_of(wanted, run(wanted));
  } catch (const std::exception& e) {
    return std::string(" ") + e.what();
  }
}

/// Whether all cases of the file pass.
bool run_file(const char* path, bool quiet) {
  const std::vector<stream_case> cases = read_stream_cases(path);
  std::size_t passed = 0;
  for (const stream_case& each : cases) {
    const std::string remark = remark_on(each);
    passed += remark.empty();
    if (!quiet && !remark.empty()) fmt::print("FAIL {}:{}\n", each.id, remark);
  }
  fmt::print("{}: {} of {}\n", path, passed, cases.size());
  return passed == cases.size();
}

/// The exit status: 0, 1 or 2, as the usage says.
int run_files(const std::vector<const char*>& files, bool quiet) {
  int status = 0;
  for (const char* path : files) {
    try {
      status = std::max(status, run_file(path, quiet) ? 0 : 1);
    } catch (const std::exception& e) {
      fmt::print(stderr, "{}: {}\n", path, e.what());
      status = 2;
    }
  }
  return status;
}

constexpr const char* usage =
    "usage: streams_conformance [--quiet] FILE...\n"
    "Runs stream cases (JSON lines) and prints N of M for each file, and why each other case does not pass.\n"
    "  --quiet   only the counts\n"
    "Exit status: 0 all pass, 1 some do not, 2 wrong usage, or a file that cannot be read or is empty\n";

int wrong_usage() {
  fmt::print(stderr, "{}", usage);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  bool quiet = false;
  std::vector<const char*> files;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--help") == 0) {
      fmt::print("{}", usage);
      return 0;
    }
    if (std::strcmp(argv[i], "--quiet") == 0)
      quiet = true;
    else if (argv[i][0] == '-')
      return wrong_usage();
    else
      files.push_back(argv[i]);
  }
  if (files.empty()) return wrong_usage();
  return run_files(files, quiet);
}
