#pragma once

#include <millrace/feed/json_index.hpp>
#include <millrace/feed/line_reader.hpp>
#include <millrace/feed/name_table.hpp>
#include <millrace/feed/swar.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace millrace::feed {

/// Walks the JSON object on a line once and notes where the value of every known name starts. Checks the whole
/// of RFC 8259 but for the scalars under known names: those are checked by whoever reads them, or by
/// `is_scalar`.
class json_record {
 public:
  /// Requires: the table outlives this.
  json_record(const name_table& names, std::size_t name_count);

  /// Reads the reader's current line; null when it is an object, else what is wrong with it.
  [[nodiscard]] const char* read(const line_reader& lines);

  /// First character of the value under a name; null when the object has no such member. Of members that occur
  /// twice the last one counts.
  [[nodiscard]] const char* value(std::uint32_t slot) const noexcept { return values_[slot]; }
  [[nodiscard]] std::size_t member_count() const noexcept { return member_count_; }

  /// The value that starts at `at` is a complete string, number, `true`, `false` or `null`.
  [[nodiscard]] bool is_scalar(const char* at) const noexcept;

  /// The text of the string value that starts at `at`: in the line, or decoded at `scratch`. A null view: an
  /// escape is wrong. Requires: `*at` is a quote; room at `scratch` for the line and 64 bytes.
  [[nodiscard]] std::string_view string_text(const char* at, char* scratch) const noexcept {
    const char* const end = find_quote_or_backslash(at + 1);
    if (*end == '"') [[likely]]
      return {at + 1, static_cast<std::size_t>(end - at - 1)};
    const char* const decoded_end = index_.unescape(at + 1, scratch);
    if (decoded_end == nullptr) return {};
    return {scratch, static_cast<std::size_t>(decoded_end - scratch)};
  }

  /// Room for the decoded text of one line's strings.
  [[nodiscard]] char* scratch() noexcept { return scratch_.data(); }

  /// One of the literals stands at `at`, and ends there.
  [[nodiscard]] static bool is_literal(const char* at, std::string_view literal) noexcept {
    return std::memcmp(at, literal.data(), literal.size()) == 0 && ends_scalar(at[literal.size()]);
  }
  /// No scalar goes on at `c`.
  [[nodiscard]] static bool ends_scalar(char c) noexcept { return scalar_ends[static_cast<unsigned char>(c)]; }

 private:
  static constexpr std::array<bool, 256> scalar_ends = [] {
    std::array<bool, 256> table{};
    for (const char c : {' ', '\t', '\r', '\n', ',', ':', '{', '}', '[', ']', '"'})
      table[static_cast<unsigned char>(c)] = true;
    return table;
  }();

  [[nodiscard]] const char* index_line(const line_reader& lines);
  [[nodiscard]] const char* walk(std::string_view line, const std::uint32_t* last);
  [[nodiscard]] const std::uint32_t* skip_value(const std::uint32_t* at, const std::uint32_t* last,
                                                unsigned depth) const noexcept;
  [[nodiscard]] const std::uint32_t* skip_object(const std::uint32_t* at, const std::uint32_t* last,
                                                 unsigned depth) const noexcept;
  [[nodiscard]] const std::uint32_t* skip_array(const std::uint32_t* at, const std::uint32_t* last,
                                                unsigned depth) const noexcept;
  [[nodiscard]] std::uint32_t slot_of(const char* name, bool& wrong) const noexcept;
  [[nodiscard]] bool is_string(const char* at) const noexcept;
  void skip_tokens_before(const char* end) noexcept;

  const name_table& names_;
  std::vector<const char*> values_;
  std::size_t member_count_ = 0;
  // By slot (the last one: the start of an object), the slot that came next when it was seen last: most feeds
  // write their members in one order.
  std::vector<std::uint32_t> successors_;
  json_index index_;
  // The block that is indexed, and the first token in it that has not been walked.
  const char* block_begin_ = nullptr;
  const char* block_end_ = nullptr;
  std::uint64_t block_moves_ = 0;
  const std::uint32_t* cursor_ = nullptr;
  const char* line_by_line_until_ = nullptr;  // a block with a bad line in it is indexed line by line
  mutable std::vector<char> scratch_;
};

}  // namespace millrace::feed
