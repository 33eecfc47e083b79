#pragma once

#include <millrace/rules/program.hpp>
#include <millrace/rules/select_aggregator.hpp>
#include <millrace/window/aligned_windows.hpp>
#include <millrace/window/count_windows.hpp>
#include <millrace/window/session_windows.hpp>
#include <millrace/window/sliding_windows.hpp>

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <variant>
#include <vector>

namespace millrace::rules {

/// Bounds on the state of one window rule in a shard.
struct window_rule_limits {
  std::uint32_t keys = 1U << 20;
  std::uint32_t windows = 1U << 20;          ///< open ones, or their slices, beside the newest of each key
  std::uint32_t distinct_values = 1U << 20;  ///< over all sets of `distinct`
};

/// What one part of a window rule's state takes.
struct window_state_part {
  const char* what;
  std::size_t bytes_each;
  std::size_t bound;
  std::size_t bytes;  ///< that are reserved
};

/// A window rule in a shard, with all its state: its condition and the arguments of its aggregates are evaluated here,
/// once an event, and an operator of `millrace/window` does the rest.
///
/// Threads: one owner. Allocation: in the constructor. It must stay where it is.
class running_window {
  using aligned = window::aligned_windows<std::uint32_t, select_aggregator>;
  using sliding = window::sliding_windows<std::uint32_t, select_aggregator>;
  using session = window::session_windows<std::uint32_t, select_aggregator>;
  using counted = window::count_windows<std::uint32_t, select_aggregator>;

 public:
  using result = window::window_result<std::uint32_t>;
  using missed = window::left_out_event<std::uint32_t, window_input>;
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

  /// Errors: `millrace::error` where memory is refused.
  running_window(const window_rule& rule, const key_group& by, const window_rule_limits& limits);
  running_window(const running_window&) = delete;
  running_window& operator=(const running_window&) = delete;

  [[nodiscard]] const window_rule& rule() const noexcept { return rule_; }

  /// Whether the rule looks at this event.
  [[nodiscard]] bool wants(const event_header& event) noexcept {
    if (event.type != rule_.on) return false;
    if (rule_.where.empty()) return true;
    const expr::outcome holds = rule_.where.test(&event, {}, where_room_);
    faults_ += holds == expr::outcome::fault ? 1 : 0;
    return holds == expr::outcome::yes;
  }

  /// Takes an event. `out(result)` gets what it changes where the rule emits updates, or what it completes;
  /// `aside(left_out, windows_missed, is_taken)` hears of windows that did not take it. Requires: `wants`.
  template <class Out, class Aside>
  void add(std::span<const std::byte> key, const event_header& event, Out&& out, Aside&& aside) {
    const std::uint32_t number = keys_->number_of(key);
    if (number == null_handle) {
      ++no_key_;
      return aside(window::left_out::no_room, 0, false);
    }
    const window_input input{evaluate(event), number, event.id.low};
    std::visit(
        [&](auto& of) {
          of->add(number, input, event.time_ns, event.sequence, out,
                  [&](const missed& m) { aside(m.reason, m.windows_missed, m.is_taken); });
        },
        operator_);
  }

  /// The next time at which something may be due; `never`: nothing is.
  [[nodiscard]] std::int64_t next_due_ns() const noexcept {
    return std::visit(
        [](const auto& of) {
          if constexpr (requires { of->next_due(); })
            return of->next_due();
          else
            return never;
        },
        operator_);
  }
  /// Brings time forward, and hands on what closes.
  template <class Out>
  void advance_to(std::int64_t now_ns, Out&& out) {
    std::visit(
        [&](auto& of) {
          if constexpr (requires { of->next_due(); }) of->advance_to(now_ns, out);
        },
        operator_);
  }
  /// Hands on what no time closes: windows of counted events that are not full.
  template <class Out>
  void finish(Out&& out) {
    if (auto* const of = std::get_if<std::unique_ptr<counted>>(&operator_)) (*of)->finish(out);
  }

  [[nodiscard]] const select_aggregator& aggregates() const noexcept {
    return std::visit([](const auto& of) -> const select_aggregator& { return std::as_const(*of).aggregate(); },
                      operator_);
  }
  [[nodiscard]] std::span<const std::byte> key_of(std::uint32_t number) const noexcept { return keys_->key_of(number); }
  [[nodiscard]] const window::window_counters& counters() const noexcept {
    return std::visit([](const auto& of) -> const window::window_counters& { return of->counters(); }, operator_);
  }
  /// Overflows and divisions by zero, and numbers that are not finite; each left one value out.
  [[nodiscard]] std::uint64_t faults() const noexcept { return faults_; }
  /// Events that found no room for their key.
  [[nodiscard]] std::uint64_t keys_refused() const noexcept { return no_key_; }
  [[nodiscard]] std::vector<window_state_part> state_parts() const;
  /// What a further open window of a key takes, and what a key takes with its first one, beside a table over which keys
  /// are scattered.
  [[nodiscard]] std::size_t bytes_of_window() const noexcept;
  [[nodiscard]] std::size_t bytes_of_key() const noexcept;
  [[nodiscard]] std::size_t key_table_bytes() const noexcept { return keys_->scattered_bytes(); }

 private:
  [[nodiscard]] const expr::value* evaluate(const event_header& event) noexcept;

  const window_rule& rule_;
  window_rule_limits limits_;
  std::shared_ptr<window_keys> keys_;
  std::variant<std::unique_ptr<aligned>, std::unique_ptr<sliding>, std::unique_ptr<session>, std::unique_ptr<counted>>
      operator_;
  expr::workspace where_room_;
  std::vector<expr::workspace> rooms_;  // each argument's: text that one made stays while the others are evaluated
  std::vector<expr::value> values_;
  std::uint64_t faults_ = 0;
  std::uint64_t no_key_ = 0;
};

}  // namespace millrace::rules
