#include "rules_text.hpp"

#include <millrace/rules/revision.hpp>
#include <millrace/rules/statements.hpp>

#include <gtest/gtest.h>

namespace millrace::rules {
namespace {

std::shared_ptr<const program> logins(const std::string& patterns) { return compiled(login_event + patterns); }

std::string refusal(const revision& before, const rules_change& change) {
  try {
    static_cast<void>(next_revision(before, change));
  } catch (const error& e) {
    return e.what();
  }
  return "accepted";
}

TEST(revision, a_name_keeps_its_number_for_the_whole_run) {
  const auto first = first_revision(logins("pattern p on Login { a } pattern q on Login by user { a }"));
  const auto without = next_revision(*first, {nullptr, {}, {"p"}});
  EXPECT_EQ(without->find("p"), nullptr);
  EXPECT_EQ(without->find("q")->number, 1U);
  const auto more = next_revision(*without, put_all(logins("pattern r on Login { a }")));
  EXPECT_EQ(more->find("r")->number, 2U);
  const auto again = next_revision(*more, put_all(logins("pattern p on Login { a }")));
  EXPECT_EQ(again->find("p")->number, 0U);
  EXPECT_EQ(again->find("p")->since, 3U);
  EXPECT_EQ(again->find("q")->rule, first->find("q")->rule);
  EXPECT_EQ(again->find("q")->since, 0U);
  EXPECT_EQ(again->names, (std::vector<std::string>{"p", "q", "r"}));
}

TEST(revision, a_group_keeps_its_place_while_a_pattern_has_it_and_then_gives_it_away) {
  const auto first = first_revision(logins("pattern p on Login by user { a } pattern q on Login by ip { a }"));
  const auto more = next_revision(*first, put_all(logins("pattern r on Login by user { a }")));
  EXPECT_EQ(more->find("r")->group, first->find("p")->group);
  EXPECT_EQ(more->groups.size(), 2U);
  const auto other = next_revision(*more, {logins("pattern s on Login { a }"), {"s"}, {"p", "r"}});
  EXPECT_EQ(other->find("q")->group, first->find("q")->group);
  EXPECT_EQ(other->find("s")->group, first->find("p")->group);
  EXPECT_EQ(other->groups[0].since, 2U);
  EXPECT_EQ(other->groups[1].since, 0U);
}

TEST(revision, as_many_groups_are_in_force_as_a_file_may_have) {
  std::string event = "event E { ts : timestamp";
  std::string patterns;
  for (int i = 0; i < 15; ++i) {
    const std::string n = std::to_string(i);
    event += " f" + n + " : u32";
    patterns += "pattern p" + n + " on E by f" + n + " { a }\n";
  }
  event += " }\n";
  const auto full = first_revision(compiled(event + patterns));
  const auto one_more = compiled(event + "pattern q on E { a }");
  EXPECT_EQ(refusal(*full, put_all(one_more)), "found more than 15 different keys in force, expected at most that");
  EXPECT_EQ(next_revision(*full, {one_more, {"q"}, {"p7"}})->find("q")->group, 7U);
}

TEST(revision, a_group_has_room_for_the_keys_of_every_event_that_may_come) {
  const std::string events =
      "event A { ts : timestamp  k : string(8) }  event B { ts : timestamp  k : string(40) }  event C { ts : timestamp "
      "}";
  const auto first = first_revision(compiled(events + "pattern p on A by k { a }"));
  EXPECT_EQ(first->groups[0].key.key_bytes_max, 42U);
  EXPECT_EQ(first->groups[0].key.types, 1U);
  EXPECT_TRUE(first->groups[0].key.fields_of[2].empty());
  EXPECT_EQ(next_revision(*first, put_all(compiled(events + "pattern q on A, B by k { a }")))->groups[0].key.types, 3U);
}

TEST(revision, refuses_what_cannot_be) {
  const auto first = first_revision(logins("pattern p on Login { a }"));
  EXPECT_EQ(refusal(*first, {nullptr, {}, {"x"}}), "found no pattern 'x' to remove, expected one that is in force");
  EXPECT_EQ(refusal(*first, {nullptr, {}, {"p", "p"}}), "found pattern 'p' twice in one change, expected it once");
  EXPECT_EQ(refusal(*first, {logins(""), {"p"}, {}}), "found no pattern 'p' to put, expected one of the rules");
  EXPECT_EQ(refusal(*first, put_all(compiled("event Login { ts : timestamp  user : u64 } pattern q on Login { a }"))),
            "found other event declarations than those that run, expected the same: only patterns can change");
  EXPECT_EQ(refusal(*first, put_all(logins("time watermarks pattern q on Login { a }"))),
            "found another 'time' than the one that runs, expected the same: only patterns can change");
}

// --- versions of a file ---------------------------------------------------------------------------------

std::string difference(const std::string& before, const std::string& after) {
  try {
    const auto change = change_between(read_statements({"a.mr", before}), read_statements({"a.mr", after}), nullptr);
    std::string made;
    for (const std::string& name : change.put) made += "+" + name;
    for (const std::string& name : change.remove) made += "-" + name;
    return made.empty() ? "none" : made;
  } catch (const error& e) {
    return std::string(e.what()).substr(0, std::string_view(e.what()).find(','));
  }
}

TEST(statements, patterns_that_read_the_same_are_the_same_whatever_stands_around_them) {
  const std::string p = "pattern p on Login { a : ip == \"x  #y\" }";
  EXPECT_EQ(difference(login_event + p, login_event + ("# new\n" + p)), "none");
  EXPECT_EQ(
      difference(login_event + p, login_event + std::string("pattern  p on Login {\n  a : ip == \"x  #y\" # c\n}")),
      "none");
  EXPECT_EQ(difference(login_event + p, login_event + std::string("pattern p on Login { a : ip == \"x #y\" }")), "+p");
  EXPECT_EQ(difference(login_event + p, login_event + std::string("pattern p on Login { a : ip == \"x  #z\" }")), "+p");
}

TEST(statements, patterns_come_change_and_go_by_name) {
  EXPECT_EQ(
      difference(
          login_event + std::string("pattern p on Login { a } pattern q on Login { a } pattern r on Login { a }"),
          login_event + std::string("pattern s on Login { a } pattern r on Login { a } pattern q on Login { b }")),
      "+s+q-p");
}

TEST(statements, events_and_time_stay) {
  const std::string two = login_event + std::string("event B { ts : timestamp }");
  EXPECT_EQ(difference(login_event, two), "found a new event B");
  EXPECT_EQ(difference(two, login_event), "found no declaration of event B any more");
  EXPECT_EQ(difference(two, std::string("event B { ts : timestamp } ") + login_event),
            "found the events in another order");
  EXPECT_EQ(difference("event B { ts : timestamp }", "event B { ts : timestamp  x : u8 }"),
            "found another declaration of event B");
  EXPECT_EQ(difference(two, two + " time watermarks"), "found another 'time'");
  EXPECT_EQ(difference("event B { ts : timestamp }", "event B {\n ts : timestamp # ns\n}"), "none");
}

}  // namespace
}  // namespace millrace::rules
