#pragma once

#include <array>
#include <cstdint>
#include <millrace/base/cache_line.hpp>
#include <millrace/ring/std_atomics.hpp>
#include <type_traits>
#include <utility>

namespace millrace::projection {

/// A model that can be rebuilt beside the one that is read, and then takes its place at once: two of them, of which one
/// is live. Nobody waits, and nothing is given back: a reader who is in the old one when it is emptied for the next
/// rebuilding sees that it is no longer the live one, and begins again.
///
///     S1 the number of switches, release   pairs with   R1 acquire: who sees a switch sees what was rebuilt
///     the emptying of the old model        pairs with   R2: who saw any of it sees the switch before it
///
/// Threads: `read`, `try_read` and `switches` belong to all. `live` to who writes the live model; `rebuild` and
/// `switch_over` to who rebuilds, one at a time; while it does, nobody else switches. Progress: `try_read` is wait-free
/// where the model's reading is. Allocation: in the constructor. Memory: that of two models.
template <class Model, class Atomics = std_atomics>
class rebuilt_model {
 public:
  /// Both models are made from the same arguments.
  template <class... Arguments>
  explicit rebuilt_model(const Arguments&... arguments) : models_{Model(arguments...), Model(arguments...)} {}

  /// What `f(const Model&)` returns for the live model. Begins again when another one became live meanwhile, so `f`
  /// must not mind to be called twice.
  template <class F>
  auto read(F&& f) const {
    for (;;) {
      const std::uint64_t before = switches_.load(std::memory_order_acquire);  // R1, pairs with S1
      auto result = f(std::as_const(models_[before % 2]));
      if (switches_.load(std::memory_order_acquire) == before) return result;  // R2
    }
  }

  /// For the writer of live events.
  [[nodiscard]] Model& live() noexcept { return models_[switches_.load(std::memory_order_acquire) % 2]; }

  /// Empties the model that is not live, to be filled.
  [[nodiscard]] Model& rebuild() noexcept {
    Model& other = models_[(switches_.load(std::memory_order_acquire) + 1) % 2];
    other.clear();
    return other;
  }

  /// Makes the rebuilt model the live one. Requires: whoever wrote the live one writes the rebuilt one from here on.
  void switch_over() noexcept {
    switches_.store(switches_.load(std::memory_order_relaxed) + 1, std::memory_order_release);  // S1
  }

  [[nodiscard]] std::uint64_t switches() const noexcept { return switches_.load(std::memory_order_acquire); }

 private:
  std::array<Model, 2> models_;
  alignas(cache_line_bytes) typename Atomics::template atomic<std::uint64_t> switches_{0};
};

}  // namespace millrace::projection
