#include <millrace/rules/statements.hpp>

#include <millrace/base/error.hpp>
#include <millrace/rules/grammar.hpp>
#include <millrace/rules/parse_expression.hpp>
#include <millrace/rules/tree.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace millrace::rules {
namespace {

constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Where the token that begins at `at` ends, as far as blanks and comments inside of it are none.
std::size_t end_of_token(std::string_view text, std::size_t at) {
  const char quote = text[at];
  if (quote != '"' && quote != '`') return at + 1;
  for (++at; at < text.size() && text[at] != quote; ++at)
    if (text[at] == '\\' && quote == '"') ++at;
  return std::min(at + 1, text.size());
}

std::string plain(std::string_view text) {
  std::string made;
  bool blank = false;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else if (is_blank(text[at])) {
      blank = true;
      ++at;
    } else {
      if (std::exchange(blank, false) && !made.empty()) made += ' ';
      const std::size_t end = end_of_token(text, at);
      made += text.substr(at, end - at);
      at = end;
    }
  }
  return made;
}

/// The state of a window is that of its whole run: one that changed would begin in the middle of its first result.
void check_same_windows(const statements& before, const statements& after) {
  const std::string expected =
      ", expected the same windows as before: only patterns can change while events flow; start anew for more";
  const auto find = [](const std::vector<statements::named>& in, const std::string& name) {
    return std::ranges::find(in, name, &statements::named::name);
  };
  for (const auto& window : after.windows) {
    const auto known = find(before.windows, window.name);
    if (known == before.windows.end()) throw error("found a new window " + window.name + expected);
    if (known->text != window.text) throw error("found a change of window " + window.name + expected);
  }
  for (const auto& window : before.windows)
    if (find(after.windows, window.name) == after.windows.end())
      throw error("found no window " + window.name + " any more" + expected);
}

void check_same_declarations(const statements& before, const statements& after) {
  const auto expected =
      ", expected the same as before: only patterns can change while events flow; start anew for more";
  const auto find = [](const std::vector<statements::named>& in, const std::string& name) {
    return std::ranges::find(in, name, &statements::named::name);
  };
  for (const auto& event : after.events) {
    const auto known = find(before.events, event.name);
    if (known == before.events.end()) throw error("found a new event " + event.name + expected);
    if (known->text != event.text) throw error("found another declaration of event " + event.name + expected);
  }
  for (const auto& event : before.events)
    if (find(after.events, event.name) == after.events.end())
      throw error("found no declaration of event " + event.name + " any more" + expected);
  if (!std::ranges::equal(before.events, after.events, {}, &statements::named::name, &statements::named::name))
    throw error(std::string("found the events in another order") + expected);
  if (before.times != after.times) throw error(std::string("found another 'time'") + expected);
  check_same_windows(before, after);
}

}  // namespace

statements read_statements(const source_text& source) {
  statements made;
  const auto root = parse_tree(source);
  for (const auto& child : root->children) {
    std::string text = plain(child->string_view());
    if (child->is_type<grammar::event>())
      made.events.push_back({name_of_node(*child->children.at(0)).text, std::move(text)});
    else if (child->is_type<grammar::pattern>())
      made.patterns.push_back({name_of_node(*child->children.at(0)).text, std::move(text)});
    else if (child->is_type<grammar::window>())
      made.windows.push_back({name_of_node(*child->children.at(0)).text, std::move(text)});
    else
      made.times.push_back(std::move(text));
  }
  return made;
}

rules_change change_between(const statements& before, const statements& after, std::shared_ptr<const program> to) {
  check_same_declarations(before, after);
  rules_change made;
  made.from = std::move(to);
  for (const auto& pattern : after.patterns) {
    const auto known = std::ranges::find(before.patterns, pattern.name, &statements::named::name);
    if (known == before.patterns.end() || known->text != pattern.text) made.put.push_back(pattern.name);
  }
  for (const auto& pattern : before.patterns)
    if (std::ranges::find(after.patterns, pattern.name, &statements::named::name) == after.patterns.end())
      made.remove.push_back(pattern.name);
  return made;
}

}  // namespace millrace::rules
