#include "rules_watch.hpp"

#include "command.hpp"

#include <millrace/rules/compile.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <utility>

namespace millrace::tools {
namespace {

using namespace std::chrono_literals;

std::string listed(const std::vector<std::string>& names) {
  std::string made;
  for (const std::string& name : names) made += (made.empty() ? "" : ", ") + name;
  return made;
}

/// "added x; replaced y; removed z; 3 patterns keep their state"
std::string description(const rules::rules_change& change, const rules::revision& before) {
  std::vector<std::string> added;
  std::vector<std::string> replaced;
  for (const std::string& name : change.put) (before.find(name) == nullptr ? added : replaced).push_back(name);
  std::string made;
  const auto part = [&](const std::string& text) { made += (made.empty() ? "" : "; ") + text; };
  if (!added.empty()) part("added " + listed(added));
  if (!replaced.empty()) part("replaced " + listed(replaced));
  if (!change.remove.empty()) part("removed " + listed(change.remove));
  const std::size_t kept = before.rules.size() - replaced.size() - change.remove.size();
  if (kept != 0) part(kept == 1 ? "1 pattern keeps its state" : std::to_string(kept) + " patterns keep their state");
  return made;
}

}  // namespace

rules_watch::rules_watch(replay::replay_run& run, const rules::source_text& source, bool quiet)
    : run_(run),
      path_(source.name),
      text_(source.text),
      in_force_(rules::read_statements(source)),
      quiet_(quiet),
      watch_(source.name),
      thread_([this](const std::stop_token& stop) { follow(stop); }) {}

rules_watch::~rules_watch() {
  thread_.request_stop();
  thread_.join();
  report();
  for (const asked& late : asked_) say(path_ + ": the feed ended before this could come into force: " + late.what);
}

void rules_watch::follow(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (watch_.wait(asked_.empty() ? 100ms : 10ms)) read_again();
    report();
  }
}

/// Nothing that happens to the file ends the run.
void rules_watch::read_again() {
  try {
    std::string text = read_text(path_);
    if (text == text_) return;
    text_ = std::move(text);
    adopt(text_);
  } catch (const rules::rules_error& e) {
    std::fprintf(stderr, "%s\nmillrace: %s: the rules that run stay in force\n", e.what(), path_.c_str());
  } catch (const std::exception& e) {
    std::fprintf(stderr, "millrace: %s: %s\nmillrace: %s: the rules that run stay in force\n", path_.c_str(), e.what(),
                 path_.c_str());
  }
}

void rules_watch::adopt(const std::string& text) {
  const rules::source_text source{path_, text};
  auto compiled = std::make_shared<const rules::program>(rules::compile(source));
  auto wanted = rules::read_statements(source);
  const rules::rules_change change = rules::change_between(in_force_, wanted, std::move(compiled));
  if (change.put.empty() && change.remove.empty()) {
    in_force_ = std::move(wanted);
    return say(path_ + ": no pattern has changed");
  }
  const auto before = run_.in_force();
  asked_.push_back({description(change, *before), run_.change(change)});
  in_force_ = std::move(wanted);
}

void rules_watch::report() {
  std::erase_if(asked_, [&](const asked& each) {
    const auto record = each.position->value();
    if (record) say(path_ + ": from record " + std::to_string(*record) + " on: " + each.what);
    return record.has_value();
  });
}

void rules_watch::say(const std::string& line) const {
  if (!quiet_) std::fprintf(stderr, "millrace: %s\n", line.c_str());
}

}  // namespace millrace::tools
