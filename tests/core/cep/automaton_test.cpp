// Small patterns as the tables that they must compile to, and what explain says of them.

#include <millrace/cep/explain.hpp>

#include <gtest/gtest.h>

namespace millrace::cep {
namespace {

stage one(const char* name, condition_id condition, link how = link::next) {
  stage made;
  made.name = name;
  made.condition = condition;
  made.link = how;
  return made;
}

std::string table(const pattern& p) {
  return explain_table(compile(p), [](condition_id id) {
    return std::string(id == 0 ? "x > 1" : id == 1 ? "ok" : "late");
  });
}
std::string dot(const pattern& p) {
  return explain_dot(compile(p), [](condition_id id) { return std::string(id == 0 ? "s == \"q\"" : "ok"); });
}

pattern named(std::vector<stage> stages) {
  pattern made;
  made.name.assign(1, 'p');
  made.stages = std::move(stages);
  return made;
}

pattern looped() {
  pattern p = named({one("a", 0), one("b", 1, link::then)});
  p.stages[0].quantifier = {.least = 1, .most = 1, .counted = true, .unbounded = true};
  p.within_ns = 600'000'000'000;
  p.skip = skip_strategy::past_last;
  p.reports_timeouts = true;
  return p;
}

pattern absent() {
  pattern p = named({one("a", 0), one("b", 1, link::not_then)});
  p.within_ns = 5'000'000'000;
  return p;
}

TEST(automaton, of_two_strict_stages_has_a_node_each) {
  const automaton made = compile(named({one("a", 0), one("b", 1)}));
  EXPECT_EQ(made.stages, (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(made.nodes.size(), 2u);
  EXPECT_EQ(made.nodes[0], (node{0, 1, 0, false, 0}));
  EXPECT_EQ(made.nodes[1], (node{1, 2, 0, false, 1}));
  ASSERT_EQ(made.edges.size(), 2u);
  EXPECT_EQ(made.edges[0], (edge{action::take, 1, 0, {0, 1}, 0, 0, 0}));
  EXPECT_EQ(made.edges[1], (edge{action::take, final_node, 1, {1, 2}, 0, 0, 0}));
  EXPECT_EQ(made.literals, (std::vector<literal>{{0, false, true}, {1, false, true}}));
  EXPECT_EQ(made.condition_count, 2u);
  EXPECT_FALSE(made.may_duplicate || made.has_gaps || made.has_pending || made.released_by_time());
}

TEST(automaton, a_relaxed_stage_waits_while_nothing_fits) {
  const automaton made = compile(named({one("a", 0), one("b", 1, link::then)}));
  ASSERT_EQ(made.edges.size(), 3u);
  EXPECT_EQ(made.edges[2].action, action::ignore);
  EXPECT_EQ(made.edges[2].target, 1);
  EXPECT_EQ(made.literals[made.edges[2].guard.begin], (literal{1, true, true}));
}

TEST(automaton, a_stage_any_waits_past_what_fits) {
  const automaton made = compile(named({one("a", 0), one("b", 1, link::then_any)}));
  ASSERT_EQ(made.edges.size(), 3u);
  EXPECT_EQ(made.edges[2].action, action::ignore);
  EXPECT_EQ(made.edges[2].guard.begin, made.edges[2].guard.end);
}

TEST(automaton, says_what_time_can_release) {
  EXPECT_TRUE(compile(absent()).released_by_time());
  EXPECT_TRUE(compile(absent()).has_pending);
  pattern p = looped();
  EXPECT_TRUE(compile(p).released_by_time());
  p.reports_timeouts = false;
  EXPECT_TRUE(compile(p).released_by_time()) << "matches held back";
  p.skip = skip_strategy::none;
  EXPECT_FALSE(compile(p).released_by_time());
}

TEST(automaton, a_bound_on_a_gap_stands_on_edge_and_node) {
  pattern p = named({one("a", 0), one("b", 1)});
  p.stages[1].gap_ns = 7;
  const automaton made = compile(p);
  EXPECT_TRUE(made.has_gaps);
  EXPECT_EQ(made.edges[1].gap_ns, 7);
  EXPECT_EQ(made.nodes[1].gap_ns, 7);
}

TEST(automaton, a_repeated_group_may_reach_one_match_twice) {
  stage group;
  group.members = {one("a", 0), one("b", 1)};
  EXPECT_FALSE(compile(named({group})).may_duplicate);
  group.quantifier = {.least = 2, .most = 2, .counted = true};
  EXPECT_TRUE(compile(named({group})).may_duplicate);
}

TEST(automaton, equal_patterns_compile_to_equal_tables) {
  EXPECT_EQ(compile(looped()), compile(looped()));
  EXPECT_FALSE(compile(looped()) == compile(absent()));
}

TEST(explain, shows_two_strict_stages) {
  EXPECT_EQ(table(named({one("a", 0), one("b", 1)})),
            "pattern p: 2 nodes, 2 edges, 2 conditions; skip none\n"
            "  node       does               goes to    when\n"
            "  start      take a             n1         (x > 1)\n"
            "  n1         take b             match      ok\n");
}

TEST(explain, shows_a_loop) {
  EXPECT_EQ(table(looped()),
            "pattern p: 4 nodes, 9 edges, 2 conditions; skip past last; within 10m; timeouts are reported\n"
            "  node       does               goes to    when\n"
            "  start      take a             n1         (x > 1)\n"
            "  n1         take a             n1         (x > 1)\n"
            "             wait               n2         not (x > 1)\n"
            "             take b             match      ok\n"
            "             wait               n3         not ok\n"
            "  n2         take a             n1         (x > 1)\n"
            "             wait               n2         not (x > 1)\n"
            "  n3         take b             match      ok\n"
            "             wait               n3         not ok\n");
}

TEST(explain, shows_an_absence) {
  EXPECT_EQ(table(absent()),
            "pattern p: 2 nodes, 3 edges, 2 conditions; skip none; within 5s\n"
            "  node       does               goes to    when\n"
            "  start      take a             absent 1   (x > 1)\n"
            "  absent 1   stop by b          (dies)     ok\n"
            "             wait               absent 1   not ok\n"
            "             expire             match      time runs out\n");
}

TEST(explain, draws_an_absence) {
  EXPECT_EQ(dot(absent()),
            "digraph \"p\" {\n  rankdir=LR;\n  node [shape=circle];\n  match [shape=doublecircle];\n"
            "  \"start\";\n"
            "  \"start\" -> \"absent 1\" [label=\"take a\\n(s == \\\"q\\\")\"];\n"
            "  \"absent 1\";\n"
            "  \"absent 1\" -> \"dies\" [label=\"stop by b\\nok\", color=red];\n"
            "  \"absent 1\" -> \"absent 1\" [label=\"wait\\nnot ok\", style=dashed];\n"
            "  \"absent 1\" -> \"match\" [label=\"time runs out\", style=bold];\n"
            "}\n");
}

}  // namespace
}  // namespace millrace::cep
