#include <millrace/sink/text_output.hpp>

#include <millrace/base/crc32c.hpp>
#include <millrace/base/error.hpp>

#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <utility>

namespace millrace::sink {

namespace {

constexpr std::size_t buffer_bytes = 256 * 1024;

}  // namespace

text_output::text_output(int descriptor, std::string name)
    : descriptor_(descriptor), name_(std::move(name)), buffer_(buffer_bytes) {}

void text_output::append(std::string_view text) {
  if (text.empty()) return;
  std::memcpy(buffer_.data() + used_, text.data(), text.size());
  used_ += text.size();
}

bool text_output::write_through(std::string_view text) {
  if (!flush()) return false;
  if (text.size() <= buffer_.size()) {
    append(text);
    return true;
  }
  return write_out(text.data(), text.size());
}

bool text_output::flush() {
  const std::size_t size = std::exchange(used_, 0);
  return write_out(buffer_.data(), size);
}

bool text_output::write_out(const char* data, std::size_t size) {
  if (closed_) return false;
  checksum_ = crc32c(std::as_bytes(std::span(data, size)), checksum_);
  bytes_ += size;
  while (size != 0) {
    const ssize_t written = ::write(descriptor_, data, size);
    if (written >= 0) {
      data += written;
      size -= static_cast<std::size_t>(written);
    } else if (errno == EPIPE) {
      closed_ = true;
      return false;
    } else if (errno != EINTR) {
      throw error("cannot write " + name_ + ": " + std::strerror(errno));
    }
  }
  return true;
}

}  // namespace millrace::sink
