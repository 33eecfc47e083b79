#pragma once

#include <millrace/cep/matcher.hpp>
#include <millrace/expr/compile.hpp>
#include <millrace/expr/condition_index.hpp>

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

/// What an `expr::condition_index` over the conditions of many patterns says of the event in hand, for one of them.
struct open_conditions {
  const std::uint64_t* bits = nullptr;  ///< none: nothing is known beforehand
  std::size_t first = 0;                ///< bit of the pattern's first condition

  [[nodiscard]] bool test(cep::condition_id id) const noexcept {
    const std::size_t bit = first + id;
    return (bits[bit / 64] >> (bit % 64) & 1) != 0;
  }
};

/// The conditions of a text pattern, as a matcher wants them. Copies share the programs; each has its own
/// working memory.
/// Threads: one owner a copy. Allocation: none an evaluation (`distinct` warms up).
class condition_programs {
 public:
  /// `open`: where to look first; it outlives this. None: every condition is evaluated.
  explicit condition_programs(std::shared_ptr<const std::vector<condition>> conditions,
                              const open_conditions* open = nullptr)
      : conditions_(std::move(conditions)), open_(open) {
    for (const condition& c : *conditions_) {
      is_settled_.push_back(expr::condition_index::covers(c.test.event_part));
      room_.reserve(c.test.event_part.text_slots(), c.test.event_part.text_bytes());
      room_.reserve(c.test.history_part.text_slots(), c.test.history_part.text_bytes());
    }
  }

  [[nodiscard]] cep::verdict test_event(cep::condition_id id, const event_header& event) noexcept {
    const condition& c = (*conditions_)[id];
    if (open_ != nullptr && open_->bits != nullptr) {
      if (!open_->test(id)) return cep::verdict::no;
      if (!is_settled_[id] && !holds(c.test.event_part, event, {})) return cep::verdict::no;
      return c.test.history_part.empty() ? cep::verdict::yes : cep::verdict::depends;
    }
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
  const open_conditions* open_;
  std::vector<std::uint8_t> is_settled_;  // by an open bit, without evaluation
  expr::workspace room_;
  std::uint64_t faults_ = 0;
};

static_assert(cep::condition_set<condition_programs>);

}  // namespace millrace::rules
