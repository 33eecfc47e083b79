#include "rules_text.hpp"

#include <gtest/gtest.h>

namespace millrace::rules {
namespace {

std::string message(const std::string& text, source_range where, const std::string& what = "found x") {
  return rules_error({"f.mr", text}, where, what).what();
}

TEST(rules_error, shows_the_line_and_marks_the_place) {
  EXPECT_EQ(message("one\ntwo three\nfour", {8, 13}), "f.mr:2:5: error: found x\n    two three\n        ^~~~~");
  EXPECT_EQ(message("one", {0, 1}), "f.mr:1:1: error: found x\n    one\n    ^");
  EXPECT_EQ(message("one\n", {4, 4}), "f.mr:2:1: error: found x\n    \n    ^");
}

TEST(rules_error, counts_columns_in_characters) {
  const std::string text =
      "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80 bad";  // one character of two, three and four bytes each
  const rules_error e({"f.mr", text}, {10, 13}, "found x");
  EXPECT_EQ(e.column(), 5u);
  EXPECT_EQ(e.line(), 1u);
  EXPECT_EQ(std::string(e.what()), "f.mr:1:5: error: found x\n    " + text + "\n        ^~~");
}

TEST(rules_error, a_tab_is_one_column) {
  EXPECT_EQ(message("\t\tbad", {2, 5}), "f.mr:1:3: error: found x\n      bad\n      ^~~");
}

TEST(rules_error, marks_no_further_than_the_line) {
  EXPECT_EQ(message("ab\ncd", {1, 5}), "f.mr:1:2: error: found x\n    ab\n     ^");
  EXPECT_EQ(message("ab", {50, 60}), "f.mr:1:3: error: found x\n    ab\n      ^");
}

TEST(rules_error, hands_no_control_character_to_a_terminal) {
  EXPECT_EQ(message("a\x1b[2Jb\r\n", {0, 1}, "found '\x1b[2J'"), "f.mr:1:1: error: found ' [2J'\n    a [2Jb \n    ^");
}

struct mistake {
  const char* text;
  const char* message;
};

class syntax_mistake : public testing::TestWithParam<mistake> {};

TEST_P(syntax_mistake, says_what_was_found_and_expected_there) {
  EXPECT_EQ(refusal_of(GetParam().text), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    all, syntax_mistake,
    testing::Values(
        mistake{"evnt E", "1:1 found 'evnt', expected 'event', 'pattern', 'window', 'time' or the end of the file"},
        mistake{"event 5", "1:7 found '5', expected a name"},
        mistake{"event E", "1:8 found the end of the file, expected 'when' or '{'"},
        mistake{"event E { }", "1:11 found '}', expected a name"},
        mistake{"event E { ts timestamp }", "1:14 found 'timestamp', expected ':'"},
        mistake{"time later", "1:6 found 'later', expected 'arrival', 'out' or 'watermarks'"},
        mistake{"time out of order 5", "1:19 found '5', expected a duration (like 250ms, 5s, 10m, 1h, 7d)"},
        mistake{"pattern p { a }", "1:11 found '{', expected 'on'"},
        mistake{"event E when \"abc", "1:14 found a string without its closing quote, expected an expression"},
        mistake{"table w on E",
                "1:1 found 'table', which this version does not run; expected 'event', 'pattern', 'window', 'time' "
                "or the end of the file"},
        mistake{"event E when a == \xC3\xA4", "1:19 found '\xC3\xA4', expected an expression"}));

}  // namespace
}  // namespace millrace::rules
