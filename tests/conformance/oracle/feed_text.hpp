#pragma once

#include "condition.hpp"

#include <string>
#include <vector>

namespace millrace::oracle {

/// The records of an NDJSON feed whose time field `t` counts milliseconds; fields that a record lacks are those of
/// the Flink cases' event. Records that go back in time are late and left out.
struct feed_records {
  std::vector<record> records;
  std::vector<std::int64_t> positions;  ///< of each record in the feed
};
feed_records read_feed(const std::string& ndjson);

}  // namespace millrace::oracle
