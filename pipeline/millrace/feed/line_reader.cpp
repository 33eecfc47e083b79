#include <millrace/feed/line_reader.hpp>

#include <millrace/base/check.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace millrace::feed {
namespace {

constexpr std::size_t read_bytes = 256 * 1024;
constexpr std::size_t prefix_bytes = 256;

bool is_blank(std::string_view line) noexcept {
  // Nearly every line begins with something: the loop is for the rest.
  return std::all_of(line.begin(), line.end(), [](char c) { return c == ' ' || c == '\t' || c == '\r'; });
}

}  // namespace

line_reader::line_reader(std::unique_ptr<byte_source> source, std::size_t record_bytes_max)
    : source_(std::move(source)), record_bytes_max_(record_bytes_max) {
  MILLRACE_CHECK(record_bytes_max_ >= 1, "the bound on a line's bytes");
  capacity_ = 2 * read_bytes;
  buffer_ = std::make_unique_for_overwrite<char[]>(capacity_ + line_padding_bytes);
  data_end_ = buffer_.get();
  begin_ = end_ = next_ = scanned_ = first_next_ = first_end_ = data_end_;
}

line_reader::status line_reader::next() {
  if (!started_) strip_byte_order_mark();
  for (;;) {
    begin_ = end_ = next_;
    const char* const line_feed = find_line_end();
    if (line_feed == nullptr) {
      if (static_cast<std::size_t>(data_end_ - begin_) > record_bytes_max_) return pass_over_long_line();
      end_ = begin_;
      return status::end;
    }
    set_line(line_feed);
    number_ = lines_passed_;
    first_next_ = next_;
    first_end_ = end_;
    first_lines_passed_ = lines_passed_;
    if (line().size() > record_bytes_max_) {
      end_ = begin_ + std::min(prefix_bytes, record_bytes_max_);
      return status::too_long;
    }
    if (!is_blank(line())) return status::line;
  }
}

line_reader::status line_reader::extend() {
  if (next_ == data_end_ && at_end_) return status::end;
  const char* const line_feed = find_line_end();
  if (line_feed == nullptr)
    return static_cast<std::size_t>(data_end_ - begin_) > record_bytes_max_ ? status::too_long : status::end;
  if (static_cast<std::size_t>(line_feed - begin_) > record_bytes_max_ + 1) return status::too_long;
  const char* const old_end = end_;
  const char* const old_next = next_;
  set_line(line_feed);
  if (line().size() <= record_bytes_max_) return status::line;
  end_ = old_end;
  next_ = scanned_ = old_next;
  --lines_passed_;
  return status::too_long;
}

void line_reader::shrink() noexcept {
  next_ = scanned_ = first_next_;
  end_ = first_end_;
  lines_passed_ = first_lines_passed_;
}

std::string_view line_reader::lines_ahead(std::size_t bytes_max) const noexcept {
  const auto available = static_cast<std::size_t>(data_end_ - begin_);
  const std::size_t looked_at = std::min(bytes_max, available);
  const auto* last = static_cast<const char*>(::memrchr(begin_, '\n', looked_at));
  const char* const end = last == nullptr || last < next_ ? end_ : last + 1;
  return {begin_, static_cast<std::size_t>(end - begin_)};
}

char line_reader::first_character() {
  if (!started_) strip_byte_order_mark();
  for (std::size_t at = 0; at < 64 * 1024; ++at) {
    while (next_ + at == data_end_)
      if (!fill()) return '\0';
    const char c = next_[at];
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') return c;
  }
  return '\0';
}

/// The line feed that ends the line at `next_` (or the end of the data, at the end of the feed); null when
/// there is no further line, or the line is longer than the bound allows.
const char* line_reader::find_line_end() {
  for (;;) {
    const auto unseen = static_cast<std::size_t>(data_end_ - scanned_);
    if (const void* at = unseen == 0 ? nullptr : std::memchr(scanned_, '\n', unseen))
      return static_cast<const char*>(at);
    scanned_ = data_end_;
    // One byte more than the bound: it may be a carriage return.
    if (static_cast<std::size_t>(data_end_ - begin_) > record_bytes_max_ + 1) return nullptr;
    if (!fill()) return next_ == data_end_ ? nullptr : data_end_;
  }
}

void line_reader::set_line(const char* line_feed) noexcept {
  end_ = line_feed;
  next_ = scanned_ = line_feed == data_end_ ? line_feed : line_feed + 1;
  if (end_ > begin_ && end_[-1] == '\r') --end_;
  ++lines_passed_;
}

line_reader::status line_reader::pass_over_long_line() {
  prefix_.assign(begin_, std::min(prefix_bytes, record_bytes_max_));
  number_ = ++lines_passed_;
  for (;;) {
    begin_ = end_ = next_ = scanned_;
    const auto unseen = static_cast<std::size_t>(data_end_ - scanned_);
    const void* at = unseen == 0 ? nullptr : std::memchr(scanned_, '\n', unseen);
    if (at != nullptr) {
      next_ = scanned_ = static_cast<const char*>(at) + 1;
      break;
    }
    begin_ = end_ = next_ = scanned_ = data_end_;
    if (!fill()) break;
  }
  begin_ = prefix_.data();
  end_ = begin_ + prefix_.size();
  first_next_ = next_;
  first_end_ = end_;
  first_lines_passed_ = lines_passed_;
  return status::too_long;
}

bool line_reader::fill() {
  if (at_end_) return false;
  make_room();
  const auto room = capacity_ - static_cast<std::size_t>(data_end_ - buffer_.get());
  const std::size_t got = source_->read({data_end_, room});
  at_end_ = got == 0;
  data_end_ += got;
  std::memset(data_end_, 0, line_padding_bytes);
  return got != 0;
}

/// Moves what is still needed to the front of the buffer, and doubles the buffer when that leaves too little.
void line_reader::make_room() {
  const auto used = static_cast<std::size_t>(data_end_ - buffer_.get());
  if (capacity_ - used >= read_bytes) return;
  ++moves_;
  const auto kept = static_cast<std::size_t>(data_end_ - begin_);
  const std::ptrdiff_t scanned = scanned_ - begin_, next = next_ - begin_, end = end_ - begin_;
  const std::ptrdiff_t first_next = first_next_ - begin_, first_end = first_end_ - begin_;
  std::unique_ptr<char[]> larger;
  if (capacity_ - kept < read_bytes) {
    capacity_ = std::min(2 * capacity_, std::max(capacity_, record_bytes_max_ + 2 + read_bytes));
    capacity_ = std::max(capacity_, kept + read_bytes);
    larger = std::make_unique_for_overwrite<char[]>(capacity_ + line_padding_bytes);
  }
  char* const to = larger ? larger.get() : buffer_.get();
  std::memmove(to, begin_, kept);
  if (larger) buffer_.swap(larger);
  begin_ = to;
  data_end_ = to + kept;
  scanned_ = to + scanned;
  next_ = to + next;
  end_ = to + end;
  first_next_ = to + first_next;
  first_end_ = to + first_end;
}

void line_reader::strip_byte_order_mark() {
  started_ = true;
  while (data_end_ - next_ < 3 && fill()) {
  }
  if (data_end_ - next_ >= 3 && std::memcmp(next_, "\xef\xbb\xbf", 3) == 0) next_ += 3;
  begin_ = end_ = scanned_ = next_;
}

}  // namespace millrace::feed
