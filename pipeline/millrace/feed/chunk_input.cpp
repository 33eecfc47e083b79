#include <millrace/feed/chunk_input.hpp>

#include <millrace/base/error.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

namespace millrace::feed {
namespace {

constexpr std::size_t chunk_bytes = 256 * 1024;
constexpr int wait_ms_max = 20;

[[noreturn]] void fail(const char* verb, const std::string& name, int code) {
  throw error(std::string("cannot ") + verb + " '" + name + "': " + std::generic_category().message(code));
}

class memory_input final : public chunk_input {
 public:
  memory_input(std::span<const std::byte> bytes, std::string name) {
    rest_ = bytes;
    bytes_got_ = bytes.size();
    bytes_total_ = bytes.size();
    name_ = std::move(name);
  }
  bool refill() override { return false; }
  std::size_t read_directly(std::span<char>) override { return 0; }
};

class file_input final : public chunk_input {
 public:
  explicit file_input(const std::string& path) {
    const bool standard_input = path == "-";
    name_ = standard_input ? "standard input" : path;
    owned_ = !standard_input;
    descriptor_ = standard_input ? STDIN_FILENO : open_for_reading(path);
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0) give_up("open", errno);
    if (S_ISDIR(status.st_mode)) give_up("open", EISDIR);
    if (S_ISREG(status.st_mode)) bytes_total_ = static_cast<std::uint64_t>(status.st_size);
  }
  ~file_input() override { close(); }

  bool refill() override {
    const std::size_t kept = rest_.size();
    if (chunk_.size() < kept + chunk_bytes) {
      std::vector<std::byte> larger(kept + chunk_bytes);
      if (kept != 0) std::memcpy(larger.data(), rest_.data(), kept);
      chunk_.swap(larger);
    } else if (kept != 0) {
      std::memmove(chunk_.data(), rest_.data(), kept);
    }
    rest_ = {chunk_.data(), kept};
    const std::size_t got = read_some(chunk_.data() + kept, chunk_bytes);
    rest_ = {chunk_.data(), kept + got};
    return got != 0;
  }

  std::size_t read_directly(std::span<char> into) override { return read_some(into.data(), into.size()); }

 private:
  static int open_for_reading(const std::string& path) {
    for (;;) {
      const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
      if (descriptor >= 0) return descriptor;
      if (errno != EINTR) fail("open", path, errno);
    }
  }

  /// Nothing to read, for a moment: a signal cuts it short.
  [[nodiscard]] bool waits(int wait_ms) const noexcept {
    pollfd input{descriptor_, POLLIN, 0};
    return ::poll(&input, 1, wait_ms) <= 0;
  }

  /// Asks the hook before each read, and again and again while the input has nothing to give.
  void ask_before_read() const {
    if (!before_read_) return;
    for (int wait_ms = 0;; wait_ms = wait_ms_max) {
      const bool waiting = waits(wait_ms);
      if (!before_read_(waiting)) throw read_ended{};
      if (!waiting) return;
    }
  }

  std::size_t read_some(void* into, std::size_t bytes) {
    ask_before_read();
    for (;;) {
      const ssize_t got = ::read(descriptor_, into, bytes);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail("read", name_, errno);
      bytes_got_ += static_cast<std::uint64_t>(got);
      return static_cast<std::size_t>(got);
    }
  }

  /// The destructor of an object whose constructor throws does not run.
  [[noreturn]] void give_up(const char* verb, int code) {
    close();
    fail(verb, name_, code);
  }

  void close() noexcept {
    if (owned_ && descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }

  int descriptor_ = -1;
  bool owned_ = false;
  std::vector<std::byte> chunk_;
};

}  // namespace

std::unique_ptr<chunk_input> chunk_input::open(const std::string& path) { return std::make_unique<file_input>(path); }

std::unique_ptr<chunk_input> chunk_input::over(std::span<const std::byte> bytes, std::string name) {
  return std::make_unique<memory_input>(bytes, std::move(name));
}

}  // namespace millrace::feed
