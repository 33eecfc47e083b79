#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace millrace::feed {

/// One cell: its text without the quotes, doubled quotes made single.
struct csv_cell {
  std::string_view text;
  bool quoted = false;

  [[nodiscard]] bool is_lacking() const noexcept { return text.empty() && !quoted; }
};

/// Cuts one CSV record into cells. Behind each cell stands a character that is no digit, and room to read.
class csv_record {
 public:
  /// Null when the record is well formed, else what is wrong with it.
  [[nodiscard]] const char* split(std::string_view record);

  /// Of the record last split, in which they lie. Valid until the next `split`.
  [[nodiscard]] std::span<const csv_cell> cells() const noexcept { return cells_; }

 private:
  void split_plain(std::string_view record);
  [[nodiscard]] const char* take_quoted(std::string_view record, std::size_t& at);

  std::vector<csv_cell> cells_;
  std::vector<char> scratch_;
  std::size_t scratch_used_ = 0;
};

}  // namespace millrace::feed
