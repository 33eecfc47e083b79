#pragma once

#include "trade.hpp"

#include <limits>
#include <random>

namespace millrace::expr {

/// Random expressions that the type checker must accept, and random records to evaluate them over.
class random_expression {
 public:
  explicit random_expression(std::uint32_t seed) : random_(seed) {}

  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }

  syntax of(value_kind kind, int depth) {
    switch (kind) {
      case value_kind::boolean: return condition(depth);
      case value_kind::integer: return integer(depth);
      case value_kind::floating: return floating(depth);
      case value_kind::text: return text(depth);
      case value_kind::timestamp: return timestamp(depth);
      case value_kind::duration: return duration(depth);
    }
    return {};
  }

  record cells() {
    record made;
    made["ok"] = below(2) == 0;
    made["i8"] = integer_in<std::int8_t>();
    made["i16"] = integer_in<std::int16_t>();
    made["i32"] = integer_in<std::int32_t>();
    made["i64"] = integer_in<std::int64_t>();
    made["u8"] = integer_in<std::uint8_t>();
    made["u16"] = integer_in<std::uint16_t>();
    made["u32"] = integer_in<std::uint32_t>();
    made["u64"] = integer_in<std::uint64_t>();
    made["f32"] = static_cast<double>(static_cast<float>(below(9)) / 4 - 1);
    made["f64"] = below(2) == 0 ? static_cast<double>(below(9)) / 4 - 1
                                : std::ldexp(static_cast<double>(random_()), static_cast<int>(below(80)) - 40);
    made["name"] = word(6);
    made["note"] = word(20);
    made["ts"] = integer_in<std::int64_t>();
    made["wait"] = integer_in<std::int64_t>();
    return made;
  }

 private:
  template <class T>
  wide integer_in() {
    constexpr T ends[]{std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), 0, 1, 2, 3};
    return below(8) == 0 ? static_cast<wide>(static_cast<T>(random_()))
                         : static_cast<wide>(ends[below(8) == 0 ? below(2) : 2 + below(4)]);
  }

  std::string word(std::size_t longest) {
    std::string made;
    for (std::size_t n = below(4) == 0 ? below(static_cast<std::uint32_t>(longest) + 1) : below(3); n > 0; --n)
      made += "aAbB"[below(4)];
    return made;
  }

  std::string pick(std::initializer_list<const char*> of) {
    return *(of.begin() + below(static_cast<std::uint32_t>(of.size())));
  }

  static syntax node(syntax_kind kind, std::vector<syntax> operands = {}, std::string name = {},
                     std::string member = {}) {
    syntax made;
    made.kind = kind;
    made.operands = std::move(operands);
    made.name = std::move(name);
    made.member = std::move(member);
    return made;
  }
  syntax field(std::initializer_list<const char*> of) { return node(syntax_kind::name, {}, pick(of)); }
  syntax member(std::initializer_list<const char*> of) {
    return node(syntax_kind::member, {}, pick({"a", "a", "b", "never"}), pick(of));
  }
  syntax call(std::initializer_list<const char*> names, std::vector<syntax> arguments) {
    return node(syntax_kind::call, std::move(arguments), pick(names));
  }
  syntax negated(syntax of) { return node(syntax_kind::negate, {std::move(of)}); }

#define MILLRACE_INTEGER_FIELDS \
  { "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64" }
