#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace {

/// What a thread does while it has nothing to do: from least latency to least processor time.
enum class wait_strategy : std::uint8_t {
  busy_spin,  ///< polls with one `pause` in between; needs a core of its own
  yield,      ///< polls, and offers the core to others after a short while
  backoff,    ///< spins, then yields, then sleeps 1 us … 1 ms; wakes late, costs little when idle
  blocking,   ///< parks in the kernel until somebody has work for it; costs nothing when idle
};

inline constexpr std::array wait_strategies{wait_strategy::busy_spin, wait_strategy::yield, wait_strategy::backoff,
                                            wait_strategy::blocking};

/// The name on the command line: "busy-spin", "yield", "backoff" or "blocking".
[[nodiscard]] std::string_view name_of(wait_strategy strategy) noexcept;

/// The strategy of that name.
[[nodiscard]] std::optional<wait_strategy> find_wait_strategy(std::string_view name) noexcept;

/// What to use where the user did not say: `backoff` when every thread can have a core of its own, `blocking`
/// otherwise, because a thread that spins then takes the time of the one that it waits for. `busy_spin` is
/// never the default: it heats a core whether or not there is work.
[[nodiscard]] wait_strategy default_wait_strategy(std::size_t thread_count, std::size_t core_count) noexcept;

}  // namespace millrace
