// The `main` of every benchmark program. Unlike Google Benchmark's own it ends with 1 when a benchmark found a wrong
// answer, knows --smoke (see smoke.hpp), and writes compiler and processor into the result's context.
#include "smoke.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace millrace::bench {
namespace {

bool smoke = false;

/// Shows what it is given as Google Benchmark would, and remembers failures.
class watchful_reporter final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& context) override { return shown_->ReportContext(context); }
  void ReportRuns(const std::vector<Run>& runs) override {
    failed_ = failed_ || std::any_of(runs.begin(), runs.end(), [](const Run& run) { return run.error_occurred; });
    shown_->ReportRuns(runs);
  }
  void Finalize() override { shown_->Finalize(); }
  [[nodiscard]] bool failed() const noexcept { return failed_; }

 private:
  std::unique_ptr<benchmark::BenchmarkReporter> shown_{benchmark::CreateDefaultDisplayReporter()};
  bool failed_ = false;
};

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

int run(int count, char** arguments) {
  char** const end = std::remove_if(arguments + 1, arguments + count,
                                    [](const char* each) { return std::strcmp(each, "--smoke") == 0; });
  smoke = end != arguments + count;
  count = static_cast<int>(end - arguments);
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 2;
  benchmark::AddCustomContext("processor", processor());
  benchmark::AddCustomContext("compiler", __VERSION__);
  watchful_reporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  benchmark::Shutdown();
  return reporter.failed() ? 1 : 0;
}

}  // namespace

bool is_smoke() noexcept { return smoke; }

}  // namespace millrace::bench

int main(int count, char** arguments) { return millrace::bench::run(count, arguments); }
