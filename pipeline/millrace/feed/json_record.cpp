#include <millrace/feed/json_record.hpp>

#include <millrace/feed/decimal.hpp>
#include <millrace/feed/swar.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace millrace::feed {
namespace {

/// Text indexed at once: index and text stay in the second-level cache.
constexpr std::size_t block_bytes = 64 * 1024;
constexpr unsigned depth_max = 1024;

constexpr const char* not_an_object = "found no object";
constexpr const char* truncated = "the object does not end on its line";
constexpr const char* bad_object = "an object is not \"name\": value, ...";
constexpr const char* bad_value = "a value is none";
constexpr const char* trailing = "found more text behind the object";
constexpr const char* bad_escape = "a name has a wrong escape";

}  // namespace

json_record::json_record(const name_table& names, std::size_t name_count)
    : names_(names), values_(name_count), successors_(name_count + 1), scratch_(1024) {}

const char* json_record::read(const line_reader& lines) {
  const std::string_view line = lines.line();
  if (scratch_.size() < line.size() + line_padding_bytes)
    scratch_.resize(std::bit_ceil(line.size() + line_padding_bytes));
  if (const char* wrong = index_line(lines)) return wrong;
  skip_tokens_before(line.data());
  if (walk(line, index_.end()) == nullptr) [[likely]]
    return nullptr;
  // Once more with the tokens of this line only: what is wrong with it must not depend on the lines behind it.
  const std::uint32_t* const first = cursor_;
  skip_tokens_before(line.data() + line.size());
  const std::uint32_t* const behind = std::exchange(cursor_, first);
  const char* const wrong = walk(line, behind);
  cursor_ = behind;
  return wrong;
}

/// Makes the index cover the line. A block whose index fails holds a bad line: then its lines are indexed one
/// by one, so that only the bad one fails. In a block that passes, no string spans lines (a line feed in a
/// string is an error), so its tokens are those of its lines.
const char* json_record::index_line(const line_reader& lines) {
  const std::string_view line = lines.line();
  const bool moved = lines.moves() != block_moves_;
  if (!moved && line.data() >= block_begin_ && line.data() < block_end_) return nullptr;
  block_moves_ = lines.moves();
  std::string_view block = lines.lines_ahead(block_bytes);
  block_end_ = nullptr;
  if (moved || line.data() >= line_by_line_until_) {
    line_by_line_until_ = nullptr;
    if (index_.build(block) == nullptr) {
      block_begin_ = block.data();
      block_end_ = block.data() + block.size();
      cursor_ = index_.begin();
      return nullptr;
    }
    line_by_line_until_ = block.data() + block.size();
  }
  if (const char* wrong = index_.build(line)) return wrong;
  block_begin_ = line.data();
  block_end_ = line.data() + line.size();
  cursor_ = index_.begin();
  return nullptr;
}

void json_record::skip_tokens_before(const char* end) noexcept {
  while (cursor_ != index_.end() && block_begin_ + *cursor_ < end) ++cursor_;
}

