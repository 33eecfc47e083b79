#include "trace_output.hpp"

#include "command.hpp"

#include <fmt/format.h>
#include <cerrno>
#include <cstring>
#include <millrace/base/error.hpp>
#include <millrace/replay/traced_key.hpp>
#include <millrace/rules/revision.hpp>
#include <millrace/sink/run_trace.hpp>
#include <string>
#include <vector>

namespace millrace::tools {

trace_output::trace_output(const replay_arguments& arguments, const std::shared_ptr<const rules::program>& rules,
                           replay::replay_options& options)
    : path_(arguments.trace_file) {
  if (!arguments.trace) {
    if (!path_.empty()) throw usage_error("--trace-file: found no --trace, expected the key to tell of");
    return;
  }
  if (arguments.watch) throw usage_error("--trace: found --watch too, expected one of them");
  const auto revision = rules::first_revision(rules);
  std::vector<std::string> with;
  for (const rules::rule_in_force& rule : revision->rules)
    if (replay::traced_key(*revision, rule.group, *arguments.trace)) with.push_back(rule.rule->name);
  if (with.empty())
    throw usage_error("--trace: found '" + *arguments.trace +
                      "', expected a key of a pattern: " + replay::traceable_keys(*revision));
  if (!path_.empty()) {
    file_ = std::fopen(path_.c_str(), "w");
    if (file_ == nullptr) throw usage_error("cannot write '" + path_ + "': " + std::strerror(errno));
  }
  std::FILE* const to = file_ == nullptr ? stderr : file_;
  std::fputs(
      fmt::format("key {} of {}\n{}", *arguments.trace, fmt::join(with, ", "), sink::run_trace::heading(*revision))
          .c_str(),
      to);
  asked_ = true;
  options.trace = replay::trace_request{*arguments.trace, [this, to](std::string_view line) {
                                          told_.store(true, std::memory_order_relaxed);
                                          std::fwrite(line.data(), 1, line.size(), to);
                                        }};
}

trace_output::~trace_output() {
  if (file_ != nullptr) std::fclose(file_);
}

void trace_output::close() {
  if (asked_ && !told_.load(std::memory_order_relaxed))
    std::fputs("no event that these patterns see has this key\n", file_ == nullptr ? stderr : file_);
  if (file_ != nullptr && (std::fflush(file_) != 0 || std::ferror(file_) != 0))
    throw error("cannot write '" + path_ + "'");
}

}  // namespace millrace::tools
