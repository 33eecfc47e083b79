// Text to parse tree, and the message when there is none.

#include <millrace/rules/tree.hpp>

#include <millrace/rules/grammar.hpp>
#include <millrace/rules/parse.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace millrace::rules {
namespace {

namespace pegtl = tao::pegtl;
namespace g = grammar;

/// What was expected at the furthest place that the parser came to.
struct furthest {
  std::size_t at = 0;
  std::vector<std::string_view> expected;
  std::vector<std::size_t> starts;

  void note(std::size_t position, std::string_view label) {
    if (position < at) return;
    if (position > at) expected.clear();
    at = position;
    if (std::ranges::find(expected, label) == expected.end()) expected.push_back(label);
  }
};

template <class Rule>
struct control : pegtl::normal<Rule> {
  static constexpr bool labelled = requires { Rule::label; };

  template <class Input>
  static void start(const Input& in, furthest& seen) {
    if constexpr (labelled) seen.starts.push_back(in.byte());
  }
  template <class Input>
  static void success(const Input&, furthest& seen) {
    if constexpr (labelled) seen.starts.pop_back();
  }
  template <class Input>
  static void failure(const Input&, furthest& seen) {
    if constexpr (labelled) {
      seen.note(seen.starts.back(), Rule::label);
      seen.starts.pop_back();
    }
  }
};

template <class Rule>
using kept = pegtl::parse_tree::selector<
    Rule,
    pegtl::parse_tree::store_content::on<
        g::name, g::operand_name, g::stage_name, g::type_name, g::capacity, g::integer_literal, g::floating,
        g::duration, g::duration_literal, g::text, g::truth, g::falsehood, g::comparison_sign, g::addition_sign,
        g::multiplication_sign, g::minus_sign, g::not_word, g::in_word, g::not_in_words, g::least, g::most,
        g::count_open, g::plus_sign, g::star_sign, g::question_sign, g::member, g::call, g::bracketed, g::plain_field,
        g::value_list, g::stage_field, g::event, g::field, g::field_type, g::fallback, g::when, g::time,
        g::time_arrival, g::time_out_of_order, g::time_watermarks, g::pattern, g::on_list, g::by_list, g::within,
        g::between_events, g::any_order, g::group, g::single, g::sequence, g::link_not_next, g::link_not_then,
        g::link_next, g::link_then_any, g::link_then, g::quantifier, g::late_quantifier, g::stage_type, g::greedy,
        g::strict, g::any, g::until_clause, g::stage_within, g::condition, g::skip_none, g::skip_next,
        g::skip_past_last, g::skip_to_first, g::skip_to_last, g::select, g::select_item, g::on_timeout, g::window,
        g::where, g::tumbling, g::hopping, g::sliding, g::session, g::by_count, g::event_count, g::grace, g::emit_final,
        g::emit_updates>,
    pegtl::parse_tree::fold_one::on<g::negation, g::product, g::sum, g::comparison, g::inversion, g::conjunction,
                                    g::expression>>;

/// The token at a place, as the message shall name it.
std::string found_at(std::string_view text, std::size_t at) {
  if (at >= text.size()) return "the end of the file";
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  std::size_t end = at + 1;
  if (is_word(text[at])) {
    while (end < text.size() && is_word(text[end])) ++end;
  } else if (text[at] == '"') {
    while (end < text.size() && text[end] != '"' && text[end] != '\n') ++end;
    if (end >= text.size() || text[end] == '\n') return "a string without its closing quote";
    ++end;
  } else if (end < text.size() && text[end] == '=' &&
             std::string_view("=!<>").find(text[at]) != std::string_view::npos) {
    ++end;
  } else {
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
  }
  return "'" + std::string(text.substr(at, std::min<std::size_t>(end - at, 40))) + "'";
}

std::string joined(std::vector<std::string_view> labels) {
  std::string made;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (i != 0) made += i + 1 == labels.size() ? " or " : ", ";
    made += labels[i];
  }
  return made;
}

[[noreturn]] void fail(const source_text& source, const furthest& seen) {
  const std::string found = found_at(source.text, seen.at);
  const std::size_t width = found.front() == '\'' ? found.size() - 2 : 1;
  for (const std::string_view later : {"'table'", "'enrich'", "'dedup'"})
    if (found == later && std::ranges::find(seen.expected, "'event'") != seen.expected.end())
      throw rules_error(source, {seen.at, seen.at + width},
                        "found " + found + ", which this version does not run; expected " + joined(seen.expected));
  throw rules_error(source, {seen.at, seen.at + width}, "found " + found + ", expected " + joined(seen.expected));
}

/// Strings and names of a rules file are printed in JSON and looked for in UTF-8 feeds.
void check_text(const source_text& source) {
  pegtl::memory_input in(source.text, source.name);
  pegtl::parse<pegtl::star<pegtl::utf8::not_one<U'\0'>>>(in);
  const std::size_t at = in.byte();
  if (at == source.text.size()) return;
  constexpr std::string_view digits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(source.text[at]);
  const std::string found{'0', 'x', digits[byte >> 4], digits[byte & 15]};
  throw rules_error(source, {at, at + 1},
                    "found byte " + found + ", expected " + (byte == 0 ? "text without NUL bytes" : "UTF-8"));
}

/// The parser recurses once a bracket, so brackets are counted before it starts.
void check_nesting(const source_text& source) {
  std::size_t depth = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < source.text.size(); ++i) {
    const char c = source.text[i];
    if (in_text) {
      if (c == '\\')
        ++i;
      else if (c == '"' || c == '\n')
        in_text = false;
    } else if (c == '#') {
      i = std::min(source.text.find('\n', i), source.text.size());
    } else if (c == '`') {
      i = std::min(source.text.find_first_of("`\n", i + 1), source.text.size());
    } else if (c == '"') {
      in_text = true;
    } else if (c == '(') {
      if (++depth > nesting_max)
        throw rules_error(source, {i, i + 1},
                          "found brackets nested more than " + std::to_string(nesting_max) + " deep, expected fewer");
    } else if (c == ')' && depth != 0) {
      --depth;
    }
  }
}

}  // namespace

std::unique_ptr<tree_node> parse_tree(const source_text& source) {
  if (source.text.size() > text_bytes_max)
    throw rules_error(source, {text_bytes_max, text_bytes_max},
                      "found a rules file of " + std::to_string(source.text.size()) + " bytes, expected at most " +
                          std::to_string(text_bytes_max));
  check_text(source);
  check_nesting(source);
  furthest seen;
  // The tree's nodes look at the input's name: it must be the caller's own and not a copy that ends here.
  pegtl::memory_input<pegtl::tracking_mode::eager, pegtl::eol::lf_crlf, std::string_view> in(
      source.text, std::string_view(source.name));
  auto root = pegtl::parse_tree::parse<g::file, kept, pegtl::nothing, control>(in, seen);
  if (!root) fail(source, seen);
  return root;
}

}  // namespace millrace::rules