/// Tokens of the next lines may be read where an object does not end: they are in the block, and the place of
/// the closing brace tells in the end. `last`: behind the last token that may be read.
const char* json_record::walk(std::string_view line, const std::uint32_t* last) {
  std::fill(values_.begin(), values_.end(), nullptr);
  member_count_ = 0;
  const char* const base = block_begin_;
  const char* const line_end = line.data() + line.size();
  const std::uint32_t* at = cursor_;
  std::size_t previous = values_.size();
  if (at == last || base[*at] != '{' || base + *at >= line_end) return not_an_object;
  if (++at == last) return truncated;
  if (base[*at] == '}') {
    ++at;
  } else {
    for (;;) {
      if (last - at < 4) return truncated;  // name, colon, value, and what follows
      const char* const name = base + at[0];
      const char* const value = base + at[2];
      if (*name != '"' || base[at[1]] != ':') return bad_object;
      std::uint32_t slot = successors_[previous];
      if (!names_.is_quoted(slot, name + 1)) {
        bool wrong = false;
        slot = slot_of(name + 1, wrong);
        if (wrong) return bad_escape;
        if (slot != name_table::unknown) successors_[previous] = slot;
      }
      if (*value == '{' || *value == '[') [[unlikely]] {
        at = skip_value(at + 2, last, 0);
        if (at == nullptr) return bad_value;
        if (at == last) return truncated;
      } else {
        at += 3;
        if (slot == name_table::unknown && !is_scalar(value)) return bad_value;
      }
      if (slot != name_table::unknown) {
        const char* const earlier = values_[slot];
        if (earlier != nullptr && !is_scalar(earlier)) return bad_value;
        values_[slot] = value;
        previous = slot;
      }
      ++member_count_;
      const char separator = base[*at++];
      if (separator == '}') break;
      if (separator != ',') return base + at[-1] >= line_end ? truncated : bad_object;
    }
  }
  if (base + at[-1] >= line_end) return truncated;
  if (at != last && base + *at < line_end) return trailing;
  cursor_ = at;
  return nullptr;
}

/// The slot of the name whose first character is at `name`.
std::uint32_t json_record::slot_of(const char* name, bool& wrong) const noexcept {
  const char* const end = find_quote_or_backslash(name);
  if (*end == '"') return names_.find(name, static_cast<std::size_t>(end - name));
  const char* const decoded_end = index_.unescape(name, scratch_.data());
  wrong = decoded_end == nullptr;
  return wrong ? name_table::unknown
               : names_.find(scratch_.data(), static_cast<std::size_t>(decoded_end - scratch_.data()));
}

/// The token behind the value that starts with token `at`; null when it is not JSON.
const std::uint32_t* json_record::skip_value(const std::uint32_t* at, const std::uint32_t* last,
                                             unsigned depth) const noexcept {
  if (at == last || depth == depth_max) return nullptr;
  const char* const value = block_begin_ + *at;
  if (*value == '{') return skip_object(at + 1, last, depth);
  if (*value == '[') return skip_array(at + 1, last, depth);
  return is_scalar(value) ? at + 1 : nullptr;
}

const std::uint32_t* json_record::skip_object(const std::uint32_t* at, const std::uint32_t* last,
                                              unsigned depth) const noexcept {
  if (at == last) return nullptr;
  if (block_begin_[*at] == '}') return at + 1;
  for (;;) {
    if (last - at < 4) return nullptr;
    if (!is_string(block_begin_ + at[0]) || block_begin_[at[1]] != ':') return nullptr;
    at = skip_value(at + 2, last, depth + 1);
    if (at == nullptr || at == last) return nullptr;
    const char separator = block_begin_[*at++];
    if (separator == '}') return at;
    if (separator != ',') return nullptr;
  }
}

const std::uint32_t* json_record::skip_array(const std::uint32_t* at, const std::uint32_t* last,
                                             unsigned depth) const noexcept {
  if (at == last) return nullptr;
  if (block_begin_[*at] == ']') return at + 1;
  for (;;) {
    at = skip_value(at, last, depth + 1);
    if (at == nullptr || at == last) return nullptr;
    const char separator = block_begin_[*at++];
    if (separator == ']') return at;
    if (separator != ',') return nullptr;
  }
}

bool json_record::is_scalar(const char* at) const noexcept {
  switch (*at) {
    case '"': return is_string(at);
    case 't': return is_literal(at, "true");
    case 'f': return is_literal(at, "false");
    case 'n': return is_literal(at, "null");
    case '{':
    case '[': return true;  // walked when it was met
    default: break;
  }
  decimal number;
  return scan_number(at, number_grammar::json, number) && ends_scalar(*number.end);
}

bool json_record::is_string(const char* at) const noexcept {
  if (*at != '"') return false;
  return *find_quote_or_backslash(at + 1) == '"' || index_.unescape(at + 1, scratch_.data()) != nullptr;
}

}  // namespace millrace::feed
