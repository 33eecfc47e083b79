#pragma once

#include <millrace/stats/histogram.hpp>

#include <cstdint>
#include <iosfwd>
#include <string>

namespace millrace::measure {

/// A histogram in HdrHistogram's exchange format, V2, compressed, as text: what its log readers in all languages take.
/// The bytes before compression are those of HdrHistogram's Java implementation: a header of 40 bytes, and the counts
/// up to the largest value as ZigZag LEB128 numbers, in which a negative one is a row of so many zeroes.
/// Allocation: yes. Errors: `error` where zlib fails.
[[nodiscard]] std::string to_log_text(const histogram& of);

/// Writes the log (`.hlog`, format 1.3) of what was recorded in each interval of a run, that HdrHistogram's tools read.
///
/// Threads: one owner. Errors: those of the stream, which the caller looks at; `error` where zlib fails.
class interval_log {
 public:
  /// `start_ns`: since 1970. `value_scale`: by what recorded values are divided for the column of maxima, as
  /// HdrHistogram's own writers do: 1,000,000 makes milliseconds of nanoseconds.
  interval_log(std::ostream& out, std::int64_t start_ns, double value_scale = 1'000'000.0);

  /// One interval. Times are nanoseconds since the start of the log.
  void write(std::int64_t begin_ns, std::int64_t end_ns, const histogram& of);

 private:
  std::ostream& out_;
  double value_scale_;
};

}  // namespace millrace::measure
