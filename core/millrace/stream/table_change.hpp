#pragma once

#include <cstdint>
#include <millrace/stream/record.hpp>
#include <optional>

namespace millrace::stream {

/// A value and the event time of the update that it came with.
template <class Value>
struct dated {
  Value value;
  std::int64_t time_ns;
};

/// What an update did to a table's row: none before is an insertion, none after a deletion; none at all a deletion of
/// what was not there.
template <class Key, class Value>
struct table_change {
  Key key;
  std::optional<Value> before;
  std::optional<Value> after;
  std::int64_t time_ns;  ///< of the update
  bool is_latest;        ///< false: the update is older than the row; only a versioned table has a place for it
};

/// Updates that a table dropped, by reason.
struct table_counters {
  std::uint64_t null_key = 0;
  std::uint64_t late = 0;  ///< older than the versions that are kept
  std::uint64_t full = 0;  ///< the table held as many rows or versions as it may

  friend bool operator==(const table_counters&, const table_counters&) = default;
};

}  // namespace millrace::stream
