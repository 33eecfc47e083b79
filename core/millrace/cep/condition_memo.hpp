#pragma once

#include <millrace/cep/answer_table.hpp>
#include <millrace/cep/automaton.hpp>
#include <millrace/cep/run_store.hpp>
#include <millrace/cep/wait_bound.hpp>
#include <millrace/event/event_header.hpp>
#include <millrace/expr/program.hpp>
#include <millrace/expr/wait.hpp>

#include <bit>
#include <concepts>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace millrace::cep {

/// What a condition says of an event before the run's history is looked at.
enum class verdict : std::uint8_t {
  no,
  yes,
  depends,  ///< on what the run has taken: ask `test_history`
};

/// Bit sets over the first 64 conditions of a pattern: what is known of the event in hand.
struct condition_bits {
  std::uint64_t known = 0;    ///< it is known
  std::uint64_t holds = 0;    ///< it holds
  std::uint64_t depends = 0;  ///< that is known, and it depends on what the partial match has taken
};
inline constexpr std::size_t condition_bits_max = 64;

/// A copy that is made word by word, through registers: g++ would read pairs of words, and a processor that has just
/// written them one by one waits until they have arrived in its cache.
[[nodiscard, gnu::always_inline]] inline condition_bits copy_by_word(const condition_bits& of) noexcept {
  condition_bits made = of;
  asm("" : "+r"(made.known), "+r"(made.holds), "+r"(made.depends));
  return made;
}

/// The conditions of one automaton, by number. A typed pattern's are lambdas, a text pattern's are compiled
/// programs; either way calls are direct and inlined where they can be.
///
/// `faulted()` tells, and forgets, how many evaluations ended in overflow or division by zero.
/// Where somebody has found out beforehand what holds for the event in hand, `known_bits()` tells it.
template <class C>
concept condition_set = requires(C& conditions, condition_id id, const event_header& event, expr::history taken) {
  { conditions.test_event(id, event) }
  noexcept->std::same_as<verdict>;
  { conditions.test_history(id, event, taken) }
  noexcept->std::same_as<bool>;
  { conditions.reads_history(id) }
  noexcept->std::same_as<bool>;
  { conditions.faulted() }
  noexcept->std::same_as<std::uint64_t>;
};

/// What is known of a condition before there are events.
struct condition_facts {
  bool can_fault = true;  ///< its evaluation can meet an overflow or a division by zero, which is counted
  wait_kind waits = wait_kind::none;
  condition_id probes_like = 0;  ///< of those that wait: the first that asks the same of an event
};

/// What a condition set knows at once of the event in hand. Inlined, so that it stays in registers.
template <condition_set Conditions>
[[nodiscard, gnu::always_inline]] inline condition_bits known_bits_of(const Conditions& conditions) noexcept {
  if constexpr (requires { conditions.known_bits(); })
    return conditions.known_bits();
  else
    return {};
}

/// Answers whether conditions hold, each asked once: the part about the event alone once an event, the rest once a
/// run.
/// Threads: one owner. Allocation: in the constructor; none a question once the room for histories has grown.
template <condition_set Conditions>
class condition_memo {
 public:
  condition_memo(Conditions conditions, const automaton& of, const run_store& store)
      : conditions_(std::move(conditions)),
        of_(of),
        store_(store),
        known_(of.condition_count),
        known_of_run_(of.condition_count) {
    history_.reserve(256);
    of_path_.reserve(256);
  }

  /// Makes the event that is asked about from now on another one.
  void begin_event() noexcept { begin_event(known_bits_of(conditions_)); }
  /// The same where somebody else has found out so much of it.
  [[gnu::always_inline]] void begin_event(const condition_bits& known) noexcept {
    bits_ = copy_by_word(known);
    if (of_.condition_count > condition_bits_max) known_.forget();
  }

  /// Makes the run that is asked about from now on the one with this path.
  void begin_run(std::uint32_t path) noexcept {
    path_ = path;
    unfolded_ = false;
    if (asked_history_) known_of_run_.forget();
    asked_history_ = false;
  }

  /// Of all conditions. Where a set does not tell, the least is taken for granted.
  [[nodiscard]] std::vector<condition_facts> facts() const {
    std::vector<condition_facts> made(of_.condition_count);
    if constexpr (requires { conditions_.facts(condition_id{}); })
      for (std::size_t id = 0; id < made.size(); ++id) made[id] = conditions_.facts(static_cast<condition_id>(id));
    return made;
  }

