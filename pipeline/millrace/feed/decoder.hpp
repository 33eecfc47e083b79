#pragma once

#include <millrace/event/event.hpp>
#include <millrace/feed/chunk_input.hpp>
#include <millrace/feed/layout_set.hpp>
#include <millrace/feed/line_reader.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::feed {

/// What became of a record.
enum class outcome : std::uint8_t {
  event,      ///< header and data are filled
  skipped,    ///< a record of no declared type
  watermark,  ///< the feed says how far event time has come: `time_ns` of the header
  dead,       ///< not an event of its layout: see `reason()`
  end         ///< no further record
};

/// Turns the records of a feed into events, one at a time, and checks each of them completely: what comes out
/// fits its layout exactly, and what does not is dead, with a reason, and never ends the run.
///
/// Threads: one. Allocation: none a record once the buffers have grown to the longest one, but for the reasons
/// of dead records. Errors: `error` only when the feed itself cannot be read any further.
class decoder {
 public:
  decoder(const decoder&) = delete;
  decoder& operator=(const decoder&) = delete;
  virtual ~decoder() = default;

  /// Reads the next record. For `event` the header's type is the layout's index, its id the record's index,
  /// its time the layout's timestamp field; for `watermark` only `time_ns` means anything; else nothing does.
  /// Throws `read_ended` where the hook of `set_before_read` says so; no further record can be read then.
  /// Requires: `into` is followed by `layouts().data_bytes_max()` bytes of room.
  [[nodiscard]] virtual outcome next(event_header& into) = 0;

  /// Asked before each read of the feed, `waits` when it has nothing to give yet: may the read go on?
  void set_before_read(const read_hook& hook) { lines_.source().set_before_read(hook); }

  /// Of the last record, when it was dead: what was found and what was expected.
  [[nodiscard]] std::string_view reason() const noexcept { return reason_; }
  /// 1-based number of the line on which the last record starts.
  [[nodiscard]] std::uint64_t line_number() const noexcept { return lines_.number(); }
  /// 0-based position of the last record among all but watermarks, dead and skipped ones counted.
  [[nodiscard]] std::uint64_t record_index() const noexcept { return record_index_; }
  /// The last record as it stands in the feed; of one that is too long, its start. Valid until `next`.
  [[nodiscard]] std::string_view record_text() const noexcept { return lines_.line(); }

  [[nodiscard]] const layout_set& layouts() const noexcept { return layouts_; }
  /// For progress: bytes taken from the file so far, and its size.
  [[nodiscard]] std::uint64_t bytes_read() const noexcept { return lines_.source().bytes_read(); }
  [[nodiscard]] std::optional<std::uint64_t> bytes_total() const noexcept { return lines_.source().bytes_total(); }

 protected:
  decoder(line_reader lines, layout_set layouts) : lines_(std::move(lines)), layouts_(std::move(layouts)) {
    probes_.resize(layouts_.probes().size());
  }

  /// Numbers the record that has just been read.
  void count_record() noexcept { record_index_ = records_++; }
  /// A watermark record takes no number: gives it back.
  void uncount_record() noexcept { --records_; }

  [[nodiscard]] outcome dead(std::string_view reason) {
    reason_ = reason;
    return outcome::dead;
  }
  [[nodiscard]] outcome dead_line_too_long();
  void write_header(event_header& into, std::size_t layout) const noexcept;

  line_reader lines_;
  layout_set layouts_;
  std::vector<raw_value> probes_;
  std::string reason_;

 private:
  std::uint64_t records_ = 0;
  std::uint64_t record_index_ = 0;
};

}  // namespace millrace::feed
