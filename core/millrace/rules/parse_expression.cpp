#include <millrace/rules/parse_expression.hpp>

#include <millrace/rules/grammar.hpp>
#include <millrace/time/timestamp.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>

namespace millrace::rules {
namespace {

namespace g = grammar;
using expr::syntax;
using expr::syntax_kind;

syntax make(syntax_kind kind, source_range where) {
  syntax made;
  made.kind = kind;
  made.where = where;
  return made;
}

std::string unescaped(std::string_view quoted) {
  std::string made;
  for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
    if (quoted[i] != '\\') {
      made += quoted[i];
      continue;
    }
    const char c = quoted[++i];
    made += c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
  }
  return made;
}

syntax_kind sign_kind(std::string_view sign) {
  constexpr std::pair<std::string_view, syntax_kind> signs[]{
      {"==", syntax_kind::equal},      {"!=", syntax_kind::not_equal}, {"<", syntax_kind::less},
      {"<=", syntax_kind::less_equal}, {">", syntax_kind::greater},    {">=", syntax_kind::greater_equal},
      {"+", syntax_kind::add},         {"-", syntax_kind::subtract},   {"*", syntax_kind::multiply},
      {"/", syntax_kind::divide},      {"%", syntax_kind::modulo}};
  for (const auto& [text, kind] : signs)
    if (text == sign) return kind;
  return syntax_kind::equal;
}

syntax binary(syntax_kind kind, syntax left, syntax right) {
  syntax made = make(kind, {left.where.begin, right.where.end});
  made.operands.push_back(std::move(left));
  made.operands.push_back(std::move(right));
  return made;
}

class expression_reader {
 public:
  explicit expression_reader(const source_text& source) : source_(source) {}

  [[nodiscard]] syntax read(const tree_node& node) const {
    if (node.is_type<g::expression>()) return joined(node, syntax_kind::logical_or);
    if (node.is_type<g::conjunction>()) return joined(node, syntax_kind::logical_and);
    if (node.is_type<g::sum>() || node.is_type<g::product>()) return chain(node);
    if (node.is_type<g::inversion>()) return prefixed(node, syntax_kind::logical_not);
    if (node.is_type<g::negation>()) return prefixed(node, syntax_kind::negate);
    if (node.is_type<g::comparison>()) return comparison(node);
    return primary(node);
  }

  [[nodiscard]] syntax literal(const tree_node& node) const {
    syntax made = make(syntax_kind::boolean, range_of(node));
    if (node.is_type<g::duration_literal>()) {
      const auto ns = parse_duration(node.string_view());
      if (!ns) refuse(node, "a duration of at most 292 years");
      made.kind = syntax_kind::duration;
      made.integer = static_cast<std::uint64_t>(*ns);
    } else if (node.is_type<g::floating>()) {
      made.kind = syntax_kind::floating;
      const auto text = node.string_view();
      if (std::from_chars(text.data(), text.data() + text.size(), made.floating).ec != std::errc{})
        refuse(node, "a number in the range of f64");
    } else if (node.is_type<g::integer_literal>()) {
      made.kind = syntax_kind::integer;
      const auto text = node.string_view();
      if (std::from_chars(text.data(), text.data() + text.size(), made.integer).ec != std::errc{})
        refuse(node, "an integer below 2^64");
    } else if (node.is_type<g::text>()) {
      made.kind = syntax_kind::text;
      made.name = unescaped(node.string_view());
    } else {
      made.integer = node.is_type<g::truth>() ? 1 : 0;
    }
    return made;
  }

 private:
  [[noreturn]] void refuse(const tree_node& node, const std::string& expected) const {
    throw rules_error(source_, range_of(node), "found " + std::string(node.string_view()) + ", expected " + expected);
  }

  [[nodiscard]] syntax joined(const tree_node& node, syntax_kind kind) const {
    syntax made = make(kind, range_of(node));
    for (const auto& child : node.children) made.operands.push_back(read(*child));
    made.where = {made.operands.front().where.begin, made.operands.back().where.end};
    return made;
  }

  [[nodiscard]] syntax chain(const tree_node& node) const {
    const path_guard path(*this, node, node.children.size() / 2);
    syntax made = read(*node.children.at(0));
    for (std::size_t i = 1; i + 1 < node.children.size(); i += 2)
      made = binary(sign_kind(node.children[i]->string_view()), std::move(made), read(*node.children[i + 1]));
    return made;
  }

