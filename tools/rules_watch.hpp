#pragma once

#include "file_watch.hpp"

#include <millrace/replay/replay.hpp>
#include <millrace/rules/statements.hpp>

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace millrace::tools {

/// While it lives, a running replay follows its rules file: each version of the file that is right comes into force,
/// and of one that is wrong the place and the reason go to standard error and the rules stay. Patterns are compared by
/// their text: those that are as before keep their state.
///
/// Threads: built and destroyed by one; works in a thread of its own.
class rules_watch {
 public:
  /// `source` is what the replay began with. `quiet`: errors only.
  rules_watch(replay::replay_run& run, const rules::source_text& source, bool quiet);
  /// Says what has come into force; changes that came too late are told as well.
  ~rules_watch();
  rules_watch(const rules_watch&) = delete;
  rules_watch& operator=(const rules_watch&) = delete;

 private:
  /// A change that was asked for, until it is known from which record on it holds.
  struct asked {
    std::string what;
    std::shared_ptr<const change_position> position;
  };

  void follow(const std::stop_token& stop);
  void read_again();
  void adopt(const std::string& text);
  void report();
  void say(const std::string& line) const;

  replay::replay_run& run_;
  std::string path_;
  std::string text_;  // that was looked at last
  rules::statements in_force_;
  bool quiet_;
  std::vector<asked> asked_;
  file_watch watch_;
  std::jthread thread_;
};

}  // namespace millrace::tools
