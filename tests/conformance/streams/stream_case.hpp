#pragma once

#include "stream_spec.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace millrace::conformance {

using maybe_text = std::optional<std::string>;

/// What goes in: a record, or word of how far time is.
struct stream_item {
  enum class kind { record, watermark, processing_time };

  stream_item::kind what = kind::record;
  std::string in;  ///< a record's side: `in`, `left` or `right`
  maybe_text k;
  maybe_text v;
  std::int64_t t = 0;  ///< event time; or what time it is now
};

/// What comes out. Where `is_late`, it says only that the item `i` went to the late side output.
struct stream_output {
  std::optional<std::int64_t> i;  ///< the item that caused it
  maybe_text k;
  maybe_text v;  ///< none: a tombstone
  std::int64_t t = 0;
  std::optional<std::int64_t> ws;  ///< start and end of a windowed key
  std::optional<std::int64_t> we;
  bool is_late = false;
};

enum class match_by { ordered_i, ordered, set_i, set, final_by_key };

/// One case with the answer of Kafka Streams or Flink.
struct stream_case {
  std::string fault;  ///< why its line is no case; empty where it is one
  std::string id;
  std::string op;
  stream_spec spec;
  std::vector<stream_item> input;
  std::vector<stream_output> expected;
  match_by match = match_by::ordered_i;
  std::optional<std::set<std::int64_t>> late;  ///< indices of the items that are late
  std::optional<std::map<std::string, std::string>> relational_final;
};

/// One case for each line that is not empty. A line that is no case, such as one that was cut off, is one with a fault,
/// named by its number. Errors: `std::exception` when the file cannot be read, or has no line.
std::vector<stream_case> read_stream_cases(const std::string& path);

/// What this runner would not do as the case says: a side, a kind of join, an aggregate, a suppression that the
/// operator does not have. Empty where there is nothing.
std::string fault_of(const stream_case& of);

/// The first difference between what was expected and what came out; empty when there is none.
std::string difference_of(const stream_case& wanted, const std::vector<stream_output>& found);

}  // namespace millrace::conformance
