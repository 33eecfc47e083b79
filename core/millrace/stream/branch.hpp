#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <millrace/stream/flow.hpp>
#include <tuple>
#include <utility>

namespace millrace::stream {

/// A way that a record may take: a predicate, and a step for what goes this way.
template <class Predicate, step Step>
struct way {
  Predicate predicate;
  Step step;
};

/// Hands a record on as it is.
struct as_it_is : flow_step {
  template <class Record, class Out>
  void operator()(const Record& from, Out&& out) const {
    out(from);
  }
};

template <class Predicate, step Step = as_it_is>
auto when(Predicate predicate, Step step = {}) {
  return way<Predicate, Step>{std::move(predicate), std::move(step)};
}
template <step Step = as_it_is>
auto otherwise(Step step = {}) {
  return when([](const auto&) { return true; }, std::move(step));
}

/// Sends each record the first way whose predicate holds, and counts how many went each way; those that none takes are
/// dropped, and counted. All ways come together in one `out`, which hears records in the order in which they came; ways
/// that shall end elsewhere do so in their own steps.
/// Threads: one owner. Allocation: none. Complexity: linear in the ways.
template <class... Ways>
class branch : public flow_step {
 public:
  explicit branch(Ways... ways) : ways_(std::move(ways)...) {}

  template <class Record, class Out>
  void operator()(const Record& from, Out&& out) {
    send<0>(from, out);
  }

  /// How many records went this way.
  [[nodiscard]] std::uint64_t taken(std::size_t way) const noexcept { return taken_[way]; }
  [[nodiscard]] std::uint64_t dropped() const noexcept { return taken_[sizeof...(Ways)]; }

 private:
  template <std::size_t i, class Record, class Out>
  void send(const Record& from, Out& out) {
    if constexpr (i == sizeof...(Ways)) {
      ++taken_[i];
    } else {
      auto& each = std::get<i>(ways_);
      if (!each.predicate(from)) return send<i + 1>(from, out);
      ++taken_[i];
      each.step(from, out);
    }
  }

  std::tuple<Ways...> ways_;
  std::array<std::uint64_t, sizeof...(Ways) + 1> taken_{};
};

/// Where several streams become one: hands on the records of all inputs in the order in which they come, and counts
/// each input's. Requires: inputs have the same type of record, or `out` takes all.
template <std::size_t inputs>
class merge {
 public:
  template <class Record, class Out>
  void process(std::size_t input, const Record& from, Out&& out) {
    ++taken_[input];
    out(from);
  }

  [[nodiscard]] std::uint64_t taken(std::size_t input) const noexcept { return taken_[input]; }

 private:
  std::array<std::uint64_t, inputs> taken_{};
};

}  // namespace millrace::stream
