#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace millrace::feed {

/// simdjson's first stage: finds where the tokens of JSON text start, and checks that it is UTF-8, that its
/// strings are closed and hold no bare control characters. It runs at several bytes a cycle on the widest
/// vectors the machine has, and costs little for a block of many lines but much for one short line: hence a
/// whole block at a time.
///
/// What follows the first stage is ours (`json_record`): simdjson's on-demand stage has to run the first one
/// line by line to survive a bad line, and does not check the values that nobody asks for.
class json_index {
 public:
  json_index();
  json_index(const json_index&) = delete;
  json_index& operator=(const json_index&) = delete;
  ~json_index();

  /// Indexes the text. Null when that went well, else what is wrong with it. Requires: less than 4 GiB.
  [[nodiscard]] const char* build(std::string_view text);

  /// Where tokens start, counted from the start of the text.
  [[nodiscard]] const std::uint32_t* begin() const noexcept { return begin_; }
  [[nodiscard]] const std::uint32_t* end() const noexcept { return end_; }

  /// Decodes the escapes of the string whose first character is at `from`, up to its closing quote; returns
  /// the end of what was written, or null when an escape is wrong. Requires: the string lies in a text that was
  /// indexed; `into` has room for its bytes and 64 more.
  [[nodiscard]] char* unescape(const char* from, char* into) const noexcept;

 private:
  struct parser;
  std::unique_ptr<parser> parser_;
  const std::uint32_t* begin_ = nullptr;
  const std::uint32_t* end_ = nullptr;
};

}  // namespace millrace::feed