#define MILLRACE_FLOATING_FIELDS \
  { "f32", "f64" }

  syntax integer(int depth) {
    if (depth <= 0 || below(4) == 0) {
      if (below(3) != 0) return field(MILLRACE_INTEGER_FIELDS);
      syntax literal = node(syntax_kind::integer);
      literal.integer = below(4) == 0 ? random_() : below(4);
      return literal;
    }
    switch (below(8)) {
      case 0: return negated(integer(depth - 1));
      case 1: return member(MILLRACE_INTEGER_FIELDS);
      case 2: return call({"sum", "min", "max", "first", "last"}, {member(MILLRACE_INTEGER_FIELDS)});
      case 3: return call({"distinct"}, {member({"ok", "i8", "u64", "f64", "name", "ts", "wait"})});
      case 4:
        return below(2) == 0 ? call({"count"}, {field({"a", "b", "never"})})
                             : call({"abs", "floor", "ceil"}, {integer(depth - 1)});
      case 5: return call({"min", "max"}, {integer(depth - 1), integer(depth - 1), integer(depth - 2)});
      default: break;
    }
    constexpr syntax_kind signs[]{syntax_kind::add, syntax_kind::subtract, syntax_kind::multiply, syntax_kind::modulo};
    return node(signs[below(4)], {integer(depth - 1), integer(depth - 1)});
  }

  syntax number(int depth) { return below(2) == 0 ? integer(depth) : floating(depth); }

  syntax floating(int depth) {
    if (depth <= 0 || below(4) == 0) {
      if (below(3) != 0) return field(MILLRACE_FLOATING_FIELDS);
      syntax literal = node(syntax_kind::floating);
      literal.floating = static_cast<double>(below(9)) / 4;
      return literal;
    }
    switch (below(8)) {
      case 0: return negated(floating(depth - 1));
      case 1: return member(MILLRACE_FLOATING_FIELDS);
      case 2: return call({"sum", "min", "max", "first", "last"}, {member(MILLRACE_FLOATING_FIELDS)});
      case 3: return call({"avg"}, {member({"i8", "u64", "f32", "f64"})});
      case 4: return call({"sqrt", "exp", "log"}, {number(depth - 1)});
      case 5: return call({"abs", "floor", "ceil"}, {floating(depth - 1)});
      case 6:
        return call({"min", "max"}, {integer(depth - 1), integer(depth - 1), floating(depth - 1), integer(depth - 1)});
      default: break;
    }
    if (below(3) == 0) return node(syntax_kind::divide, {number(depth - 1), number(depth - 1)});
    if (below(4) == 0) return node(syntax_kind::divide, {duration(depth - 1), duration(depth - 1)});
    constexpr syntax_kind signs[]{syntax_kind::add, syntax_kind::subtract, syntax_kind::multiply};
    const syntax_kind sign = signs[below(3)];
    return below(2) == 0 ? node(sign, {floating(depth - 1), number(depth - 1)})
                         : node(sign, {number(depth - 1), floating(depth - 1)});
  }

  syntax text(int depth) {
    if (depth <= 0 || below(3) == 0)
      return below(2) == 0 ? field({"name", "note"}) : node(syntax_kind::text, {}, word(12));
    switch (below(3)) {
      case 0: return member({"name", "note"});
      case 1: return call({"first", "last"}, {member({"name", "note"})});
      default: return call({"lower", "upper"}, {text(depth - 1)});
    }
  }

  syntax timestamp(int depth) {
    if (depth <= 0 || below(3) == 0) return field({"ts"});
    switch (below(4)) {
      case 0: return member({"ts"});
      case 1: return call({"first", "last", "min", "max"}, {member({"ts"})});
      case 2: return call({"min", "max"}, {timestamp(depth - 1), timestamp(depth - 1)});
      default:
        return node(below(2) == 0 ? syntax_kind::add : syntax_kind::subtract,
                    {timestamp(depth - 1), duration(depth - 1)});
    }
  }

  syntax duration(int depth) {
    if (depth <= 0 || below(3) == 0) {
      if (below(2) == 0) return field({"wait"});
      syntax literal = node(syntax_kind::duration);
      literal.integer = below(4);
      return literal;
    }
    switch (below(7)) {
      case 0: return negated(duration(depth - 1));
      case 1: return call({"first", "last", "min", "max", "sum", "avg"}, {member({"wait"})});
      case 2: return call({"abs"}, {duration(depth - 1)});
      case 3: return node(syntax_kind::subtract, {timestamp(depth - 1), timestamp(depth - 1)});
      case 4: return node(syntax_kind::multiply, {duration(depth - 1), integer(depth - 1)});
      case 5: return node(syntax_kind::multiply, {integer(depth - 1), duration(depth - 1)});
      default:
        return node(below(2) == 0 ? syntax_kind::add : syntax_kind::subtract,
                    {duration(depth - 1), duration(depth - 1)});
    }
  }

  syntax of_some_kind(value_kind kind, int depth) {
    return kind == value_kind::floating ? number(depth) : of(kind, depth);
  }

  syntax membership(int depth) {
    const auto kind = static_cast<value_kind>(below(6));
    if (below(2) == 0) {
      std::vector<syntax> operands{of_some_kind(kind, depth - 1)};
      for (std::uint32_t n = 1 + below(4); n > 0; --n) operands.push_back(of_some_kind(kind, depth - 1));
      return node(below(2) == 0 ? syntax_kind::in_list : syntax_kind::not_in_list, std::move(operands));
    }
    syntax right = kind == value_kind::boolean     ? member({"ok"})
                   : kind == value_kind::integer   ? member(MILLRACE_INTEGER_FIELDS)
                   : kind == value_kind::floating  ? member({"f32", "f64", "i8", "u64"})
                   : kind == value_kind::text      ? member({"name", "note"})
                   : kind == value_kind::timestamp ? member({"ts"})
                                                   : member({"wait"});
    return node(below(2) == 0 ? syntax_kind::in_stage : syntax_kind::not_in_stage,
                {of_some_kind(kind, depth - 1), std::move(right)});
  }

  syntax condition(int depth) {
    if (depth <= 0) {
      if (below(3) == 0) return member({"ok"});
      if (below(3) != 0) return field({"ok"});
      syntax literal = node(syntax_kind::boolean);
      literal.integer = below(2);
      return literal;
    }
    switch (below(6)) {
      case 0: return node(syntax_kind::logical_not, {condition(depth - 1)});
      case 1: {
        std::vector<syntax> operands{condition(depth - 1), condition(depth - 1)};
        if (below(2) == 0) operands.push_back(condition(depth - 1));
        return node(below(2) == 0 ? syntax_kind::logical_and : syntax_kind::logical_or, std::move(operands));
      }
      case 2: return membership(depth);
      case 3: return call({"contains", "starts_with", "ends_with"}, {text(depth - 1), text(depth - 1)});
      default: break;
    }
    const auto kind = static_cast<value_kind>(below(6));
    const std::uint32_t how = below(kind == value_kind::boolean ? 2 : 6);
    return node(static_cast<syntax_kind>(static_cast<std::uint32_t>(syntax_kind::equal) + how),
                {of_some_kind(kind, depth - 1), of_some_kind(kind, depth - 1)});
  }

#undef MILLRACE_INTEGER_FIELDS
#undef MILLRACE_FLOATING_FIELDS

  std::mt19937_64 random_;
};

}  // namespace millrace::expr
