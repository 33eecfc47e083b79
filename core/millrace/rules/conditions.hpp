#pragma once

#include <millrace/cep/matcher.hpp>
#include <millrace/expr/compile.hpp>
#include <millrace/expr/condition_index.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
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
  /// Of the pattern's first 64 conditions, `count` at most. Requires: `count` is not 0.
  [[nodiscard]] std::uint64_t first_64(std::size_t count) const noexcept {
    const std::size_t word = first / 64;
    const std::size_t shift = first % 64;
    std::uint64_t made = bits[word] >> shift;
    if (shift + count > 64) made |= bits[word + 1] << (64 - shift);
    return made;
  }
};

/// What an open bit says of each of a pattern's first 64 conditions.
struct condition_kinds {
  std::uint64_t all = 0;
  std::uint64_t settled = 0;  ///< it holds
  std::uint64_t depends = 0;  ///< the same, but for what a partial match has taken

  /// What is known where these are open.
  [[nodiscard, gnu::always_inline]] cep::condition_bits bits_of(std::uint64_t open) const noexcept {
    return {all & (~open | settled | depends), open & settled, open & depends};
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
    count_of_bits_ = std::min(conditions_->size(), cep::condition_bits_max);
    for (std::size_t id = 0; id < count_of_bits_; ++id) {
      const condition& c = (*conditions_)[id];
      const std::uint64_t bit = std::uint64_t{1} << id;
      kinds_.all |= bit;
      if (!expr::condition_index::covers(c.test.event_part)) continue;
      (c.test.history_part.empty() ? kinds_.settled : kinds_.depends) |= bit;
    }
    for (const condition& c : *conditions_) {
      is_settled_.push_back(expr::condition_index::covers(c.test.event_part));
      room_.reserve(c.test.event_part.text_slots(), c.test.event_part.text_bytes());
      room_.reserve(c.test.history_part.text_slots(), c.test.history_part.text_bytes());
      if (c.test.waits_for) c.test.waits_for->reserve(room_);
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

  /// What the index says without evaluation. Inlined, so that it stays in registers.
  [[nodiscard, gnu::always_inline]] cep::condition_bits known_bits() const noexcept {
    if (open_ == nullptr || open_->bits == nullptr || kinds_.all == 0) return {};
    return kinds_.bits_of(open_->first_64(count_of_bits_));
  }
  [[nodiscard]] const condition_kinds& kinds() const noexcept { return kinds_; }

  [[nodiscard]] bool test_history(cep::condition_id id, const event_header& event, expr::history taken) noexcept {
    return holds((*conditions_)[id].test.history_part, event, taken);
  }

  [[nodiscard]] cep::condition_facts facts(cep::condition_id id) const noexcept {
    const expr::split_condition& test = (*conditions_)[id].test;
    const auto kind = !test.waits_for                 ? cep::wait_kind::none
                      : test.waits_for->is_equality() ? cep::wait_kind::equality
                                                      : cep::wait_kind::order;
    std::size_t like = 0;
    const auto probes_like = [&](const condition& c) {
      return c.test.waits_for && c.test.waits_for->probes_like(*test.waits_for);
    };
    while (kind != cep::wait_kind::none && like != id && !probes_like((*conditions_)[like])) ++like;
    return {test.can_fault, kind, static_cast<cep::condition_id>(like)};
  }
  /// Requires: the condition waits, and so the following.
  [[nodiscard]] expr::wait_probe probe(cep::condition_id id, const event_header& event) noexcept {
    return (*conditions_)[id].test.waits_for->probe(event, room_);
  }
  [[nodiscard]] std::optional<std::int64_t> bound_by_last(cep::condition_id id, std::uint16_t stage,
                                                          const event_header& event) const noexcept {
    const expr::wait& waits = *(*conditions_)[id].test.waits_for;
    if (!waits.is_of_last(stage)) return std::nullopt;
    return waits.bound_by_last(event);
  }
  [[nodiscard]] std::int64_t bound(cep::condition_id id, expr::history taken) noexcept {
    return (*conditions_)[id].test.waits_for->bound(taken, room_);
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
  std::size_t count_of_bits_ = 0;
  condition_kinds kinds_;
  std::vector<std::uint8_t> is_settled_;  // by an open bit, without evaluation
  expr::workspace room_;
  std::uint64_t faults_ = 0;
};

static_assert(cep::condition_set<condition_programs>);

}  // namespace millrace::rules
