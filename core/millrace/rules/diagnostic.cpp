#include <millrace/rules/diagnostic.hpp>

#include <algorithm>

namespace millrace::rules {
namespace {

struct located {
  std::size_t line;
  std::size_t column;
  std::string_view text;  // of the line
  std::size_t offset;     // in the line, in bytes
};

constexpr std::size_t shown_bytes_max = 200;

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

located locate(std::string_view source, std::size_t offset) {
  offset = std::min(offset, source.size());
  const std::string_view before = source.substr(0, offset);
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  const std::string_view line =
      source.substr(line_start, std::min(source.find('\n', line_start), source.size()) - line_start);
  const std::string_view lead = source.substr(line_start, offset - line_start);
  const auto characters = std::ranges::count_if(lead, begins_character);
  return {static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1, static_cast<std::size_t>(characters) + 1,
          line, lead.size()};
}

/// Text for a terminal: control characters, those of two bytes (U+0080 to U+009F) too, would act on it, and
/// bytes that are no UTF-8 would upset it. As many characters as there were.
std::string printable(std::string_view text) {
  std::string made;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool control_of_two = c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (control_of_two) ++i;
    made += c < 0x20 || c == 0x7F || c >= 0xF5 || control_of_two ? ' ' : static_cast<char>(c);
  }
  return made;
}

/// The part of a line that is shown: of a long one, what stands around the place.
located around(located at) {
  if (at.text.size() <= shown_bytes_max) return at;
  std::size_t begin = at.offset > shown_bytes_max / 2 ? at.offset - shown_bytes_max / 2 : 0;
  while (begin > 0 && !begins_character(at.text[begin])) --begin;
  std::size_t end = std::min(at.text.size(), begin + shown_bytes_max);
  while (end < at.text.size() && !begins_character(at.text[end])) ++end;
  at.column -= static_cast<std::size_t>(std::ranges::count_if(at.text.substr(0, begin), begins_character));
  at.text = at.text.substr(begin, end - begin);
  at.offset -= begin;
  return at;
}

std::string compose(const source_text& source, source_range where, std::string_view message) {
  const located at = locate(source.text, where.begin);
  const located shown = around(at);
  std::string text =
      printable(source.name) + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": error: ";
  text += printable(message);
  text += "\n    " + printable(shown.text) + "\n    " + std::string(shown.column - 1, ' ') + "^";
  const std::size_t bytes = where.end > where.begin ? where.end - where.begin : 0;
  const auto wide =
      std::ranges::count_if(shown.text.substr(std::min(shown.offset, shown.text.size()), bytes), begins_character);
  if (wide > 1) text += std::string(static_cast<std::size_t>(wide) - 1, '~');
  return text;
}

}  // namespace

rules_error::rules_error(const source_text& source, source_range where, std::string_view message)
    : error(compose(source, where, message)) {
  const located at = locate(source.text, where.begin);
  line_ = at.line;
  column_ = at.column;
}

}  // namespace millrace::rules
