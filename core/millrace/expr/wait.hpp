#pragma once

#include <millrace/expr/program.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace millrace::expr {

struct scope;
struct syntax;

/// What an event says of a `wait`.
struct wait_probe {
  std::int64_t number;
  bool is_exact;  ///< it passes a bound just when the comparisons hold
};

/// Comparisons of a condition between what the event alone tells and what the partial match alone tells, as one
/// comparison of two numbers of 64 bits: `amount > a.amount and amount >= b.amount * 2`, but not `amount > a.amount or
/// ...`. Where the event's number does not pass that of the partial match, the condition does not hold. The number of a
/// partial match stays the same until it takes an event.
///
/// Of an order: the greater passes, `<` and `<=` being turned over; of all bounds the highest counts. Of an equality:
/// the same passes, which texts that hash alike do too. Threads: immutable; evaluation by any thread with its own
/// workspace.
class wait {
 public:
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max() - 1;  ///< bound that nothing passes
  static constexpr std::int64_t nothing = std::numeric_limits<std::int64_t>::min();    ///< probe that passes nothing

  /// Of the terms of a conjunction, those that fit; none, where no term does.
  [[nodiscard]] static std::optional<wait> of(std::span<const syntax* const> terms, const scope& names);

  [[nodiscard]] bool is_equality() const noexcept { return is_equality_; }
  [[nodiscard]] wait_probe probe(const event_header& event, workspace& room) const noexcept;
  [[nodiscard]] std::int64_t bound(history taken, workspace& room) const noexcept;
  /// The number of a partial match is known by the last event alone, where that was taken at `stage`.
  [[nodiscard]] bool is_of_last(std::uint16_t stage) const noexcept { return of_last_ && last_stage_ == stage; }
  /// By its last event. Requires: `is_of_last`.
  [[nodiscard]] std::int64_t bound_by_last(const event_header& last) const noexcept;
  /// Both read the same of an event, and get the same probe.
  [[nodiscard]] bool probes_like(const wait& other) const noexcept;

  void reserve(workspace& room) const;

 private:
  struct limit {
    program taken;
    bool converts;   // an integer, compared as a floating number
    bool is_strict;  // the event's must be beyond it
  };

  [[nodiscard]] std::int64_t bound_by(const limit& of, value v) const noexcept;
  [[nodiscard]] static value value_of(const program& of, history taken, workspace& room) noexcept;
  [[nodiscard]] std::int64_t number_of(const value& v, bool& is_exact) const noexcept;

  program current_;
  value_kind kind_ = value_kind::integer;  // of what is compared
  bool converts_ = false;                  // the event's, from an integer
  bool is_equality_ = false;
  bool turns_over_ = false;
  bool is_all_ = false;    // there are no other terms
  bool is_field_ = false;  // the event's is a field
  bool of_last_ = false;   // all of a partial match's are fields of its last event, where that is of `last_stage_`
  std::uint16_t last_stage_ = 0;
  std::vector<limit> limits_;
};

}  // namespace millrace::expr
