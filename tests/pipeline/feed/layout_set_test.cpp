#include <pipeline/feed/feed_fixture.hpp>

#include <gtest/gtest.h>
#include <limits>

namespace millrace::feed::testing {
namespace {

class by_kind final : public selector {
 public:
  std::optional<std::size_t> select(std::span<const raw_value> probes) const override {
    seen.assign(probes.begin(), probes.end());
    if (probes[0].what == raw_value::kind::string) {
      text = probes[0].text;
      if (text == "a") return 0;
      if (text == "b\n") return 1;
      if (text == "far") return 99;
    }
    return std::nullopt;
  }
  mutable std::vector<raw_value> seen;
  mutable std::string text;
};

struct two_kinds {
  std::shared_ptr<event_layout> a =
      make_layout("A", make_field("ts", field_type::timestamp), make_field("x", field_type::u8));
  std::shared_ptr<event_layout> b =
      make_layout("B", make_field("y", field_type::string, 8), make_field("ts", field_type::timestamp));
  std::shared_ptr<by_kind> choice = std::make_shared<by_kind>();
  layout_set layouts{{a, b}, choice, {"kind", "p"}};
  std::vector<record> read(std::string_view text) const { return read_all(text, format::ndjson, layouts); }
};

TEST(layout_set, a_selector_picks_the_layout) {
  const two_kinds set;
  const auto all = set.read("{\"ts\":1,\"x\":2,\"kind\":\"a\"}\n{\"kind\":\"b\\n\",\"ts\":3,\"y\":\"why\"}\n");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].header.type, 0);
  EXPECT_EQ(all[0].get<std::uint8_t>(*set.a, "x"), 2);
  EXPECT_EQ(all[1].header.type, 1) << all[1].reason;
  EXPECT_EQ(all[1].header.time_ns, 3);
  EXPECT_EQ(all[1].text_of(*set.b, "y"), "why");
}

TEST(layout_set, records_of_no_declared_type_are_skipped_and_counted) {
  const two_kinds set;
  const auto all = set.read(
      "{\"kind\":\"c\"}\n{}\n{\"kind\":5}\n{\"kind\":null}\n{\"kind\":\"far\"}\n{\"ts\":1,\"x\":2,\"kind\":\"a\"}\n");
  ASSERT_EQ(all.size(), 6U);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(all[i].what, outcome::skipped) << i;
  EXPECT_EQ(all[5].header.id.low, 5U);
}

TEST(layout_set, fields_of_the_other_layout_and_of_skipped_records_have_to_be_json) {
  const two_kinds set;
  const auto all = set.read(
      "{\"ts\":1,\"x\":2,\"kind\":\"a\",\"y\":nul}\n{\"kind\":\"c\",\"y\":01}\n{\"kind\":nul}\n{\"kind\":\"\\x\"}\n");
  for (const record& r : all) EXPECT_EQ(r.reason, "not JSON: a value is none");
}

TEST(layout_set, a_selector_sees_values_as_they_are) {
  const two_kinds set;
  using kind = raw_value::kind;
  const auto seen = [&set](std::string_view value) {
    (void)set.read("{\"kind\":\"c\",\"p\":" + std::string(value) + "}");
    return set.choice->seen[1];
  };
  EXPECT_EQ(seen("null").what, kind::null);
  EXPECT_TRUE(seen("true").what == kind::boolean && seen("true").boolean_value);
  EXPECT_TRUE(seen("-5").what == kind::integer && seen("-5").integer_value == -5);
  EXPECT_TRUE(seen("9223372036854775807").integer_value == std::numeric_limits<std::int64_t>::max());
  EXPECT_TRUE(seen("9223372036854775808").what == kind::unsigned_integer &&
              seen("9223372036854775808").unsigned_value == 1ULL << 63);
  EXPECT_TRUE(seen("18446744073709551616").what == kind::floating &&
              seen("18446744073709551616").floating_value == 18446744073709551616.0);
  EXPECT_TRUE(seen("5.0").what == kind::floating && seen("5.0").floating_value == 5.0);
  EXPECT_EQ(seen("\"x\"").what, kind::string);
  EXPECT_EQ(seen("{}").what, kind::other);
  EXPECT_EQ(seen("[1]").what, kind::other);
  (void)set.read("{\"kind\":\"c\"}");
  EXPECT_EQ(set.choice->seen[1].what, kind::absent);
}

TEST(layout_set, without_selector_the_field_type_picks_the_layout) {
  const two_kinds set;
  const layout_set by_type({set.a, set.b});
  const auto all = read_all(
      "{\"type\":\"B\",\"ts\":1,\"y\":\"\"}\n{\"type\":\"A\",\"ts\":1,\"x\":1}\n{\"type\":\"C\"}\n{\"ts\":1,\"x\":1}\n{"
      "\"type\":1}\n",
      format::ndjson, by_type);
  ASSERT_EQ(all.size(), 5U);
  EXPECT_EQ(all[0].header.type, 1);
  EXPECT_EQ(all[1].header.type, 0);
  for (std::size_t i = 2; i < 5; ++i) EXPECT_EQ(all[i].what, outcome::skipped);
}

TEST(layout_set, a_single_layout_takes_records_whatever_their_type_field_says) {
  const two_kinds set;
  EXPECT_EQ(read_ndjson("{\"type\":\"C\",\"ts\":1,\"x\":1}", set.a)[0].what, outcome::event);
}

TEST(layout_set, refuses_what_no_feed_can_have) {
  EXPECT_THROW(layout_set({}), error);
  EXPECT_THROW(layout_set({make_layout("X", make_field("x", field_type::u8))}), error);
  const two_kinds set;
  EXPECT_THROW(layout_set({set.a, set.b}, set.choice, {"kind", "kind"}), error);
}

}  // namespace
}  // namespace millrace::feed::testing
