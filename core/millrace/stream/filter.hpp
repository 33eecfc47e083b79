#pragma once

#include <cstdint>
#include <millrace/stream/flow.hpp>
#include <utility>

namespace millrace::stream {

/// Hands on the records for which the predicate holds, and counts the others.
/// Threads: one owner. Allocation: none.
template <class Predicate>
class filter : public flow_step {
 public:
  explicit filter(Predicate predicate) : predicate_(std::move(predicate)) {}

  template <class Record, class Out>
  void operator()(const Record& from, Out&& out) {
    if (predicate_(from))
      out(from);
    else
      ++dropped_;
  }

  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

 private:
  Predicate predicate_;
  std::uint64_t dropped_ = 0;
};

/// Shows each record to a function and hands it on.
template <class Look>
class peek : public flow_step {
 public:
  explicit peek(Look look) : look_(std::move(look)) {}

  template <class Record, class Out>
  void operator()(const Record& from, Out&& out) {
    look_(from);
    out(from);
  }

 private:
  Look look_;
};

}  // namespace millrace::stream
