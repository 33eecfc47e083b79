#pragma once

#include <millrace/feed/byte_source.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace millrace::feed {

/// Longest record that a reader takes unless it is told otherwise.
inline constexpr std::size_t default_record_bytes_max = 16 * 1024 * 1024;

/// Bytes that may be read behind the end of any line, whatever they are: room for vector loads.
inline constexpr std::size_t line_padding_bytes = 64;

/// Cuts a byte source into lines that lie in its buffer. A line ends at a line feed or at the end of the feed;
/// a carriage return before it, and a byte order mark at the start of the feed, do not belong to it. Lines of
/// nothing but blanks are passed over.
///
/// Threads: one. Allocation: the buffer grows with the longest line, up to the bound; then never. Complexity:
/// linear in the input, whatever the size of the pieces it comes in.
class line_reader {
 public:
  enum class status { line, too_long, end };

  /// Requires: `record_bytes_max` is at least 1.
  explicit line_reader(std::unique_ptr<byte_source> source, std::size_t record_bytes_max = default_record_bytes_max);

  /// Moves on to the next line. `too_long`: it has more bytes than the bound and was passed over; `line()` is
  /// its start. Throws `error` when the source does; the lines before have been handed out then.
  [[nodiscard]] status next();

  /// Adds the next physical line to the current one (what lies between stays as it stands in the feed).
  /// `end` or `too_long`: there is none, or the sum is too long; then nothing has changed.
  [[nodiscard]] status extend();

  /// Makes the current line end where its first physical line ends: undoes every `extend()`.
  void shrink() noexcept;

  /// The current line. Valid until the next `next()` or `extend()`.
  [[nodiscard]] std::string_view line() const noexcept { return {begin_, static_cast<std::size_t>(end_ - begin_)}; }

  /// 1-based number of the current line (the first one of it).
  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

  /// The current line and the whole lines behind it that are in the buffer already, at most `bytes_max` of
  /// them unless the current line alone is longer. Valid, at the same address, until the last of these lines
  /// has been passed by `next()`.
  [[nodiscard]] std::string_view lines_ahead(std::size_t bytes_max) const noexcept;

  [[nodiscard]] std::size_t record_bytes_max() const noexcept { return record_bytes_max_; }

  /// How often the buffer's content has been moved: an address taken from `lines_ahead` is good while this
  /// stays the same.
  [[nodiscard]] std::uint64_t moves() const noexcept { return moves_; }

  /// First character that is no blank and no line end, without taking anything; '\0' when there is none in
  /// the first 64 KiB. Requires: `next()` has not been called.
  [[nodiscard]] char first_character();

  [[nodiscard]] byte_source& source() noexcept { return *source_; }
  [[nodiscard]] const byte_source& source() const noexcept { return *source_; }

 private:
  [[nodiscard]] bool fill();
  void make_room();
  void strip_byte_order_mark();
  [[nodiscard]] const char* find_line_end();
  [[nodiscard]] status pass_over_long_line();
  void set_line(const char* line_feed) noexcept;

  std::unique_ptr<byte_source> source_;
  std::size_t record_bytes_max_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  char* data_end_ = nullptr;          // behind the last byte read
  const char* begin_ = nullptr;       // current line
  const char* end_ = nullptr;         //   without its line end
  const char* next_ = nullptr;        // first byte of the next line
  const char* first_next_ = nullptr;  // `next_` as it was before the first extend()
  const char* first_end_ = nullptr;
  const char* scanned_ = nullptr;  // no line feed in [next_, scanned_)
  std::uint64_t number_ = 0;
  std::uint64_t lines_passed_ = 0;
  std::uint64_t first_lines_passed_ = 0;
  std::uint64_t moves_ = 0;
  bool at_end_ = false;
  bool started_ = false;
  std::string prefix_;  // of a line that is too long
};

}  // namespace millrace::feed
