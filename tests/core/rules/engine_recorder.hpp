#pragma once

#include "rules_text.hpp"

#include <millrace/rules/engine.hpp>

#include <cstdint>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace millrace::rules {

using lines = std::vector<std::string>;

/// Runs events through an engine and writes down what it releases: "rule@at:0,1,2", a timeout with "!", a dead letter
/// as "rule dead 3: the bound".
class recorder {
 public:
  explicit recorder(const std::string& text, const engine_limits& limits = small())
      : rules_(compiled(login_event + text)), engine_(rules_, limits) {}

  static engine_limits small() {
    engine_limits limits;
    limits.matcher = {4'096, 8'192, 1'024, 64};
    limits.events = 4'096;
    return limits;
  }

  lines process(const login& e) {
    return collected([&](const auto& hand_on, const auto& on_dead) { engine_.process(e.header, hand_on, on_dead); });
  }
  lines finish() {
    return collected([&](const auto& hand_on, const auto&) { engine_.finish(hand_on); });
  }
  lines pass_time(std::int64_t ns) {
    login mark = make_login(0, ns, 0);
    mark.header.type = time_mark;
    return process(mark);
  }

  engine& under_test() { return engine_; }
  [[nodiscard]] engine_counters counters() const { return engine_.counters(); }
  [[nodiscard]] const program& rules() const { return *rules_; }

 private:
  template <class F>
  static lines collected(F&& run) {
    lines made;
    run(
        [&](const released_match& m) {
          std::ostringstream line;
          line << m.rule->name << '@' << m.at_ns << (m.timeout ? "!" : "");
          for (const auto& taken : m.taken) line << (&taken == m.taken.data() ? ':' : ',') << taken.event->id.low;
          made.push_back(line.str());
        },
        [&](const dead_event& dead) {
          std::ostringstream line;
          line << dead.rule->name << " dead " << dead.event->id.low << ": " << name_of(dead.met);
          made.push_back(line.str());
        });
    return made;
  }

  std::shared_ptr<const program> rules_;
  engine engine_;
};

}  // namespace millrace::rules
