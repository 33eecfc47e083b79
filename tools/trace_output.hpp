#pragma once

#include "replay_options.hpp"

#include <cstdio>
#include <memory>
#include <string>

namespace millrace::tools {

/// Where `--trace` goes: a file or standard error, with the names of the columns on top.
/// Threads: lines are written whole by any thread. Errors: `usage_error` where no pattern has such a key, `error` for
/// a file that cannot be written.
class trace_output {
 public:
  trace_output(const replay_arguments& arguments, const std::shared_ptr<const rules::program>& rules,
               replay::replay_options& options);
  ~trace_output();
  trace_output(const trace_output&) = delete;
  trace_output& operator=(const trace_output&) = delete;

  /// All lines are where they belong. Errors: `error` when they are not.
  void close() const;

 private:
  std::string path_;
  std::FILE* file_ = nullptr;  // null: standard error, or nothing
};

}  // namespace millrace::tools
