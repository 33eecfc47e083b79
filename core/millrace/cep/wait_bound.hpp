#pragma once

#include <cstdint>
#include <limits>

namespace millrace::cep {

/// How a condition of a pattern waits for events, see `expr::wait`.
enum class wait_kind : std::uint8_t { none, order, equality };

/// What a run waits for, as a number: while a node's probe of the event does not pass it, the run stays as it is.
/// Of an order: the probe must be greater; of an equality: the same. See `wake_table`.
using wait_bound = std::int64_t;
inline constexpr wait_bound no_bound = std::numeric_limits<wait_bound>::min() + 1;  ///< every awake node passes it
inline constexpr wait_bound never_passed =
    std::numeric_limits<wait_bound>::max() - 1;  ///< but by an event that asks all

/// What a node's runs are asked by an event: those that pass are looked at, the others wait on as they are.
struct node_probe {
  wait_bound number = never_passed + 1;  ///< to be greater than a run's bound
  bool is_equality = false;              ///< to be the same

  static constexpr wait_bound asleep = std::numeric_limits<wait_bound>::min();
  static constexpr wait_bound asks_all = std::numeric_limits<wait_bound>::max();

  [[nodiscard]] bool passes(wait_bound bound) const noexcept {
    return static_cast<bool>((number > bound) & !is_equality) | static_cast<bool>((number == bound) & is_equality);
  }
};

}  // namespace millrace::cep
