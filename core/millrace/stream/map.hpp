#pragma once

#include <millrace/stream/flow.hpp>
#include <millrace/stream/record.hpp>
#include <optional>
#include <type_traits>
#include <utility>

namespace millrace::stream {

/// Hands on what a function makes of each record.
/// Threads: one owner. Allocation: none.
template <class F>
class map : public flow_step {
 public:
  explicit map(F f) : f_(std::move(f)) {}

  template <class Record, class Out>
  void operator()(const Record& from, Out&& out) {
    out(f_(from));
  }

 private:
  F f_;
};

/// Hands on none, one or more records for each: `f(record, out)` calls `out` as often as it likes.
template <class F>
class flat_map : public flow_step {
 public:
  explicit flat_map(F f) : f_(std::move(f)) {}

  template <class Record, class Out>
  void operator()(const Record& from, Out&& out) {
    f_(from, out);
  }

 private:
  F f_;
};

/// Gives each record the key that a function finds for it: a key, or an optional one. What comes out is routed anew
/// where keys live in different places.
template <class KeyOf>
class rekey : public flow_step {
 public:
  explicit rekey(KeyOf key_of) : key_of_(std::move(key_of)) {}

  template <class Key, class Value, class Out>
  void operator()(const record<Key, Value>& from, Out&& out) {
    using found = std::remove_cvref_t<decltype(key_of_(from))>;
    using optional = decltype(std::optional(std::declval<found>()));
    out(record<typename optional::value_type, Value>{key_of_(from), from.value, from.time_ns});
  }

 private:
  KeyOf key_of_;
};

}  // namespace millrace::stream
