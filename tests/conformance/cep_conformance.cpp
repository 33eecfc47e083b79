// Runs files of pattern cases with Flink CEP's answers and says how many of each pass.

#include "cep_case.hpp"

#include <fmt/format.h>
#include <cstdlib>
#include <cstring>
#include <exception>

namespace {

using namespace millrace::conformance;

struct tally {
  int pass = 0;
  int fail = 0;
  int unsupported = 0;
};

tally run_file(const char* path, std::optional<unsigned> shards, bool quiet) {
  tally counts;
  for (const cep_case& each : read_cases(path)) {
    const case_result result = run_case(each, shards);
    int& count = result.verdict == verdict::pass   ? counts.pass
                 : result.verdict == verdict::fail ? counts.fail
                                                   : counts.unsupported;
    ++count;
    if (!quiet && result.verdict != verdict::pass)
      fmt::print("{} {}:{}\n", result.verdict == verdict::fail ? "FAIL" : "UNSUPPORTED", each.id, result.remark);
  }
  return counts;
}

int usage() {
  fmt::print(stderr,
             "usage: cep_conformance [--shards N] [--quiet] FILE...\n"
             "Runs pattern cases (JSON lines) and prints N of M for each file.\n"
             "Exit status: 0 all pass, 1 some do not, 2 wrong usage or a file that cannot be read\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::optional<unsigned> shards;
  bool quiet = false;
  bool all = true;
  int files = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--quiet") == 0) {
      quiet = true;
    } else if (std::strcmp(argv[i], "--shards") == 0 && i + 1 < argc) {
      shards = static_cast<unsigned>(std::strtoul(argv[++i], nullptr, 10));
      if (*shards < 1 || *shards > 64) return usage();
    } else if (argv[i][0] == '-') {
      return usage();
    } else {
      ++files;
      try {
        const tally counts = run_file(argv[i], shards, quiet);
        fmt::print("{}: {} of {} pass, {} fail, {} unsupported\n", argv[i], counts.pass,
                   counts.pass + counts.fail + counts.unsupported, counts.fail, counts.unsupported);
        all = all && counts.fail + counts.unsupported == 0;
      } catch (const std::exception& e) {
        fmt::print(stderr, "{}: {}\n", argv[i], e.what());
        return 2;
      }
    }
  }
  if (files == 0) return usage();
  return all ? 0 : 1;
}
