#include "core/rules/rules_text.hpp"

#include <millrace/sink/match_line.hpp>

#include <gtest/gtest.h>

namespace millrace::sink {
namespace {

using rules::login;
using rules::make_login;

/// The lines of what some logins release.
std::string lines(const std::string& pattern, const std::vector<login>& feed, std::uint64_t* faults = nullptr) {
  const auto program =
      rules::compiled("event Login { ts : timestamp(us)  user : u32  ok : bool  ip : string(8) }\n" + pattern);
  rules::engine_limits limits;
  limits.matcher = {256, 256, 16, 64};
  limits.events = 256;
  rules::engine engine(program, limits);
  match_line line(program);
  std::string made;
  const auto write = [&](const rules::released_match& m) { made += line.write(m); };
  for (const login& e : feed) engine.process(e.header, write);
  engine.finish(write);
  if (faults != nullptr) *faults = line.faults();
  return made;
}

login from(std::uint64_t number, std::int64_t ts, const char* ip, bool ok = false) {
  login made = make_login(number, ts, 7, ok);
  EXPECT_TRUE(made.ip.try_assign(ip));
  return made;
}

TEST(match_line, has_key_stages_times_and_select) {
  EXPECT_EQ(lines("pattern p on Login by ip, user { bad{2} : not ok then good : ok  select user, n = count(bad), since "
                  "= bad.ts - first(bad.ts), up = upper(good.ip) }",
                  {from(3, 1'000, "a\"b"), from(4, 5'999, "a\"b"), from(9, 8'500, "a\"b", true)}),
            "{\"pattern\":\"p\",\"key\":{\"ip\":\"a\\\"b\",\"user\":7},\"stages\":{\"bad\":[3,4],\"good\":[9]},"
            "\"first_ts\":1,\"last_ts\":8,\"at\":8,\"select\":{\"user\":7,\"n\":2,\"since\":4,\"up\":\"A\\\"B\"}}\n");
}

TEST(match_line, without_by_and_select_is_short) {
  EXPECT_EQ(lines("pattern p on Login { a }", {from(0, -1, "x")}),
            "{\"pattern\":\"p\",\"key\":{},\"stages\":{\"a\":[0]},\"first_ts\":-1,\"last_ts\":-1,\"at\":-1}\n");
}

TEST(match_line, leaves_out_a_stage_that_took_nothing) {
  EXPECT_EQ(lines("pattern p on Login { a : not ok next b? : user == 1 next c : ok }",
                  {from(0, 0, "x"), from(1, 0, "x", true)}),
            "{\"pattern\":\"p\",\"key\":{},\"stages\":{\"a\":[0],\"c\":[1]},\"first_ts\":0,\"last_ts\":0,\"at\":0}\n");
}

TEST(match_line, a_timeout_says_so_and_has_a_select_of_its_own) {
  const std::string pattern = "pattern p on Login within 2us { a : not ok then b : ok  select x = 1  on timeout";
  EXPECT_EQ(
      lines(pattern + " select y = a.user, z = b.user }", {from(0, 0, "x")}),
      "{\"pattern\":\"p\",\"key\":{},\"stages\":{\"a\":[0]},\"first_ts\":0,\"last_ts\":0,\"at\":2,\"timeout\":true,"
      "\"select\":{\"y\":7,\"z\":null}}\n");
  EXPECT_EQ(
      lines(pattern + " }", {from(0, 0, "x")}),
      "{\"pattern\":\"p\",\"key\":{},\"stages\":{\"a\":[0]},\"first_ts\":0,\"last_ts\":0,\"at\":2,\"timeout\":true}\n");
}

TEST(match_line, stages_that_differ_behind_a_colon_are_shown_as_one) {
  EXPECT_EQ(
      lines("pattern p on Login { `a:x` next b next `a:y` }", {from(0, 0, "x"), from(1, 0, "x"), from(2, 0, "x")}),
      "{\"pattern\":\"p\",\"key\":{},\"stages\":{\"a\":[0,2],\"b\":[1]},\"first_ts\":0,\"last_ts\":0,\"at\":0}\n");
}

TEST(match_line, prints_null_for_a_fault_and_counts_it) {
  std::uint64_t faults = 0;
  EXPECT_EQ(lines("pattern p on Login { a  select q = 1 / (a.user - 7), r = a.user }", {from(0, 0, "x")}, &faults),
            "{\"pattern\":\"p\",\"key\":{},\"stages\":{\"a\":[0]},\"first_ts\":0,\"last_ts\":0,\"at\":0,\"select\":{"
            "\"q\":null,\"r\":7}}\n");
  EXPECT_EQ(faults, 1u);
}

}  // namespace
}  // namespace millrace::sink
