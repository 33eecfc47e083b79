#include <millrace/stage/wait_strategy.hpp>

namespace millrace {

std::string_view name_of(wait_strategy strategy) noexcept {
  switch (strategy) {
    case wait_strategy::busy_spin: return "busy-spin";
    case wait_strategy::yield: return "yield";
    case wait_strategy::backoff: return "backoff";
    case wait_strategy::blocking: return "blocking";
  }
  return "?";
}

std::optional<wait_strategy> find_wait_strategy(std::string_view name) noexcept {
  for (const wait_strategy strategy : wait_strategies) {
    if (name_of(strategy) == name) return strategy;
  }
  return std::nullopt;
}

wait_strategy default_wait_strategy(std::size_t thread_count, std::size_t core_count) noexcept {
  return thread_count <= core_count ? wait_strategy::backoff : wait_strategy::blocking;
}

}  // namespace millrace
