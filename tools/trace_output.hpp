#pragma once

#include "replay_options.hpp"

#include <atomic>
#include <cstdio>
#include <memory>
#include <string>

namespace millrace::tools {

/// Where `--trace` goes: a file or standard error, with the patterns that have the key and the names of the columns on
/// top.
/// Threads: lines are written whole by any thread. Errors: `usage_error` where no pattern has such a key, or the file
/// cannot be opened.
class trace_output {
 public:
  trace_output(const replay_arguments& arguments, const std::shared_ptr<const rules::program>& rules,
               replay::replay_options& options);
  ~trace_output();
  trace_output(const trace_output&) = delete;
  trace_output& operator=(const trace_output&) = delete;

  /// Says so where there was nothing to tell. All lines are where they belong. Errors: `error` when they are not.
  void close();

 private:
  std::string path_;
  std::FILE* file_ = nullptr;  // null: standard error, or nothing
  bool asked_ = false;
  std::atomic<bool> told_{false};
};

}  // namespace millrace::tools
