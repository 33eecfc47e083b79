// Compiled expressions against a walk over the tree, and the fused comparisons against the general ones.

#include "random_expression.hpp"
#include "trade.hpp"
#include "tree_walker.hpp"

namespace millrace::expr {
namespace {

bool alike(const std::optional<cell>& a, const std::optional<cell>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  if (std::holds_alternative<double>(*a) && std::holds_alternative<double>(*b) && std::isnan(std::get<double>(*a)))
    return std::isnan(std::get<double>(*b));
  return *a == *b;
}

struct situation {
  record now;
  std::vector<std::pair<std::uint16_t, record>> before;
};

situation random_situation(random_expression& random) {
  situation made{random.cells(), {}};
  for (std::uint32_t n = random.below(6); n > 0; --n)
    made.before.emplace_back(static_cast<std::uint16_t>(random.below(2)), random.cells());
  return made;
}

struct tally {
  int faults = 0;
  int none = 0;
  int values = 0;
};

void compare_ways(const syntax& source, const situation& at, const trade_scope& scope, tally& seen) {
  const program code = compile(source, scope.names);
  workspace room;
  room.reserve(code.text_slots(), code.text_bytes());
  const made_event now(scope.layout(), at.now);
  std::vector<made_event> events;
  for (const auto& [stage, cells] : at.before) events.emplace_back(scope.layout(), cells);
  std::vector<taken_event> taken;
  for (std::size_t i = 0; i < events.size(); ++i) taken.push_back({events[i].get(), at.before[i].first});
  bool faulted = false;
  const value found = code.evaluate(now.get(), taken, room, faulted);
  try {
    const auto expected = tree_walker(at.now, at.before).walk(source);
    ASSERT_FALSE(faulted);
    ASSERT_TRUE(alike(expected, calculation::cell_of(found, code.kind())));
    ++(expected ? seen.values : seen.none);
  } catch (const tree_walker::fault&) {
    ASSERT_TRUE(faulted);
    ++seen.faults;
  }
}

TEST(expression_oracle, twenty_thousand_random_expressions_agree) {
  const trade_scope scope;
  random_expression random(20'260'101);
  tally seen;
  for (int i = 0; i < 20'000; ++i) {
    const auto kind = static_cast<value_kind>(random.below(6));
    const syntax source =
        random.of(random.below(2) == 0 ? value_kind::boolean : kind, 1 + static_cast<int>(random.below(4)));
    for (int n = 0; n < 3; ++n) {
      compare_ways(source, random_situation(random), scope, seen);
      if (HasFatalFailure()) FAIL() << "expression " << i;
    }
  }
  // Nothing of this is worth much unless every outcome was common.
  EXPECT_GT(seen.values, 20'000);
  EXPECT_GT(seen.none, 1'000);
  EXPECT_GT(seen.faults, 1'000);
}

TEST(expression_oracle, a_split_condition_means_what_the_whole_means) {
  const trade_scope scope;
  random_expression random(7);
  int mixed = 0;
  for (int i = 0; i < 5'000; ++i) {
    syntax source;
    source.kind = syntax_kind::logical_and;
    for (std::uint32_t n = 2 + random.below(3); n > 0; --n)
      source.operands.push_back(random.of(value_kind::boolean, 2));
    const split_condition parts = compile_split(source, scope.names);
    EXPECT_FALSE(!parts.event_part.empty() && parts.event_part.reads_history());
    EXPECT_TRUE(parts.history_part.empty() || parts.history_part.reads_history());
    mixed += !parts.event_part.empty() && !parts.history_part.empty() ? 1 : 0;
    const program whole = compile_condition(source, scope.names);
    workspace room;
    for (const program* const p : {&whole, &parts.event_part, &parts.history_part})
      room.reserve(p->text_slots(), p->text_bytes());
    const situation at = random_situation(random);
    const made_event now(scope.layout(), at.now);
    std::vector<made_event> events;
    for (const auto& [stage, cells] : at.before) events.emplace_back(scope.layout(), cells);
    std::vector<taken_event> taken;
    for (std::size_t e = 0; e < events.size(); ++e) taken.push_back({events[e].get(), at.before[e].first});
    // A fault makes either false: which of two terms is evaluated first may differ.
    const bool together = whole.test(now.get(), taken, room) == outcome::yes;
    const bool event_holds = parts.event_part.empty() || parts.event_part.test(now.get(), {}, room) == outcome::yes;
    const bool history_holds =
        parts.history_part.empty() || parts.history_part.test(now.get(), taken, room) == outcome::yes;
    ASSERT_EQ(together, event_holds && history_holds) << i;
  }
  EXPECT_GT(mixed, 500);
}

TEST(expression_split, puts_each_term_where_it_belongs) {
  const trade_scope scope;
  const auto split = [&](const char* text) { return compile_split(read(text), scope.names); };
  EXPECT_TRUE(split("ok").history_part.empty());
  EXPECT_TRUE(split("a.ok").event_part.empty());
  EXPECT_EQ(split("ok and a.ok and i32 > 1").event_part.code().size(), 3u);  // two terms, a jump between
  EXPECT_EQ(split("ok and (i32 > 1 and a.ok)").event_part.code().size(), 3u);
  EXPECT_TRUE(split("ok or a.ok").event_part.empty());
  EXPECT_TRUE(split("count(a) > 1 and 1 not in a.i8").event_part.empty());
}

// --- the fused comparisons ------------------------------------------------------------------------------

const char* const signs[]{"==", "!=", "<", "<=", ">", ">="};

bool is_fused(const std::string& text, const trade_scope& scope) {
  const program code = compile(read(text), scope.names);
  return code.code().size() == 1 && code.code()[0].op >= opcode::field_compare_text &&
         code.code()[0].op <= opcode::field_compare_floating;
}

bool holds_over(const std::string& text, const trade_scope& scope, const record& now) {
  const program code = compile(read(text), scope.names);
  workspace room;
  room.reserve(code.text_slots(), code.text_bytes());
  return code.test(made_event(scope.layout(), now).get(), {}, room) == outcome::yes;
}

TEST(fused_comparison, of_numbers_agrees_with_the_general_one) {
  const trade_scope scope;
  random_expression random(3);
  const char* const literals[]{
      "0", "1", "2", "3", "127", "255", "65535", "2147483648", "4294967295", "9223372036854775807", "0.5", "1.0"};
  for (int i = 0; i < 100; ++i) {
    const record now = random.cells();
    for (const char* const field : {"i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "f64"})
      for (const char* const sign : signs) {
        const std::string literal = literals[random.below(12)];
        const std::string fused = std::string(field) + " " + sign + " " + literal;
        const std::string turned = literal + " " + sign + " " + field;
        const bool of_float =
            literal.find('.') != std::string::npos && field[0] != 'f';  // an integer against 0.5 is not fused
        ASSERT_EQ(is_fused(fused, scope), !of_float) << fused;
        ASSERT_EQ(holds_over(fused, scope, now),
                  holds_over(std::string(field) + " + 0 " + sign + " " + literal, scope, now))
            << fused;
        ASSERT_EQ(holds_over(turned, scope, now), holds_over(literal + " + 0 " + sign + " " + field, scope, now))
            << turned;
      }
  }
}

TEST(fused_comparison, leaves_literals_beyond_sixty_three_bits_to_the_general_one) {
  const trade_scope scope;
  EXPECT_TRUE(is_fused("u64 == 9223372036854775807", scope));
  EXPECT_FALSE(is_fused("u64 == 9223372036854775808", scope));
  EXPECT_TRUE(holds_over("u64 == 9223372036854775808", scope, {{"u64", wide{1} << 63}}));
  EXPECT_FALSE(holds_over("i64 == 9223372036854775808", scope, {{"i64", integer_min}}));
}

TEST(fused_comparison, of_text_agrees_for_every_length_and_capacity) {
  for (std::uint32_t capacity = 1; capacity <= 20; ++capacity) {
    event_layout layout("E");
    layout.add({"s", field_type::string, capacity});
    const event_layout* const layouts[]{&layout};
    scope names;
    names.layouts = layouts;
    names.current = {0};
    for (std::size_t held = 0; held <= capacity; ++held) {
      const std::string text = std::string("abcdefghijklmnopqrstuvwxyz").substr(0, held);
      const made_event now(layout, {{"s", text}});
      for (std::size_t size = 0; size <= 22; ++size)
        for (const bool differs : {false, true}) {
          std::string literal = std::string("abcdefghijklmnopqrstuvwxyz").substr(0, size);
          if (differs && size == 0) continue;
          if (differs) literal.back() = '!';
          for (const char* const sign : {"==", "!="}) {
            const program code = compile(read("s " + std::string(sign) + " \"" + literal + "\""), names);
            workspace room;
            ASSERT_EQ(code.code()[0].op, opcode::field_compare_text);
            ASSERT_EQ(code.test(now.get(), {}, room) == outcome::yes, (text == literal) == (sign[0] == '='))
                << capacity << " " << text << " " << literal;
          }
        }
    }
  }
}

TEST(fused_comparison, of_text_sees_the_last_byte_of_every_word) {
  const trade_scope scope;
  for (std::size_t at = 0; at < 20; ++at) {
    std::string text(20, 'x');
    text[at] = 'y';
    EXPECT_FALSE(holds_over("note == \"" + std::string(20, 'x') + "\"", scope, {{"note", text}})) << at;
    EXPECT_TRUE(holds_over("note == \"" + text + "\"", scope, {{"note", text}})) << at;
  }
}

// The length of a literal is kept in 16 bits where it is fused: one that does not fit must not be.
TEST(fused_comparison, a_literal_longer_than_any_field_equals_none) {
  const trade_scope scope;
  syntax source = read("name == \"x\"");
  source.operands[1].name = std::string(65'536 + 6, 'a');
  const program code = compile(source, scope.names);
  workspace room;
  EXPECT_EQ(code.test(made_event(scope.layout(), {{"name", std::string("aaaaaa")}}).get(), {}, room), outcome::no);
}

// --- fields without a value -----------------------------------------------------------------------------

class nullable_fields : public testing::Test {
 protected:
  nullable_fields() : layout_("Probe") {
    for (const auto& [name, type] : trade_fields()) {
      field f;
      f.name = name;
      f.type = type;
      f.capacity = 8;
      f.nullable = true;
      layout_.add(f);
    }
    layouts_ = {&layout_};
    names_.layouts = layouts_;
    names_.current = {0};
    names_.stages = {{"a", 0, {0}}};
  }

  std::optional<cell> of(const std::string& text, const record& now, const std::vector<record>& before = {}) {
    const program code = compile(read(text), names_);
    workspace room;
    room.reserve(code.text_slots(), code.text_bytes());
    std::vector<made_event> events;
    for (const record& cells : before) events.emplace_back(layout_, cells);
    std::vector<taken_event> taken;
    for (const made_event& e : events) taken.push_back({e.get(), 0});
    bool faulted = false;
    const made_event current(layout_, now);
    return calculation::cell_of(code.evaluate(current.get(), taken, room, faulted), code.kind());
  }

  event_layout layout_;
  std::vector<const event_layout*> layouts_;
  scope names_;
};

TEST_F(nullable_fields, have_no_value_until_they_are_given_one) {
  EXPECT_EQ(of("i32", {}), std::nullopt);
  EXPECT_EQ(of("i32", {{"i32", wide{0}}}), cell(wide{0}));
  for (const char* const text : {"i32 == 0", "i32 != 0", "f64 < 1.5", "name == \"\"", "name != \"x\"", "ts == ts",
                                 "wait == 0s", "ok == false", "0 == i32"})
    EXPECT_EQ(of(text, {}), cell(false)) << text;
  EXPECT_EQ(of("i32 == 0", {{"i32", wide{0}}}), cell(true));
  EXPECT_EQ(of("name == \"x\"", {{"name", std::string("x")}}), cell(true));
  EXPECT_EQ(of("i32 in (0, 1)", {}), cell(false));
}

TEST_F(nullable_fields, do_not_enter_what_is_computed_over_a_stage) {
  const std::vector<record> before{{},
                                   {{"i32", wide{-4}}, {"f64", -1.5}, {"u8", wide{9}}},
                                   {},
                                   {{"i32", wide{-2}}, {"f64", -0.5}, {"u8", wide{3}}},
                                   {}};
  EXPECT_EQ(of("count(a)", {}, before), cell(wide{5}));
  EXPECT_EQ(of("sum(a.i32)", {}, before), cell(wide{-6}));
  EXPECT_EQ(of("sum(a.f64)", {}, before), cell(-2.0));
  EXPECT_EQ(of("avg(a.i32)", {}, before), cell(-3.0));
  EXPECT_EQ(of("min(a.u8)", {}, before), cell(wide{3}));
  EXPECT_EQ(of("max(a.i32)", {}, before), cell(wide{-2}));
  EXPECT_EQ(of("max(a.f64)", {}, before), cell(-0.5));
  EXPECT_EQ(of("distinct(a.i32)", {}, before), cell(wide{2}));
  EXPECT_EQ(of("0 in a.i32", {}, before), cell(false));
  EXPECT_EQ(of("0.0 in a.i32", {}, before), cell(false));
  EXPECT_EQ(of("avg(a.u16)", {}, before), std::nullopt);
  EXPECT_EQ(of("min(a.u16)", {}, before), std::nullopt);
}

}  // namespace
}  // namespace millrace::expr
