#pragma once

#include <millrace/cep/matcher.hpp>
#include <millrace/cep/taken.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace millrace::cep {

/// A condition on the event alone.
template <class F, class T>
concept event_condition = std::predicate<const F&, const T&>;

/// A condition that also reads what the partial match has taken.
template <class F, class T>
concept iterative_condition = !event_condition<F, T> && std::predicate<const F&, const T&, const taken<T>&>;

namespace detail {

/// Stands where a stage has no condition.
struct no_test {};

// The tests below answer twice: `before` with what the event alone says, `with` when that depends.

template <class T, class F>
struct single_test {
  static constexpr bool reads_history = !event_condition<F, T>;

  F condition;

  [[nodiscard]] verdict before(const T& event) const noexcept {
    if constexpr (event_condition<F, T>)
      return condition(event) ? verdict::yes : verdict::no;
    else
      return verdict::depends;
  }
  [[nodiscard]] bool with(const T& event, const taken<T>& so_far) const noexcept {
    if constexpr (event_condition<F, T>)
      return condition(event);
    else
      return condition(event, so_far);
  }
};

template <class T, class A, class B>
struct both_test {
  static constexpr bool reads_history = A::reads_history || B::reads_history;

  A a;
  B b;

  [[nodiscard]] verdict before(const T& event) const noexcept {
    const verdict first = a.before(event);
    if (first == verdict::no) return first;
    const verdict second = b.before(event);
    return second == verdict::yes ? first : second;
  }
  [[nodiscard]] bool with(const T& event, const taken<T>& so_far) const noexcept {
    return a.with(event, so_far) && b.with(event, so_far);
  }
};

template <class T, class A, class B>
struct either_test {
  static constexpr bool reads_history = A::reads_history || B::reads_history;

  A a;
  B b;

  [[nodiscard]] verdict before(const T& event) const noexcept {
    const verdict first = a.before(event);
    if (first == verdict::yes) return first;
    const verdict second = b.before(event);
    return second == verdict::no ? first : second;
  }
  [[nodiscard]] bool with(const T& event, const taken<T>& so_far) const noexcept {
    return a.with(event, so_far) || b.with(event, so_far);
  }
};

template <class T, class F>
constexpr auto test_of(F condition) {
  static_assert(event_condition<F, T> || iterative_condition<F, T>,
                "a condition is called as (const T&) -> bool or as (const T&, const cep::taken<T>&) -> bool, and must "
                "not be mutable: it is asked as often as the matcher likes");
  static_assert(std::copy_constructible<F>, "a condition is copied into every shard");
  return single_test<T, F>{std::move(condition)};
}

template <class T, class A, class F>
constexpr auto test_and(A known, F condition) {
  auto next = test_of<T>(std::move(condition));
  if constexpr (std::is_same_v<A, no_test>)
    return next;
  else
    return both_test<T, A, decltype(next)>{std::move(known), std::move(next)};
}

template <class T, class A, class F>
constexpr auto test_or(A known, F condition) {
  auto next = test_of<T>(std::move(condition));
  return either_test<T, A, decltype(next)>{std::move(known), std::move(next)};
}

}  // namespace detail
}  // namespace millrace::cep
