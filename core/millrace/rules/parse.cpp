// Parse tree to syntax: events, time and patterns. Expressions are in parse_expression.cpp.

#include <millrace/rules/parse.hpp>

#include <millrace/rules/grammar.hpp>
#include <millrace/rules/parse_expression.hpp>
#include <millrace/rules/parse_parts.hpp>
#include <millrace/rules/tree.hpp>

#include <utility>

namespace millrace::rules {
namespace {

namespace g = grammar;

class reader {
 public:
  explicit reader(const source_text& source) : source_(source) {}

  file_syntax file(const tree_node& root) const {
    file_syntax made;
    for (const auto& child : root.children) {
      if (child->is_type<g::event>())
        made.events.push_back(event(*child));
      else if (child->is_type<g::pattern>())
        made.patterns.push_back(pattern(*child));
      else if (child->is_type<g::window>())
        made.windows.push_back(read_window(*child, source_));
      else
        made.times.push_back(time(*child));
    }
    return made;
  }

 private:
  [[nodiscard]] std::uint64_t number(const tree_node& node) const { return read_number(node, source_); }
  [[nodiscard]] std::int64_t duration(const tree_node& node) const { return read_duration(node, source_); }
  [[nodiscard]] expr::syntax expression(const tree_node& node) const { return read_expression(node, source_); }

  // --- events and time ----------------------------------------------------------------------------------

  [[nodiscard]] event_syntax event(const tree_node& node) const {
    event_syntax made{name_of_node(*node.children.at(0)), std::nullopt, {}};
    for (std::size_t i = 1; i < node.children.size(); ++i) {
      const tree_node& child = *node.children[i];
      if (child.is_type<g::when>())
        made.when = expression(*child.children.at(0));
      else
        made.fields.push_back(field(child));
    }
    return made;
  }

  [[nodiscard]] field_syntax field(const tree_node& node) const {
    field_syntax made{name_of_node(*node.children.at(0)), {}, std::nullopt, std::nullopt, std::nullopt};
    const tree_node& type = *node.children.at(1);
    made.type = name_of_node(*type.children.at(0));
    if (type.children.size() > 1) {
      if (type.children[1]->is_type<g::capacity>())
        made.capacity = number(*type.children[1]);
      else
        made.unit = name_of_node(*type.children[1]);
    }
    if (node.children.size() > 2) made.fallback = read_literal(*node.children[2], source_);
    return made;
  }

  [[nodiscard]] time_syntax time(const tree_node& node) const {
    time_syntax made{range_of(node), time_mode::arrival, 0};
    const tree_node& mode = *node.children.at(0);
    if (mode.is_type<g::time_watermarks>()) made.mode = time_mode::watermarks;
    if (mode.is_type<g::time_out_of_order>()) {
      made.mode = time_mode::out_of_order;
      made.disorder_ns = duration(*mode.children.at(0));
    }
    return made;
  }

  // --- patterns -----------------------------------------------------------------------------------------

  [[nodiscard]] pattern_syntax pattern(const tree_node& node) const {
    pattern_syntax made;
    made.name = name_of_node(*node.children.at(0));
    for (std::size_t i = 1; i < node.children.size(); ++i) pattern_part(*node.children[i], made);
    return made;
  }

  void pattern_part(const tree_node& part, pattern_syntax& into) const {
    if (part.is_type<g::on_list>()) {
      into.on = names_of(part);
    } else if (part.is_type<g::by_list>()) {
      into.by = names_of(part);
    } else if (part.is_type<g::within>()) {
      into.within_ns = duration(*part.children.at(0));
      into.within_where = range_of(part);
      into.within_between_events = part.children.size() > 1;
    } else if (part.is_type<g::sequence>()) {
      into.stages = sequence(part);
    } else if (part.is_type<g::select>()) {
      into.select = read_select(part, source_);
    } else if (part.is_type<g::on_timeout>()) {
      into.on_timeout = true;
      if (!part.children.empty()) into.timeout_select = read_select(*part.children[0], source_);
    } else {
      skip(part, into);
    }
  }

