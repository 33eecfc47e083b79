#include "file_watch.hpp"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>
#include <array>
#include <cstring>
#include <new>
#include <utility>

namespace millrace::tools {

file_watch::file_watch(std::string path) : path_(std::move(path)) {
  const std::size_t slash = path_.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
  name_ = slash == std::string::npos ? path_ : path_.substr(slash + 1);
  descriptor_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  // The folder, for the file that is there now may be replaced. Where the system refuses, looking is enough.
  if (descriptor_ >= 0)
    static_cast<void>(::inotify_add_watch(descriptor_, folder.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO));
}

file_watch::~file_watch() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::optional<file_watch::version> file_watch::look() const {
  struct stat about {};
  if (::stat(path_.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) return std::nullopt;
  return version{about.st_dev, about.st_ino, about.st_size, about.st_mtim};
}

bool file_watch::heard() const {
  alignas(inotify_event) std::array<char, 4'096> room;
  bool ours = false;
  for (ssize_t got; descriptor_ >= 0 && (got = ::read(descriptor_, room.data(), room.size())) > 0;) {
    for (const char* at = room.data(); at < room.data() + got;) {
      inotify_event head;
      std::memcpy(&head, at, sizeof head);
      ours = ours || (head.len != 0 && name_ == at + sizeof head);
      at += sizeof head + head.len;
    }
  }
  return ours;
}

bool file_watch::wait(std::chrono::milliseconds most) {
  pollfd said{descriptor_, POLLIN, 0};
  ::poll(&said, descriptor_ >= 0 ? 1 : 0, static_cast<int>(most.count()));
  const bool finished = heard();
  const std::optional<version> now = look();
  const bool still = now == seen_;
  seen_ = now;
  if (!now || now == told_ || (!finished && !still)) return false;
  told_ = now;
  return true;
}

}  // namespace millrace::tools
