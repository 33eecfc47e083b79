#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

namespace millrace::stream {

/// A step of a flow: called with a record and an `out`, it hands on none, one or more records to `out`.
struct flow_step {};

template <class S>
concept step = std::derived_from<std::remove_cvref_t<S>, flow_step>;

/// Two steps, one behind the other. Steps are values; a flow is one function to the compiler, without a thread, a queue
/// or a virtual call in it.
template <step First, step Second>
struct chained : flow_step {
  First first;
  Second second;

  chained(First f, Second s) : first(std::move(f)), second(std::move(s)) {}

  template <class Record, class Out>
  void operator()(const Record& from, Out&& out) {
    first(from, [&](const auto& between) { second(between, out); });
  }
};

/// An operator with a state of its own as a step of a flow: any with `process(record, out)`, such as a join with a
/// table, a suppression or a filter of a table. Requires: the operator outlives the flow.
template <class Operator>
class through : public flow_step {
 public:
  explicit through(Operator& of) noexcept : of_(&of) {}

  template <class Record, class Out>
  void operator()(const Record& from, Out&& out) {
    of_->process(from, out);
  }

 private:
  Operator* of_;
};

/// `filter(p) | map(f) | peek(g)`.
template <step First, step Second>
auto operator|(First first, Second second) {
  return chained<First, Second>(std::move(first), std::move(second));
}

}  // namespace millrace::stream
