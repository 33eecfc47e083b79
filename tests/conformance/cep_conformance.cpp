// Runs files of pattern cases with Flink CEP's answers and says how many of each pass.

#include "cep_case.hpp"

#include <fmt/format.h>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string_view>

namespace {

using namespace millrace::conformance;

struct tally {
  int pass = 0;
  int fail = 0;
  int unsupported = 0;
};

tally run_file(const char* path, const way& how, bool quiet) {
  tally counts;
  for (const cep_case& each : read_cases(path)) {
    const case_result result = run_case(each, how);
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
             "usage: cep_conformance [--shards N] [--class fastest|runs] [--quiet] FILE...\n"
             "Runs pattern cases (JSON lines) and prints N of M for each file.\n"
             "  --shards N             over N shards (1 to 64), each in a thread; without it all in one thread\n"
             "  --class fastest|runs   match by the fastest class that accepts a pattern (the default), or by single\n"
             "                         runs always; the answers are the same\n"
             "  --quiet                only the counts, not each case that does not pass\n"
             "Exit status: 0 all pass, 1 some do not, 2 wrong usage or a file that cannot be read\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  way how;
  bool quiet = false;
  bool all = true;
  int files = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--quiet") == 0) {
      quiet = true;
    } else if (std::strcmp(argv[i], "--shards") == 0 && i + 1 < argc) {
      how.shards = static_cast<unsigned>(std::strtoul(argv[++i], nullptr, 10));
      if (*how.shards < 1 || *how.shards > 64) return usage();
    } else if (std::strcmp(argv[i], "--class") == 0 && i + 1 < argc) {
      const std::string_view name = argv[++i];
      if (name != "fastest" && name != "runs") return usage();
      how.classes = name == "runs" ? millrace::cep::class_choice::runs_only : millrace::cep::class_choice::fastest;
    } else if (argv[i][0] == '-') {
      return usage();
    } else {
      ++files;
      try {
        const tally counts = run_file(argv[i], how, quiet);
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
