#pragma once

#include <millrace/rules/aggregate.hpp>
#include <millrace/rules/aggregate_cells.hpp>
#include <millrace/rules/frequent_values.hpp>
#include <millrace/rules/window_keys.hpp>
#include <millrace/window/dd_sketch.hpp>
#include <millrace/window/distinct_values.hpp>
#include <millrace/window/hyper_log_log.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace millrace::rules {

/// The arguments of a window's aggregates for one event, in the order of the aggregates; those without a value are
/// none.
struct window_input {
  const expr::value* values = nullptr;
  std::uint32_t key = 0;     ///< its number
  std::uint64_t record = 0;  ///< position of the event in its feed
};

/// All aggregates of a window's `select` side by side in one state; see `window::aggregator`.
///
/// What is no finite number is left out, and counted where the arguments are evaluated. A sum of integers is exact;
/// where it does not fit an i64 or a u64 it has no value. Copies share the sets of distinct values. Threads: one owner.
/// Allocation: in the constructor. Complexity: O(1) an event and aggregate, but see `frequent_values`.
class select_aggregator {
 public:
  using distinct_values = window::distinct_values<stored_value::fingerprint>;
  using input_type = window_input;

  /// `keys` hears of how many states each key has; nothing: nobody. `distinct_max`: values in all sets of `distinct`
  /// together.
  select_aggregator(std::span<const aggregate> of, std::shared_ptr<window_keys> keys, std::uint32_t distinct_max);

  [[nodiscard]] std::size_t state_bytes() const noexcept { return state_bytes_; }
  void begin(std::byte* state) noexcept;
  void add(std::byte* state, const window_input& input, std::int64_t time_ns, std::uint64_t sequence) noexcept;
  void merge(std::byte* into, const std::byte* later) noexcept;
  void end(std::byte* state) noexcept;

  /// The value of each aggregate; text points into the state. Those that are lists have none here.
  void values(const std::byte* state, std::span<expr::value> into) const noexcept;
  /// Calls `f(value)` for each of the list of one aggregate. Requires: it is one of `topk`.
  template <class F>
  void each_of_list(const std::byte* state, std::size_t aggregate, F&& f) const {
    const cell& of = cells_[aggregate];
    frequent_values(of.form, of.most).each_of_top(state + of.offset, of.most, f);
  }
  /// Position of the earliest event in the feed.
  [[nodiscard]] static std::uint64_t first_record(const std::byte* state) noexcept;

  [[nodiscard]] std::uint64_t refused_values() const noexcept { return distinct_ ? distinct_->left_out() : 0; }
  /// Where sets of distinct values stand; null where there are none.
  [[nodiscard]] const distinct_values* distinct() const noexcept { return distinct_.get(); }

 private:
  struct cell {
    aggregate_kind kind;
    bool of_floating;
    bool of_duration;
    bool counts_all;  // `count()`
    std::size_t offset;
    stored_value form;
    double portion;
    std::uint32_t most;
    std::int64_t half_life_ns;
  };

  [[nodiscard]] std::size_t bytes_of(const cell& of) const noexcept;
  void note_key(std::uint32_t& held, std::uint32_t key) noexcept;
  void begin_cell(const cell& of, std::byte* at) noexcept;
  void add_to_cell(const cell& of, std::byte* at, const expr::value& v, std::int64_t time_ns,
                   std::uint64_t sequence) noexcept;
  void merge_cell(const cell& of, std::byte* at, const std::byte* later) noexcept;
  static void take_if_better(const cell& of, std::byte* at, const expr::value& v, const cells::place& from) noexcept;
  [[nodiscard]] static expr::value sum_of(const cell& of, const std::byte* at) noexcept;
  [[nodiscard]] static expr::value average_of(const cell& of, const std::byte* at) noexcept;
  [[nodiscard]] expr::value value_of(const cell& of, const std::byte* at) const noexcept;

  std::vector<cell> cells_;
  std::shared_ptr<window_keys> keys_;
  std::size_t state_bytes_ = 0;
  std::shared_ptr<distinct_values> distinct_;
  window::hyper_log_log cardinality_;  // how sketches are read; they stand in states
  window::dd_sketch quantiles_;
};

}  // namespace millrace::rules
