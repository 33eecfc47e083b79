#pragma once

#include <cstdint>
#include <millrace/stream/record.hpp>
#include <utility>

namespace millrace::stream {

/// Keeps a table's rows that fit a predicate, as Kafka Streams does: an update whose value fits passes, any other one
/// becomes a deletion, for the row may have fitted before. It keeps nothing, hence deletes what was not there, too.
/// Threads: one owner. Allocation: none. Complexity: that of the predicate, `bool(const Key&, const Value&)`.
template <class Key, class Value, class Predicate>
class table_filter {
 public:
  explicit table_filter(Predicate predicate) : predicate_(std::move(predicate)) {}

  template <class Out>
  void process(const record<Key, Value>& from, Out&& out) {
    if (!from.key)
      ++null_key_;
    else if (from.value && predicate_(*from.key, *from.value))
      out(from);
    else
      out(record<Key, Value>{from.key, std::nullopt, from.time_ns});
  }

  /// Updates without a key, which were dropped.
  [[nodiscard]] std::uint64_t null_key() const noexcept { return null_key_; }

 private:
  Predicate predicate_;
  std::uint64_t null_key_ = 0;
};

}  // namespace millrace::stream
