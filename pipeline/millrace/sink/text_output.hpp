#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::sink {

/// Bytes to a file descriptor through one buffer.
///
/// Threads: one owner. Errors: `error` when a write fails; a reader that has gone away is no error, it only
/// closes the output.
class text_output {
 public:
  /// Writes to a descriptor that stays the caller's.
  text_output(int descriptor, std::string name);
  ~text_output() = default;
  text_output(const text_output&) = delete;
  text_output& operator=(const text_output&) = delete;

  /// False when nobody reads any more.
  [[nodiscard]] bool write(std::string_view text) {
    if (text.size() > buffer_.size() - used_) return write_through(text);
    append(text);
    return !closed_;
  }
  bool flush();

  [[nodiscard]] bool closed() const noexcept { return closed_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  /// CRC-32C of everything written so far.
  [[nodiscard]] std::uint32_t checksum() const noexcept { return checksum_; }

 private:
  void append(std::string_view text);
  bool write_through(std::string_view text);
  bool write_out(const char* data, std::size_t size);

  int descriptor_;
  std::string name_;
  std::vector<char> buffer_;
  std::size_t used_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint32_t checksum_ = 0;
  bool closed_ = false;
};

}  // namespace millrace::sink
