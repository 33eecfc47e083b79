#pragma once

#include <millrace/feed/chunk_input.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace millrace::feed {

/// Where a feed's bytes come from, already decompressed: a file, a FIFO, standard input or memory. gzip (any
/// number of members) and zstd (any number of frames) are told from raw bytes by their magic, not by a name.
///
/// Threads: one. Errors: `error` names the feed and says what was found where.
class byte_source {
 public:
  /// Opens a file or FIFO; "-" is standard input. Throws `error` when it cannot be opened or is a directory.
  static std::unique_ptr<byte_source> open(const std::string& path);

  /// Reads from `bytes`, which must outlive the source; compressed bytes are told as in a file.
  static std::unique_ptr<byte_source> over(std::span<const std::byte> bytes, std::string name = "memory");

  byte_source() = default;
  byte_source(const byte_source&) = delete;
  byte_source& operator=(const byte_source&) = delete;
  virtual ~byte_source() = default;

  /// Puts at least one byte into `into` and returns how many; 0 is the end. What was decoded before an error
  /// is handed out first; the error is thrown by the call after, and by every later one.
  /// Requires: `into` is not empty. Progress: blocks until input is there.
  [[nodiscard]] virtual std::size_t read(std::span<char> into) = 0;

  /// See `chunk_input`. A source that never waits may leave it out.
  virtual void set_before_read(const read_hook& /*hook*/) {}

  /// Bytes taken from the file so far, compressed where it is.
  [[nodiscard]] virtual std::uint64_t bytes_read() const noexcept = 0;

  /// Size of the file; nothing for a FIFO or a terminal.
  [[nodiscard]] virtual std::optional<std::uint64_t> bytes_total() const noexcept = 0;

  /// The path, or the name given to the memory: for messages.
  [[nodiscard]] virtual const std::string& name() const noexcept = 0;
};

}  // namespace millrace::feed
