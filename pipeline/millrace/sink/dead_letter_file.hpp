#pragma once

#include <millrace/sink/text_output.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace millrace::sink {

/// Records that were no events, one JSON line each: where the record stood, why it was refused, and the record
/// itself: as `text`, or as hexadecimal `bytes` when it is not UTF-8.
/// Threads: one owner. Errors: `error` when the file cannot be created or written.
class dead_letter_file {
 public:
  explicit dead_letter_file(const std::string& path);
  ~dead_letter_file();
  dead_letter_file(const dead_letter_file&) = delete;
  dead_letter_file& operator=(const dead_letter_file&) = delete;

  void add(std::uint64_t line, std::uint64_t record, std::string_view reason, std::string_view text);
  /// A line that is made already, with its newline.
  void add_line(std::string_view line) { static_cast<void>(out_->write(line)); }
  void flush() { static_cast<void>(out_->flush()); }

 private:
  int descriptor_;
  std::unique_ptr<text_output> out_;
  std::string line_;
};

}  // namespace millrace::sink
