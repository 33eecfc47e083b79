#include <millrace/rules/parse_parts.hpp>

#include <millrace/rules/parse_expression.hpp>
#include <millrace/time/timestamp.hpp>

#include <charconv>
#include <string>

namespace millrace::rules {

std::uint64_t read_number(const tree_node& node, const source_text& source) {
  std::uint64_t value = 0;
  const auto text = node.string_view();
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{})
    throw rules_error(source, range_of(node), "found " + std::string(text) + ", expected a number below 2^64");
  return value;
}

std::int64_t read_duration(const tree_node& node, const source_text& source) {
  const auto ns = parse_duration(node.string_view());
  if (!ns)
    throw rules_error(source, range_of(node),
                      "found " + std::string(node.string_view()) + ", expected a duration of at most 292 years");
  return *ns;
}

std::vector<name_syntax> names_of(const tree_node& node) {
  std::vector<name_syntax> made;
  for (const auto& child : node.children) made.push_back(name_of_node(*child));
  return made;
}

std::vector<select_syntax> read_select(const tree_node& node, const source_text& source) {
  std::vector<select_syntax> made;
  for (const auto& item : node.children) {
    made.push_back({name_of_node(*item->children.at(0)), std::nullopt});
    if (item->children.size() > 1) made.back().value = read_expression(*item->children[1], source);
  }
  return made;
}

}  // namespace millrace::rules
