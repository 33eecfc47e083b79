#include <millrace/feed/csv_record.hpp>

#include <millrace/feed/line_reader.hpp>

#include <algorithm>
#include <bit>
#include <cstring>

namespace millrace::feed {

const char* csv_record::split(std::string_view record) {
  cells_.clear();
  if (std::memchr(record.data(), '"', record.size()) == nullptr) {
    split_plain(record);
    return nullptr;
  }
  if (scratch_.size() < record.size() + line_padding_bytes)
    scratch_.resize(std::bit_ceil(record.size() + line_padding_bytes));
  scratch_used_ = 0;
  for (std::size_t at = 0;; ++at) {
    if (at < record.size() && record[at] == '"') {
      if (const char* wrong = take_quoted(record, at)) return wrong;
    } else {
      const std::size_t end = std::min(record.find(',', at), record.size());
      const std::string_view text = record.substr(at, end - at);
      if (text.find('"') != std::string_view::npos) return "found a quote inside a cell without quotes";
      cells_.push_back({text, false});
      at = end;
    }
    if (at == record.size()) return nullptr;
    if (record[at] != ',') return "found text behind the closing quote of a cell, expected a comma";
  }
}

void csv_record::split_plain(std::string_view record) {
  for (std::size_t begin = 0;;) {
    const std::size_t end = std::min(record.find(',', begin), record.size());
    cells_.push_back({record.substr(begin, end - begin), false});
    if (end == record.size()) return;
    begin = end + 1;
  }
}

/// Takes the quoted cell at `at`, which moves behind its closing quote.
const char* csv_record::take_quoted(std::string_view record, std::size_t& at) {
  const std::size_t begin = ++at;
  char* const decoded = scratch_.data() + scratch_used_;
  std::size_t decoded_bytes = 0;
  bool doubled = false;
  for (std::size_t run = begin;;) {
    const std::size_t quote = record.find('"', run);
    if (quote == std::string_view::npos) return "a quoted cell does not end";
    const bool ends = quote + 1 == record.size() || record[quote + 1] != '"';
    if (ends && !doubled) {
      cells_.push_back({record.substr(begin, quote - begin), true});
    } else {
      const std::size_t bytes = quote - run + (ends ? 0 : 1);
      std::memcpy(decoded + decoded_bytes, record.data() + run, bytes);
      decoded_bytes += bytes;
    }
    if (ends) {
      at = quote + 1;
      break;
    }
    doubled = true;
    run = quote + 2;
  }
  if (doubled) {
    decoded[decoded_bytes] = '\0';
    cells_.push_back({{decoded, decoded_bytes}, true});
    scratch_used_ += decoded_bytes + 1;
  }
  return nullptr;
}

}  // namespace millrace::feed
