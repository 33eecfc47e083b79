#pragma once

#include <millrace/cep/automaton.hpp>
#include <millrace/cep/matcher.hpp>
#include <millrace/cep/taken.hpp>

#include <cstdint>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace millrace::cep {

/// The conditions of a pattern that was built in C++, by number and kept by type, so that a matcher's calls are
/// inlined down to the lambdas. Those on the event alone are settled once an event.
///
/// Threads: one owner a copy. Allocation: none an evaluation. Errors: a lambda that throws ends the program.
template <event_data T, class... Tests>
class typed_conditions {
 public:
  typed_conditions(std::shared_ptr<const automaton> compiled, std::tuple<Tests...> tests)
      : automaton_(std::move(compiled)), tests_(std::move(tests)) {}

  [[nodiscard]] verdict test_event(condition_id id, const event_header& event) const noexcept {
    const T& data = data_as<T>(event);
    return ask<verdict>(
        id, [&](const auto& test) { return test.before(data); }, every_test{});
  }

  [[nodiscard]] bool test_history(condition_id id, const event_header& event, expr::history so_far) const noexcept {
    const T& data = data_as<T>(event);
    const taken<T> view(so_far, automaton_->stages);
    return ask<bool>(
        id, [&](const auto& test) { return test.with(data, view); }, every_test{});
  }

  /// Whether the condition reads what the partial match has taken.
  [[nodiscard]] bool reads_history(condition_id id) const noexcept {
    return ask<bool>(
        id, [](const auto& test) { return std::remove_cvref_t<decltype(test)>::reads_history; }, every_test{});
  }

  /// Nothing in C++ counts as a fault, and nobody can look into it.
  [[nodiscard]] condition_facts facts(condition_id /*id*/) const noexcept { return {false, wait_kind::none}; }
  [[nodiscard]] std::uint64_t faulted() const noexcept { return 0; }

 private:
  using every_test = std::index_sequence_for<Tests...>;

  template <class Answer, class Ask, std::size_t... Index>
  Answer ask([[maybe_unused]] condition_id id, [[maybe_unused]] Ask&& ask_one,
             std::index_sequence<Index...>) const noexcept {
    Answer answer{};
    static_cast<void>(((id == Index && (answer = ask_one(std::get<Index>(tests_)), true)) || ...));
    return answer;
  }

  std::shared_ptr<const automaton> automaton_;
  std::tuple<Tests...> tests_;
};

/// A pattern ready for matchers: any number of them share the automaton, each with its own conditions.
template <event_data T, class... Tests>
struct compiled_pattern {
  using data_type = T;
  using conditions_type = typed_conditions<T, Tests...>;
  static_assert(condition_set<conditions_type>);

  std::shared_ptr<const cep::automaton> automaton;
  conditions_type conditions;
};

}  // namespace millrace::cep