  [[nodiscard]] syntax prefixed(const tree_node& node, syntax_kind kind) const {
    const path_guard path(*this, node, node.children.size() - 1);
    syntax made = read(*node.children.back());
    for (std::size_t i = node.children.size() - 1; i-- > 0;) {
      syntax outer = make(kind, {range_of(*node.children[i]).begin, made.where.end});
      outer.operands.push_back(std::move(made));
      made = std::move(outer);
    }
    return made;
  }

  /// Counts the operators on the way down: whatever walks the tree later recurses once for each. Counts every
  /// operand of a chain as its deepest, so it allows twice what the compiler, which counts exactly, accepts.
  class path_guard {
   public:
    path_guard(const expression_reader& of, const tree_node& node, std::size_t operators)
        : of_(of), operators_(operators) {
      of_.path_ += operators_;
      if (of_.path_ > 2 * expr::chain_max)
        throw rules_error(of_.source_, range_of(node),
                          "the expression is too long: expected at most 1000 operators in a chain");
    }
    ~path_guard() { of_.path_ -= operators_; }
    path_guard(const path_guard&) = delete;
    path_guard& operator=(const path_guard&) = delete;

   private:
    const expression_reader& of_;
    std::size_t operators_;
  };

  [[nodiscard]] syntax comparison(const tree_node& node) const {
    syntax left = read(*node.children.at(0));
    const tree_node& sign = *node.children.at(1);
    const tree_node& right = *node.children.at(2);
    if (sign.is_type<g::comparison_sign>()) return binary(sign_kind(sign.string_view()), std::move(left), read(right));
    const bool inverted = sign.is_type<g::not_in_words>();
    if (right.is_type<g::stage_field>()) {
      const auto kind = inverted ? syntax_kind::not_in_stage : syntax_kind::in_stage;
      return binary(kind, std::move(left), member(right));
    }
    syntax made =
        make(inverted ? syntax_kind::not_in_list : syntax_kind::in_list, {left.where.begin, range_of(right).end});
    made.operands.push_back(std::move(left));
    for (const auto& child : right.children) made.operands.push_back(read(*child));
    return made;
  }

  [[nodiscard]] static syntax member(const tree_node& node) {
    syntax made = make(syntax_kind::member, range_of(node));
    made.name = name_of_node(*node.children.at(0)).text;
    made.member = name_of_node(*node.children.at(1)).text;
    return made;
  }

  [[nodiscard]] syntax primary(const tree_node& node) const {
    if (node.is_type<g::bracketed>()) {
      syntax made = read(*node.children.at(0));
      made.where = range_of(node);
      return made;
    }
    if (node.is_type<g::member>()) return member(node);
    if (node.is_type<g::plain_field>()) {
      syntax made = make(syntax_kind::name, range_of(node));
      made.name = name_of_node(*node.children.at(0)).text;
      return made;
    }
    if (!node.is_type<g::call>()) return literal(node);
    syntax made = make(syntax_kind::call, range_of(node));
    made.name = name_of_node(*node.children.at(0)).text;
    for (std::size_t i = 1; i < node.children.size(); ++i) made.operands.push_back(read(*node.children[i]));
    return made;
  }

  const source_text& source_;
  mutable std::size_t path_ = 0;  // operators between the root and the node in hand
};

/// Bytes of `text` up to the end of its last token: blanks and comments behind it are not part of it.
std::size_t without_gap(std::string_view text) noexcept {
  std::size_t end = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '#') {
      i = std::min(text.find('\n', i), text.size());
    } else if (c == '"' || c == '`') {
      for (++i; i < text.size() && text[i] != c; ++i) i += c == '"' && text[i] == '\\' ? 1U : 0U;
      end = std::min(i + 1, text.size());
    } else if (c != ' ' && (c < '\t' || c > '\r')) {
      end = i + 1;
    }
  }
  return end;
}

}  // namespace

source_range range_of(const tree_node& node) {
  const std::size_t begin = node.begin().byte;
  return {begin, begin + (node.has_content() ? without_gap(node.string_view()) : 0)};
}

name_syntax name_of_node(const tree_node& node) {
  std::string_view text = node.string_view();
  if (text.starts_with('`')) text = text.substr(1, text.size() - 2);
  return {std::string(text), range_of(node)};
}

syntax read_expression(const tree_node& node, const source_text& source) {
  return expression_reader(source).read(node);
}

syntax read_literal(const tree_node& node, const source_text& source) {
  syntax made = expression_reader(source).literal(*node.children.back());
  if (node.children.size() == 1) return made;
  syntax negated = make(syntax_kind::negate, {range_of(*node.children.front()).begin, made.where.end});
  negated.operands.push_back(std::move(made));
  return negated;
}

}  // namespace millrace::rules