  /// Finds out what the event alone tells of some of the first 64 conditions.
  void settle(std::uint64_t which, const event_header& event) noexcept {
    for (std::uint64_t left = which & ~bits_.known; left != 0; left &= left - 1)
      find_out(static_cast<condition_id>(std::countr_zero(left)), left & -left, event);
  }
  [[nodiscard]] const condition_bits& bits() const noexcept { return bits_; }

  /// What the event, and what a path, say of a condition that waits.
  [[nodiscard]] expr::wait_probe probe([[maybe_unused]] condition_id id,
                                       [[maybe_unused]] const event_header& event) noexcept {
    if constexpr (requires { conditions_.probe(id, event); })
      return conditions_.probe(id, event);
    else
      return {};
  }
  /// The same as `bound` of a path that ends with the event, taken at `stage`; nothing where it takes more to know.
  [[nodiscard]] std::optional<std::int64_t> bound_by_last([[maybe_unused]] condition_id id,
                                                          [[maybe_unused]] std::uint16_t stage,
                                                          [[maybe_unused]] const event_header& event) noexcept {
    if constexpr (requires { conditions_.bound_by_last(id, stage, event); })
      return conditions_.bound_by_last(id, stage, event);
    else
      return std::nullopt;
  }
  [[nodiscard]] std::int64_t bound([[maybe_unused]] condition_id id, [[maybe_unused]] std::uint32_t path) noexcept {
    if constexpr (requires { conditions_.bound(id, expr::history{}); })
      return conditions_.bound(id, store_.unfold(path, of_path_));
    else
      return 0;
  }

  bool holds(condition_id id, const event_header& event) noexcept {
    if (id < condition_bits_max) {
      const std::uint64_t bit = std::uint64_t{1} << id;
      if ((bits_.known & bit) == 0) [[unlikely]]
        find_out(id, bit, event);
      if ((bits_.depends & bit) == 0) return (bits_.holds & bit) != 0;
    } else {
      std::uint32_t known = known_[id];
      if (known == unknown) {
        const verdict first = conditions_.test_event(id, event);
        known = first == verdict::no ? is_false : first == verdict::yes ? is_true : asks_history;
        known_.set(id, known);
      }
      if (known != asks_history) return known == is_true;
    }
    std::uint32_t of_run = known_of_run_[id];
    if (of_run == unknown) {
      if (!unfolded_) taken_ = store_.unfold(path_, history_);
      unfolded_ = true;
      asked_history_ = true;
      of_run = conditions_.test_history(id, event, taken_) ? is_true : is_false;
      known_of_run_.set(id, of_run);
    }
    return of_run == is_true;
  }

  bool holds(guard g, const event_header& event) noexcept {
    bool clause = false;
    for (std::uint32_t i = g.begin; i < g.end; ++i) {
      const literal& l = of_.literals[i];
      clause = clause || holds(l.condition, event) != l.negated;
      if (!l.ends_clause) continue;
      if (!clause) return false;
      clause = false;
    }
    return true;
  }

  /// The first clause of a guard that does not hold; empty where all do.
  guard failed_clause(guard g, const event_header& event) noexcept {
    for (std::uint32_t begin = g.begin, i = g.begin; i < g.end; ++i) {
      if (!of_.literals[i].ends_clause) continue;
      if (!holds(guard{begin, i + 1}, event)) return {begin, i + 1};
      begin = i + 1;
    }
    return {};
  }

  [[nodiscard]] std::uint64_t faulted() noexcept { return conditions_.faulted(); }

 private:
  void find_out(condition_id id, std::uint64_t bit, const event_header& event) noexcept {
    const verdict first = conditions_.test_event(id, event);
    bits_.known |= bit;
    if (first == verdict::yes) bits_.holds |= bit;
    if (first == verdict::depends) bits_.depends |= bit;
  }

  enum knowledge : std::uint32_t { unknown, is_false, is_true, asks_history };

  Conditions conditions_;
  const automaton& of_;
  const run_store& store_;
  condition_bits bits_;        // of the event in hand
  answer_table known_;         // the same of conditions beyond them
  answer_table known_of_run_;  // of the event and the run in hand
  std::vector<expr::taken_event> history_;
  std::vector<expr::taken_event> of_path_;  // of another path than that of the run in hand
  expr::history taken_;
  std::uint32_t path_ = null_handle;
  bool unfolded_ = false;
  bool asked_history_ = true;
};

}  // namespace millrace::cep
