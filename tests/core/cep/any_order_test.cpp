// Stages in any order: the tables that they compile to, what explain says, and the C++ builder beside the text.

#include <millrace/cep/builder.hpp>
#include <millrace/cep/explain.hpp>
#include <millrace/cep/pattern_error.hpp>
#include <millrace/rules/compile.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace millrace::cep {
namespace {

stage one(const char* name, condition_id condition, std::uint32_t times = 1) {
  stage made;
  made.name = name;
  made.condition = condition;
  made.quantifier.least = made.quantifier.most = times;
  made.quantifier.counted = times != 1;
  return made;
}

stage all(std::vector<stage> members) {
  stage made;
  made.any_order = true;
  made.members = std::move(members);
  return made;
}

pattern named(std::vector<stage> stages) {
  pattern made;
  made.name.assign(1, 'p');
  made.stages = std::move(stages);
  return made;
}

std::string number(condition_id id) {
  std::string made(1, 'c');  // GCC 12 warns of "c" + …
  return made += std::to_string(id);
}

TEST(any_order, has_a_state_for_each_way_in_which_members_are_met) {
  EXPECT_EQ(explain_table(compile(named({all({one("a", 0), one("b", 1)})})), number),
            "pattern p: 3 nodes, 6 edges, 2 conditions; skip none\n"
            "  node       does               goes to    when\n"
            "  start      take a             n1         c0\n"
            "             take b             n2         not c0 and c1\n"
            "  n1         take b             match      c1\n"
            "             wait               n1         not c1\n"
            "  n2         take a             match      c0\n"
            "             wait               n2         not c0\n");
}

TEST(any_order, a_counted_member_is_unmet_until_its_last_event) {
  EXPECT_EQ(explain_table(compile(named({all({one("a", 0), one("b", 1, 2)})})), number),
            "pattern p: 5 nodes, 11 edges, 2 conditions; skip none\n"
            "  node       does               goes to    when\n"
            "  start      take a             n1         c0\n"
            "             take b             n2         not c0 and c1\n"
            "  n1         take b             n3         c1\n"
            "             wait               n1         not c1\n"
            "  n2         take a             n3         c0\n"
            "             take b             n4         not c0 and c1\n"
            "             wait               n2         not c0 and not c1\n"
            "  n3         take b             match      c1\n"
            "             wait               n3         not c1\n"
            "  n4         take a             match      c0\n"
            "             wait               n4         not c0\n");
}

TEST(any_order, the_link_governs_the_gap_before_the_first_event_alone) {
  const auto linked = [](link how) {
    stage gathered = all({one("b", 1), one("c", 2)});
    gathered.link = how;
    return explain_table(compile(named({one("a", 0), gathered})), number);
  };
  EXPECT_EQ(linked(link::next).find("wait               n1 "), std::string::npos);
  EXPECT_NE(linked(link::then).find("wait               n1         not c1 and not c2"), std::string::npos);
  EXPECT_NE(linked(link::then_any).find("wait               n1         always"), std::string::npos);
  for (const link how : {link::next, link::then, link::then_any})
    EXPECT_NE(linked(how).find("wait               n2         not c2"), std::string::npos);
}

TEST(any_order, is_drawn_with_the_stages_that_take) {
  const std::string dot = explain_dot(compile(named({all({one("a", 0), one("b", 1)})})), number);
  EXPECT_NE(dot.find("\"start\" -> \"n2\" [label=\"take b\\nnot c0 and c1\"];"), std::string::npos) << dot;
  EXPECT_NE(dot.find("\"n2\" -> \"match\" [label=\"take a\\nc0\"];"), std::string::npos) << dot;
}

TEST(any_order, reaches_no_match_twice) {
  EXPECT_FALSE(compile(named({all({one("a", 0), one("b", 1)})})).may_duplicate);
}

TEST(any_order, a_greedy_loop_of_it_keeps_what_any_member_takes) {
  stage group;
  group.members = {all({one("a", 0), one("b", 1)})};
  group.quantifier = {.least = 1, .most = 1, .counted = true, .unbounded = true, .greedy = true};
  const std::string table = explain_table(compile(named({group, one("c", 2)})), number);
  EXPECT_NE(table.find("take c             match      not c0 and not c1 and c2"), std::string::npos) << table;
}

// --- refusals of what neither front end lets through ------------------------------------------------------

std::string refused(const pattern& p) {
  try {
    static_cast<void>(compile(p));
  } catch (const pattern_error& e) {
    return e.stage() + ": " + e.what();
  }
  return "accepted";
}

TEST(any_order, itself_takes_no_quantifier_bound_or_condition) {
  const auto with = [](auto change) {
    stage gathered = all({one("b", 1), one("c", 2)});
    gathered.link = link::then;
    change(gathered);
    return refused(named({one("a", 0), gathered}));
  };
  EXPECT_EQ(with([](stage&) {}), "accepted");
  const std::string quantified =
      "b: found a quantifier, modifier or until on all ( … ), expected none; put it on a group: ( all ( … ) ){2}";
  EXPECT_EQ(with([](stage& s) { s.quantifier.optional = true; }), quantified);
  EXPECT_EQ(with([](stage& s) { s.quantifier.greedy = true; }), quantified);
  EXPECT_EQ(with([](stage& s) { s.until = 3; }), quantified);
  EXPECT_EQ(
      with([](stage& s) { s.gap_ns = 5; }),
      "b: found within on all ( … ), expected it on the pattern; write 'within D' or 'within D between events' in "
      "its header");
  EXPECT_EQ(with([](stage& s) { s.condition = 3; }),
            "b: found a condition on all ( … ), expected it on each of its members");
  EXPECT_EQ(with([](stage& s) { s.link = link::not_then; }),
            "b: found 'not' before all ( … ), expected a single stage; write a negation for each member");
  EXPECT_EQ(with([](stage& s) { s.members.clear(); }),
            ": found all ( … ) with 0 members, expected at least 2; write a single stage without all");
  EXPECT_EQ(
      with([](stage& s) { s.members[1].link = link::then; }),
      "c: found a link before member 'c' of all ( … ), expected none; link what has an order before or behind all "
      "( … )");
}

// --- the builder ----------------------------------------------------------------------------------------

struct tick {
  std::int64_t x;
};
constexpr auto is_1 = [](const tick& t) { return t.x == 1; };
constexpr auto is_2 = [](const tick& t) { return t.x == 2; };
constexpr auto is_3 = [](const tick& t) { return t.x == 3; };
constexpr auto is_4 = [](const tick& t) { return t.x == 4; };

automaton from_text(const std::string& body) {
  automaton made = *rules::compile({"test.mr", "event T { ts : timestamp  x : i64 }\npattern p on T { " + body + " }"})
                        .patterns.at(0)
                        .automaton;
  made.name.clear();
  return made;
}
template <class Builder>
automaton from_types(const Builder& builder) {
  return *builder.compile().automaton;
}

const auto bc = all_of(member<tick>("b").where(is_2).times(2), member<tick>("c").where(is_3));
const std::string bc_text = "all ( b{2} : x == 2, c : x == 3 )";
auto a() { return begin<tick>("a").where(is_1); }

TEST(any_order_builder, links_compile_as_in_text) {
  EXPECT_EQ(from_types(begin(bc)), from_text(bc_text));
  EXPECT_EQ(from_types(begin(bc).next("d").where(is_4)), from_text(bc_text + " next d : x == 4"));
  EXPECT_EQ(from_types(a().next(bc)), from_text("a : x == 1 next " + bc_text));
  EXPECT_EQ(from_types(a().then(bc)), from_text("a : x == 1 then " + bc_text));
  EXPECT_EQ(from_types(a().then_any(bc).then("d").where(is_4)),
            from_text("a : x == 1 then any " + bc_text + " then d : x == 4"));
}

TEST(any_order_builder, members_compile_as_in_text) {
  EXPECT_EQ(from_types(begin(all_of(member<tick>("a"), member<tick>("b").times(3).where(is_1)))),
            from_text("all ( a, b{3} : x == 1 )"));
  EXPECT_EQ(from_types(begin(all_of(member<tick>("a").where(is_1).where(is_2),
                                    member<tick>("b").where(is_3).or_where(is_4), member<tick>("c").where(is_4)))),
            from_text("all ( a : x == 1 and x == 2, b : x == 3 or x == 4, c : x == 4 )"));
}

TEST(any_order_builder, stands_in_groups_and_beside_negations_as_in_text) {
  EXPECT_EQ(from_types(a().then(group(begin(bc).next("d").where(is_4))).one_or_more().until(is_1).then("e")),
            from_text("a : x == 1 then ( " + bc_text + " next d : x == 4 )+ until (x == 1) then e"));
  EXPECT_EQ(from_types(a().then(group(begin(bc))).times(2)), from_text("a : x == 1 then ( " + bc_text + " ){2}"));
  EXPECT_EQ(from_types(a().not_then("n").where(is_4).then(bc).not_next("m").where(is_1).then("e").skip_to_last("c")),
            from_text("a : x == 1 not then n : x == 4 then " + bc_text + " not next m : x == 1 then e skip to last c"));
}

TEST(any_order_builder, a_call_leaves_the_member_as_it_was) {
  const auto b = member<tick>("b").where(is_2);
  const auto both = [](const auto& m) { return from_types(begin(all_of(member<tick>("a").where(is_1), m))); };
  EXPECT_EQ(both(b.times(2)), from_text("all ( a : x == 1, b{2} : x == 2 )"));
  EXPECT_EQ(both(b), from_text("all ( a : x == 1, b : x == 2 )"));
}

TEST(any_order_builder, what_types_cannot_show_is_refused_when_compiled) {
  EXPECT_THROW(static_cast<void>(begin(all_of(member<tick>("a"), member<tick>("a"))).compile()), pattern_error);
  EXPECT_THROW(static_cast<void>(begin(all_of(member<tick>("a"), member<tick>("b").times(0))).compile()),
               pattern_error);
  EXPECT_THROW(static_cast<void>(begin(all_of(member<tick>("a").times(63), member<tick>("b").times(64))).compile()),
               pattern_error);
  EXPECT_NO_THROW(static_cast<void>(begin(all_of(member<tick>("a").times(63), member<tick>("b").times(63))).compile()));
}

}  // namespace
}  // namespace millrace::cep
