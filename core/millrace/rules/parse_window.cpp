// Parse tree to syntax: windows.

#include <millrace/rules/grammar.hpp>
#include <millrace/rules/parse_expression.hpp>
#include <millrace/rules/parse_parts.hpp>

namespace millrace::rules {
namespace {

namespace g = grammar;

class window_reader {
 public:
  explicit window_reader(const source_text& source) : source_(source) {}

  [[nodiscard]] window_syntax read(const tree_node& node) const {
    window_syntax made;
    made.name = name_of_node(*node.children.at(0));
    made.on = name_of_node(*node.children.at(1));
    for (std::size_t i = 2; i < node.children.size(); ++i) part(*node.children[i], made);
    return made;
  }

 private:
  void part(const tree_node& node, window_syntax& into) const {
    if (node.is_type<g::where>()) {
      into.where = read_expression(*node.children.at(0), source_);
    } else if (node.is_type<g::by_list>()) {
      into.by = names_of(node);
    } else if (node.is_type<g::grace>()) {
      into.grace_ns = read_duration(*node.children.at(0), source_);
      into.grace_where = range_of(node);
    } else if (node.is_type<g::emit_updates>()) {
      into.updates = true;
    } else if (node.is_type<g::select>()) {
      into.select = read_select(node, source_);
    } else if (!node.is_type<g::emit_final>()) {
      kind(node, into);
    }
  }

  void kind(const tree_node& node, window_syntax& into) const {
    into.kind_where = range_of(node);
    if (node.is_type<g::by_count>()) {
      into.kind = window_kind::count;
      into.count = read_number(*node.children.at(0), source_);
      into.every_count = node.children.size() > 1 ? read_number(*node.children[1], source_) : into.count;
      return;
    }
    into.size_ns = read_duration(*node.children.at(0), source_);
    if (node.is_type<g::hopping>()) {
      into.kind = window_kind::hopping;
      into.every_ns = read_duration(*node.children.at(1), source_);
    }
    if (node.is_type<g::sliding>()) into.kind = window_kind::sliding;
    if (node.is_type<g::session>()) into.kind = window_kind::session;
  }

  const source_text& source_;
};

}  // namespace

window_syntax read_window(const tree_node& node, const source_text& source) { return window_reader(source).read(node); }

}  // namespace millrace::rules
