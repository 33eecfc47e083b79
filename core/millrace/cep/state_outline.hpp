#pragma once

#include <millrace/base/prefetch.hpp>
#include <millrace/cep/chain_store.hpp>
#include <millrace/cep/held_events.hpp>
#include <millrace/cep/matcher_state.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace millrace::cep {

/// Where a matcher keeps what it knows of keys, as far as loading it ahead of time asks for it: a part of a line, where
/// the matcher itself is many. With many matchers these stay in the nearest cache, and the matchers do not.
///
/// It says nothing that must be right: what is loaded in vain costs time and no more.
/// Threads: those of its matcher, which it must not outlive.
struct state_outline {
  const std::byte* states = nullptr;    ///< where the first key's state stands
  std::uint32_t bytes_each = 0;         ///< from one key's to the next one's
  std::uint32_t rings = 0;              ///< of a chain: each key's; 0: nothing is known of what a key has
  chain_store::block_places blocks{};   ///< of the rings
  const held_events* events = nullptr;  ///< of a chain

  static constexpr std::uint32_t elements_max = 4;  ///< of a ring: few have more

  void prefetch(partition_id id) const noexcept { prefetch_line(states + std::size_t{id} * bytes_each); }

  /// Calls `f(element)` with the oldest elements of each ring of a key. Best called when the key's state has come.
  template <class F>
  void each_oldest(partition_id id, F&& f) const noexcept {
    const auto* const levels = reinterpret_cast<const chain_level*>(states + std::size_t{id} * bytes_each);
    for (std::uint32_t i = 0; i < rings; ++i) {
      const chain_level& level = levels[i];
      const std::uint32_t count = std::min(level.size(), elements_max);
      for (std::uint32_t n = 0; n < count; ++n) {
        const std::byte* const found =
            chain_store::place_of(blocks, level, level.head + n, i == 0 ? sizeof(chain_start) : sizeof(chain_element));
        if (found != nullptr) f(*reinterpret_cast<const chain_element*>(found));
      }
    }
  }
};

}  // namespace millrace::cep
