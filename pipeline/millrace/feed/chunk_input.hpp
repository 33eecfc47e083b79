#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace millrace::feed {

/// Thrown out of a read that `before_read` ended. Not an `error`: nothing is wrong with the feed.
struct read_ended {};

/// Asked before each read of a feed: may the read go on? `waits`: nothing is there to be read yet.
using read_hook = std::function<bool(bool waits)>;

/// The bytes of a feed as they are stored, in chunks of up to 256 KiB. What lies below a `byte_source`.
class chunk_input {
 public:
  static std::unique_ptr<chunk_input> open(const std::string& path);
  static std::unique_ptr<chunk_input> over(std::span<const std::byte> bytes, std::string name);

  chunk_input() = default;
  chunk_input(const chunk_input&) = delete;
  chunk_input& operator=(const chunk_input&) = delete;
  virtual ~chunk_input() = default;

  /// What has been read and not been taken yet.
  [[nodiscard]] std::span<const std::byte> rest() const noexcept { return rest_; }
  void take(std::size_t bytes) noexcept { rest_ = rest_.subspan(bytes); }

  /// Reads another chunk behind `rest()`; false at the end. Throws `error` when the read fails.
  [[nodiscard]] virtual bool refill() = 0;

  /// Reads past the chunk buffer into `into`; 0 at the end. Requires: `rest()` is empty.
  [[nodiscard]] virtual std::size_t read_directly(std::span<char> into) = 0;

  /// Without it, a read waits for as long as the input makes it wait.
  void set_before_read(read_hook hook) { before_read_ = std::move(hook); }

  /// Bytes taken so far.
  [[nodiscard]] std::uint64_t position() const noexcept { return bytes_got_ - rest_.size(); }
  [[nodiscard]] std::optional<std::uint64_t> bytes_total() const noexcept { return bytes_total_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 protected:
  std::span<const std::byte> rest_;
  read_hook before_read_;
  std::uint64_t bytes_got_ = 0;
  std::optional<std::uint64_t> bytes_total_;
  std::string name_;
};

}  // namespace millrace::feed