  static void skip(const tree_node& part, pattern_syntax& into) {
    if (part.is_type<g::skip_next>()) into.skip = cep::skip_strategy::next;
    if (part.is_type<g::skip_past_last>()) into.skip = cep::skip_strategy::past_last;
    if (part.is_type<g::skip_to_first>()) into.skip = cep::skip_strategy::to_first;
    if (part.is_type<g::skip_to_last>()) into.skip = cep::skip_strategy::to_last;
    if (!part.children.empty()) into.skip_to = name_of_node(*part.children[0]);
  }

  [[nodiscard]] std::vector<stage_syntax> sequence(const tree_node& node) const {
    std::vector<stage_syntax> made;
    stage_syntax next;
    for (const auto& child : node.children) {
      if (is_stage(*child)) {
        if (child->is_type<g::any_order>() && (next.link == cep::link::not_next || next.link == cep::link::not_then))
          throw rules_error(source_, range_of(*child),
                            "found 'not' before all ( … ), expected a single stage; write a negation for each member");
        stage(*child, next);
        made.push_back(std::exchange(next, {}));
      } else {
        next.has_link = true;
        next.link = link(*child);
      }
    }
    return made;
  }

  static bool is_stage(const tree_node& node) {
    return node.is_type<g::single>() || node.is_type<g::group>() || node.is_type<g::any_order>();
  }

  void any_order(const tree_node& node, stage_syntax& into) const {
    into.where = range_of(node);
    into.any_order = true;
    for (const auto& child : node.children) {
      if (is_stage(*child))
        stage(*child, into.members.emplace_back());
      else
        refuse_in_any_order(*child);
    }
    if (into.members.size() < 2)
      throw rules_error(source_, into.where,
                        "found all ( … ) with " + std::to_string(into.members.size()) +
                            " members, expected at least 2; write a single stage without all");
  }

  [[noreturn]] void refuse_in_any_order(const tree_node& node) const {
    const std::string found = "found '" + text_of(node) + "' ";
    if (node.is_type<g::condition>() || node.is_type<g::stage_type>())
      throw rules_error(source_, range_of(node), found + "behind all ( … ), expected it on each of its members");
    if (node.is_type<g::stage_within>())
      throw rules_error(source_, range_of(node),
                        found +
                            "behind all ( … ), expected it on the pattern; write 'within D' or 'within D between "
                            "events' in its header");
    if (is_modifier(node))
      throw rules_error(source_, range_of(node),
                        found + "behind all ( … ), expected none; put it on a group: ( all ( … ) )+ " + text_of(node));
    if (node.is_type<g::quantifier>() || node.is_type<g::late_quantifier>())
      throw rules_error(source_, range_of(node),
                        found + "behind all ( … ), expected none; put it on a group: ( all ( … ) )" + text_of(node));
    throw rules_error(source_, range_of(node),
                      found +
                          "before a member of all ( … ), expected ',' between members and no link; link what has an "
                          "order before or behind all ( … )");
  }

  static bool is_modifier(const tree_node& node) {
    return node.is_type<g::greedy>() || node.is_type<g::strict>() || node.is_type<g::any>() ||
           node.is_type<g::until_clause>();
  }

  static cep::link link(const tree_node& node) {
    if (node.is_type<g::link_not_next>()) return cep::link::not_next;
    if (node.is_type<g::link_not_then>()) return cep::link::not_then;
    if (node.is_type<g::link_then_any>()) return cep::link::then_any;
    return node.is_type<g::link_then>() ? cep::link::then : cep::link::next;
  }

