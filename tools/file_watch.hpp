#pragma once

#include <sys/stat.h>
#include <chrono>
#include <optional>
#include <string>

namespace millrace::tools {

/// Tells when a file has another content than before, whichever way it was written: in place, or as a new file that was
/// renamed to it. It hears of that at once where the system says so (inotify on the folder), else it looks again and
/// again, and takes a file for written when it has stayed the same for one look.
///
/// Threads: one owner.
class file_watch {
 public:
  /// From now on. The first look counts as a change: what was read before may be old already.
  explicit file_watch(std::string path);
  ~file_watch();
  file_watch(const file_watch&) = delete;
  file_watch& operator=(const file_watch&) = delete;

  /// Waits for at most this long; true: read the file. A file that is not there is no change.
  [[nodiscard]] bool wait(std::chrono::milliseconds most);

 private:
  /// What is different in another version of a file.
  struct version {
    dev_t device;
    ino_t inode;
    off_t bytes;
    timespec modified;

    friend bool operator==(const version& a, const version& b) noexcept {
      return a.device == b.device && a.inode == b.inode && a.bytes == b.bytes &&
             a.modified.tv_sec == b.modified.tv_sec && a.modified.tv_nsec == b.modified.tv_nsec;
    }
  };

  [[nodiscard]] std::optional<version> look() const;
  /// Empties the descriptor; true: somebody has finished writing the file, or put another one in its place.
  [[nodiscard]] bool heard() const;

  std::string path_;
  std::string name_;  // without its folder
  int descriptor_ = -1;
  std::optional<version> told_;
  std::optional<version> seen_;
};

}  // namespace millrace::tools
