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

located locate(std::string_view source, std::size_t offset) {
  offset = std::min(offset, source.size());
  const std::string_view before = source.substr(0, offset);
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  const std::string_view line =
      source.substr(line_start, std::min(source.find('\n', line_start), source.size()) - line_start);
  const std::string_view lead = source.substr(line_start, offset - line_start);
  const auto characters =
      std::ranges::count_if(lead, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
  return {static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1, static_cast<std::size_t>(characters) + 1,
          line, lead.size()};
}

/// Text for a terminal: control characters would act on it.
std::string printable(std::string_view text) {
  std::string made;
  for (const char c : text) made += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  return made;
}

std::string compose(const source_text& source, source_range where, std::string_view message) {
  const located at = locate(source.text, where.begin);
  std::string text = source.name + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": error: ";
  text += message;
  text += "\n    " + printable(at.text) + "\n    " + std::string(at.column - 1, ' ') + "^";
  const std::string_view marked =
      at.text.substr(std::min(at.offset, at.text.size()), where.end > where.begin ? where.end - where.begin : 0);
  const auto wide =
      std::ranges::count_if(marked, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
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