  void stage(const tree_node& node, stage_syntax& into) const {
    if (node.is_type<g::any_order>()) return any_order(node, into);
    into.where = range_of(node);
    for (const auto& child : node.children) {
      if (child->is_type<g::stage_name>())
        into.name = name_of_node(*child);
      else if (child->is_type<g::sequence>())
        into.members = sequence(*child);
      else if (child->is_type<g::condition>())
        condition(*child, into);
      else if (child->is_type<g::quantifier>())
        quantifier(*child, into.quantifier);
      else
        modifier(*child, into);
    }
  }

  void condition(const tree_node& node, stage_syntax& into) const {
    if (!into.members.empty())
      throw rules_error(source_, range_of(node),
                        "found '" + text_of(node) + "' behind a group, expected it on the stages inside");
    into.condition = expression(*node.children.at(0));
  }

  [[nodiscard]] std::string text_of(const tree_node& node) const {
    const source_range where = range_of(node);
    return source_.text.substr(where.begin, where.end - where.begin);
  }

  void modifier(const tree_node& node, stage_syntax& into) const {
    const auto once = [&](bool repeated) {
      if (repeated)
        throw rules_error(source_, range_of(node), "found " + text_of(node) + " a second time, expected it once");
    };
    if (node.is_type<g::late_quantifier>()) {
      refuse_late_quantifier(node, into);
    } else if (node.is_type<g::stage_type>()) {
      once(into.type.has_value());
      into.type = name_of_node(*node.children.at(0));
    } else if (node.is_type<g::greedy>()) {
      once(into.quantifier.greedy);
      into.quantifier.greedy = true;
    } else if (node.is_type<g::until_clause>()) {
      once(into.until.has_value());
      into.until = expression(*node.children.at(0));
    } else if (node.is_type<g::stage_within>()) {
      once(into.gap_ns.has_value());
      into.gap_ns = duration(*node.children.at(0));
    } else {
      once(into.quantifier.inner_given);
      into.quantifier.inner_given = true;
      into.quantifier.inner = node.is_type<g::strict>() ? cep::contiguity::strict : cep::contiguity::any;
    }
  }

  [[noreturn]] void refuse_late_quantifier(const tree_node& node, const stage_syntax& into) const {
    if (into.quantifier != cep::quantifier{} && !into.quantifier.counted && !into.quantifier.optional)
      throw rules_error(source_, range_of(node),
                        "found '" + text_of(node) + "' behind a modifier, expected it right behind the name");
    throw rules_error(source_, range_of(node),
                      "found a second quantifier '" + text_of(node) +
                          "' on one stage, expected one; put the first in a group to repeat that: ( … )" +
                          text_of(node));
  }

  void quantifier(const tree_node& node, cep::quantifier& into) const {
    bool comma = false;
    for (const auto& child : node.children) {
      if (child->is_type<g::question_sign>()) {
        into.optional = true;
      } else if (child->is_type<g::least>() || child->is_type<g::most>()) {
        const std::uint64_t count = number(*child);
        if (count > cep::repetition_max)
          throw rules_error(source_, range_of(*child),
                            "found " + std::to_string(count) + " repetitions, expected at most " +
                                std::to_string(cep::repetition_max));
        into.counted = true;
        if (child->is_type<g::least>())
          into.least = into.most = static_cast<std::uint32_t>(count);
        else
          into.most = static_cast<std::uint32_t>(count);
        comma = comma && child->is_type<g::least>();
      } else if (child->is_type<g::count_open>()) {
        comma = true;
      } else {
        into.counted = into.unbounded = true;
        into.optional = child->is_type<g::star_sign>();
      }
    }
    if (comma) into.unbounded = true;
    // {0,n} is Flink's times(0, n): at most n, or none.
    if (into.counted && into.least == 0 && into.most > 0 && !into.unbounded) {
      into.least = 1;
      into.optional = into.from_zero = true;
    }
  }

  const source_text& source_;
};

}  // namespace

file_syntax parse(const source_text& source) { return reader(source).file(*parse_tree(source)); }

}  // namespace millrace::rules
