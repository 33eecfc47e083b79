#pragma once

#include <millrace/cep/matcher.hpp>
#include <millrace/expr/compile.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace millrace::rules {

/// A stage's condition: the types that fit it, and a conjunction in two parts.
struct condition {
  std::string text;                         ///< as it was written, for people
  std::uint64_t types = ~std::uint64_t{0};  ///< bit set of event types
  expr::split_condition test;
};

/// The conditions of a text pattern, as a matcher wants them. Copies share the programs; each has its own
/// working memory.
/// Threads: one owner a copy. Allocation: none an evaluation (`distinct` warms up).
class condition_programs {
 public:
  explicit condition_programs(std::shared_ptr<const std::vector<condition>> conditions)
      : conditions_(std::move(conditions)) {
    for (const condition& c : *conditions_) {
      room_.reserve(c.test.event_part.text_slots(), c.test.event_part.text_bytes());
      room_.reserve(c.test.history_part.text_slots(), c.test.history_part.text_bytes());
    }
  }

  [[nodiscard]] cep::verdict test_event(cep::condition_id id, const event_header& event) noexcept {
    const condition& c = (*conditions_)[id];
    if ((c.types >> event.type & 1) == 0) return cep::verdict::no;
    if (!c.test.event_part.empty() && !holds(c.test.event_part, event, {})) return cep::verdict::no;
    return c.test.history_part.empty() ? cep::verdict::yes : cep::verdict::depends;
  }

  [[nodiscard]] bool test_history(cep::condition_id id, const event_header& event, expr::history taken) noexcept {
    return holds((*conditions_)[id].test.history_part, event, taken);
  }

  [[nodiscard]] bool reads_history(cep::condition_id id) const noexcept {
    return !(*conditions_)[id].test.history_part.empty();
  }

  [[nodiscard]] std::uint64_t faulted() noexcept { return std::exchange(faults_, 0); }

 private:
  bool holds(const expr::program& program, const event_header& event, expr::history taken) noexcept {
    const expr::outcome outcome = program.test(&event, taken, room_);
    faults_ += outcome == expr::outcome::fault ? 1 : 0;
    return outcome == expr::outcome::yes;
  }

  std::shared_ptr<const std::vector<condition>> conditions_;
  expr::workspace room_;
  std::uint64_t faults_ = 0;
};

static_assert(cep::condition_set<condition_programs>);

}  // namespace millrace::rules
