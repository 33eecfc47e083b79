#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace millrace::window {

/// What every window operator knows of an aggregate: how to keep it in `state_bytes()` opaque bytes, aligned to eight.
///
/// States are trivially copyable and are moved as bytes; what does not fit stands in pools of the aggregator, and a
/// state holds handles. Each state is begun once and ended once. The operator stores states, the aggregator gives them
/// meaning: so windows written in C++ and those of a rules file run in the same operators.
///
/// - `begin(state)`: the aggregate of no events.
/// - `add(state, input, time_ns, sequence)`: one event more. Events come in any order of `(time_ns, sequence)`; what
///   depends on order (first, last) goes by these two.
/// - `merge(into, later)`: `into` becomes the aggregate of the events of both; `later` stays as it is, and its events
///   came after those of `into` as far as whole slices of time can say so.
/// - `end(state)`: gives back what the state holds in pools. The bytes mean nothing afterwards.
/// - `state_bytes()`: the same at every call.
///
/// Threads: one owner, that of the operator. Allocation: none in these calls: what they need is reserved before.
/// Errors: none of them fails: what finds a pool full, or is no number, is counted by the aggregator.
template <class A>
concept aggregator = requires(A& each, const A& constant, std::byte* state, const std::byte* later,
                              const typename A::input_type& input, std::int64_t time_ns, std::uint64_t sequence) {
  { constant.state_bytes() }
  noexcept->std::same_as<std::size_t>;
  { each.begin(state) }
  noexcept->std::same_as<void>;
  { each.add(state, input, time_ns, sequence) }
  noexcept->std::same_as<void>;
  { each.merge(state, later) }
  noexcept->std::same_as<void>;
  { each.end(state) }
  noexcept->std::same_as<void>;
};

/// One that can take an event out again: `subtract` undoes the `add` of the same arguments.
template <class A>
concept subtracting_aggregator = aggregator<A> &&
    requires(A& each, std::byte* state, const typename A::input_type& input, std::int64_t time_ns,
             std::uint64_t sequence) {
  { each.subtract(state, input, time_ns, sequence) }
  noexcept->std::same_as<void>;
};

/// One whose size is known to the compiler: operators keep its states inside of their own records, one cache line
/// nearer. `inline_state_bytes` equals `state_bytes()`.
template <class A>
concept inline_aggregator = aggregator<A> && requires {
  { A::inline_state_bytes } -> std::convertible_to<std::size_t>;
};

/// One that says how a state is copied: `copy(into, from)` begins `into`, which is not begun, as what `from` is. For
/// the others a copy is begun and merged into; that is the same for any whose merge takes nothing for granted.
template <class A>
concept copying_aggregator = aggregator<A> && requires(A& each, std::byte* state, const std::byte* from) {
  { each.copy(state, from) }
  noexcept->std::same_as<void>;
};

/// One whose aggregate can be nothing though there were events: in Kafka Streams, a window that holds it is not there.
/// What `is_nothing` says of takes leave after its update, and the next event begins its window anew.
template <class A>
concept vanishing_aggregator = aggregator<A> && requires(const A& each, const std::byte* state) {
  { each.is_nothing(state) }
  noexcept->std::same_as<bool>;
};

/// Begins `into` as a copy of `from`.
template <aggregator A>
void copy_state(A& of, std::byte* into, const std::byte* from) noexcept {
  if constexpr (copying_aggregator<A>) {
    of.copy(into, from);
  } else {
    of.begin(into);
    of.merge(into, from);
  }
}

/// Whether a window with this state is not there.
template <aggregator A>
[[nodiscard]] bool is_nothing([[maybe_unused]] const A& of, [[maybe_unused]] const std::byte* state) noexcept {
  if constexpr (vanishing_aggregator<A>)
    return of.is_nothing(state);
  else
    return false;
}

}  // namespace millrace::window
