#include <pipeline/feed/feed_fixture.hpp>

#include <gtest/gtest.h>
#include <random>

namespace millrace::feed::testing {
namespace {

std::shared_ptr<event_layout> txn_layout() {
  auto layout = make_layout("Txn", make_field("ts", field_type::timestamp, 0, time_unit::ms),
                            make_field("user", field_type::string, 16), make_field("amount", field_type::f64),
                            make_field("items", field_type::u32), make_field("ok", field_type::boolean));
  const std::uint32_t one = 1;
  layout->set_default(3, std::as_bytes(std::span(&one, 1)));
  return layout;
}

constexpr std::string_view good_line = R"({"ts":5,"user":"ann","amount":2.5,"items":3,"ok":true})";

std::string why_dead(std::string_view line) {
  const auto all = read_ndjson(line, txn_layout());
  return all.size() == 1 && all[0].what == outcome::dead ? all[0].reason : "not dead";
}

TEST(ndjson_decoder, fills_header_and_data) {
  const auto layout = txn_layout();
  const auto all = read_ndjson(good_line, layout);
  ASSERT_EQ(all.size(), 1U);
  const record& r = all[0];
  ASSERT_EQ(r.what, outcome::event) << r.reason;
  EXPECT_EQ(r.header.time_ns, 5'000'000);
  EXPECT_EQ(r.header.type, 0);
  EXPECT_EQ(r.header.id, (event_id{0, 0}));
  EXPECT_EQ(r.header.schema_version, 1);
  EXPECT_EQ(r.header.sequence, 0U);
  EXPECT_EQ(r.text_of(*layout, "user"), "ann");
  EXPECT_EQ(r.get<double>(*layout, "amount"), 2.5);
  EXPECT_EQ(r.get<std::uint32_t>(*layout, "items"), 3U);
  EXPECT_EQ(r.get<std::uint8_t>(*layout, "ok"), 1);
}

TEST(ndjson_decoder, leaves_no_byte_unwritten) {
  // The fixture's room is full of rubbish; a string shorter than before and padding have to be zero.
  const auto layout = txn_layout();
  const auto all = read_ndjson(std::string(good_line) + "\n" + std::string(good_line), layout);
  ASSERT_EQ(all.size(), 2U);
  std::vector<std::byte> expected(layout->bytes());
  const std::int64_t ts = 5'000'000;
  const double amount = 2.5;
  const std::uint32_t items = 3;
  std::memcpy(expected.data() + layout->fields()[0].offset, &ts, 8);
  ASSERT_TRUE(write_fixed_string(expected.data() + layout->fields()[1].offset, 16, "ann"));
  std::memcpy(expected.data() + layout->fields()[2].offset, &amount, 8);
  std::memcpy(expected.data() + layout->fields()[3].offset, &items, 4);
  expected[layout->fields()[4].offset] = std::byte{1};
  EXPECT_EQ(all[0].data, expected);
  EXPECT_EQ(all[1].data, expected);
}

TEST(ndjson_decoder, a_lacking_or_null_field_takes_its_default) {
  const auto layout = txn_layout();
  for (const auto* line : {R"({"ts":5,"user":"ann","amount":2.5,"ok":true})",
                           R"({"ts":5,"user":"ann","amount":2.5,"items":null,"ok":true})"}) {
    const auto all = read_ndjson(line, layout);
    ASSERT_EQ(all[0].what, outcome::event) << all[0].reason;
    EXPECT_EQ(all[0].get<std::uint32_t>(*layout, "items"), 1U);
  }
}

TEST(ndjson_decoder, a_lacking_field_without_default_is_dead) {
  EXPECT_EQ(why_dead(R"({"ts":5,"amount":2.5,"ok":true})"), "field 'user': found nothing, expected string(16)");
  EXPECT_EQ(why_dead(R"({"ts":5,"user":null,"amount":2.5,"ok":true})"),
            "field 'user': found nothing, expected string(16)");
  EXPECT_EQ(why_dead("{}"),
            "field 'ts': found nothing, expected timestamp (a whole number of ms or RFC 3339 text, 1677 to 2262)");
}

TEST(ndjson_decoder, fields_in_any_order_and_unknown_ones_are_fine) {
  const auto layout = txn_layout();
  const auto all = read_ndjson(
      R"( { "x" : {"a":[1,{"ts":9}],"b":{}} , "ok":true,"amount" : 2.5 ,"y":[[],"]}",-1.5e3,null,false],"user":"ann","z":"\"","items":3,"ts":5 } )",
      layout);
  ASSERT_EQ(all.size(), 1U);
  ASSERT_EQ(all[0].what, outcome::event) << all[0].reason;
  EXPECT_EQ(all[0].data, read_ndjson(good_line, layout)[0].data);
}

TEST(ndjson_decoder, the_last_of_two_equal_names_counts) {
  const auto layout = txn_layout();
  const auto all = read_ndjson(
      R"({"ts":1,"user":"bob","ts":5,"amount":1,"amount":2.5,"items":9,"items":3,"ok":false,"ok":true,"user":"ann"})",
      layout);
  ASSERT_EQ(all[0].what, outcome::event) << all[0].reason;
  EXPECT_EQ(all[0].data, read_ndjson(good_line, layout)[0].data);
}

TEST(ndjson_decoder, names_may_have_escapes) {
  const auto layout = txn_layout();
  const auto all = read_ndjson(R"({"\u0074s":5,"us\u0065r":"ann","amount":2.5,"items":3,"ok":true,"\n\"":1})", layout);
  ASSERT_EQ(all[0].what, outcome::event) << all[0].reason;
  EXPECT_EQ(all[0].data, read_ndjson(good_line, layout)[0].data);
}

TEST(ndjson_decoder, names_of_every_length_are_told_apart) {
  auto layout = make_layout("X", make_field("ts", field_type::timestamp));
  std::string line = "{\"ts\":1";
  std::vector<std::string> names;
  for (std::size_t size = 1; size <= 40; ++size)
    for (const char c : {'a', 'b'}) {
      std::string name(size, 'n');
      name[size / 2] = c;
      names.push_back(name);
      layout->add(make_field(name, field_type::u32));
      line += ",\"" + name + "\":" + std::to_string(names.size()) + ",\"" + name + "x\":0";
    }
  const auto all = read_ndjson(line + "}", layout);
  ASSERT_EQ(all[0].what, outcome::event) << all[0].reason;
  for (std::size_t i = 0; i < names.size(); ++i) EXPECT_EQ(all[0].get<std::uint32_t>(*layout, names[i]), i + 1);
}

TEST(ndjson_decoder, whatever_is_no_object_is_dead_as_no_json) {
  for (const char* line :
       {"[1]", "5", "\"x\"", "null", "true", "x", "}", ",", ":", "[", "]", "\\", "\x01", "\"", "{\"ts\":1"})
    EXPECT_EQ(why_dead(line).rfind("not JSON: ", 0), 0U) << line << ": " << why_dead(line);
}

TEST(ndjson_decoder, every_prefix_of_a_line_is_dead) {
  for (std::size_t size = 1; size < good_line.size(); ++size) {
    EXPECT_NE(why_dead(good_line.substr(0, size)), "not dead") << size;
    // With good lines behind it, into which a careless reader would run.
    const std::string behind = std::string(good_line.substr(0, size)) + "\n" + std::string(good_line) +
                               "\n,\"a\":1}\n" + std::string(good_line);
    const auto all = read_ndjson(behind, txn_layout());
    ASSERT_EQ(all.size(), 4U);
    EXPECT_EQ(all[0].what, outcome::dead) << size;
    EXPECT_EQ(all[1].what, outcome::event) << size;
    EXPECT_EQ(all[2].what, outcome::dead) << size;
    EXPECT_EQ(all[3].what, outcome::event) << size;
  }
}

TEST(ndjson_decoder, an_object_does_not_span_lines) {
  const auto all = read_ndjson("{\"ts\":5,\"user\":\"ann\",\"amount\":2.5\n,\"ok\":true}\n", txn_layout());
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].what, outcome::dead);
  EXPECT_EQ(all[1].what, outcome::dead);
}

TEST(ndjson_decoder, text_behind_the_object_is_dead) {
  for (const char* tail : {"x", "{}", ",", "}", "1", "\"", "]"})
    EXPECT_EQ(why_dead(std::string(good_line) + tail).rfind("not JSON", 0), 0U) << tail;
  EXPECT_EQ(why_dead(std::string(good_line) + " \t\r"), "not dead");
}

TEST(ndjson_decoder, ignored_values_have_to_be_json) {
  for (const char* value :
       {"nul",       "01",          "1.",      "-",        "tru",   "truee",      "+1", "nan",     "[1 2]",
        "[1,]",      "[,]",         "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "[}", "{]",      "\"\\x\"",
        "[\"\\x\"]", "{\"\\x\":1}", "[01]",    "1 2",      ":",     "",           "[1", "{\"a\":1"})
    EXPECT_EQ(why_dead(R"({"ts":5,"user":"ann","amount":2.5,"ok":true,"ignored":)" + std::string(value) + "}")
                  .rfind("not JSON", 0),
              0U)
        << value;
}

TEST(ndjson_decoder, values_that_a_later_one_replaces_have_to_be_json) {
  EXPECT_EQ(why_dead(R"({"ts":nul,"ts":5,"user":"ann","amount":2.5,"ok":true})").rfind("not JSON", 0), 0U);
}

TEST(ndjson_decoder, wrong_utf8_is_dead) {
  for (const char* bad : {"\xff", "\xc3", "\xed\xa0\x80", "\xf8\x88\x80\x80\x80", "\xc0\x80"})
    EXPECT_EQ(why_dead(R"({"ts":5,"user":"a)" + std::string(bad) + R"(","amount":2.5,"ok":true})").rfind("not JSON", 0),
              0U);
}

TEST(ndjson_decoder, bare_control_characters_in_strings_are_dead) {
  EXPECT_EQ(why_dead("{\"ts\":5,\"user\":\"a\tb\",\"amount\":2.5,\"ok\":true}").rfind("not JSON", 0), 0U);
}

TEST(ndjson_decoder, deep_nesting_is_dead_and_harmless) {
  const std::string head = R"({"ts":5,"user":"ann","amount":2.5,"ok":true,"x":)";
  EXPECT_EQ(why_dead(head + std::string(1000, '[') + std::string(1000, ']') + "}"), "not dead");
  EXPECT_EQ(why_dead(head + std::string(100'000, '[') + std::string(100'000, ']') + "}").rfind("not JSON", 0), 0U);
  EXPECT_EQ(why_dead(std::string(1'000'000, '{')).rfind("not JSON", 0), 0U);
}

TEST(ndjson_decoder, one_bad_line_does_not_touch_its_neighbours) {
  for (const std::string bad :
       {"{", "\"", "{\"ts\":\"", "\xff", "\\", "{\"user\":\"a\\", "x", "[[[", "\"\\\"", "{\"a\":\"\x01\"}"}) {
    std::string text;
    for (int i = 0; i < 3000; ++i) text += (i % 100 == 7 ? bad : std::string(good_line)) + "\n";
    const auto all = read_ndjson(text, txn_layout());
    ASSERT_EQ(all.size(), 3000U);
    for (std::size_t i = 0; i < all.size(); ++i) {
      ASSERT_EQ(all[i].what, i % 100 == 7 ? outcome::dead : outcome::event) << bad << i << all[i].reason;
      ASSERT_EQ(all[i].line, i + 1);
      ASSERT_EQ(all[i].index, i);
      ASSERT_EQ(all[i].text, i % 100 == 7 ? bad : good_line);
    }
  }
}

TEST(ndjson_decoder, what_is_wrong_with_a_line_does_not_depend_on_the_lines_behind_it) {
  for (const std::string bad :
       {"{", "{{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":[", "{\"a\":[1,", "[", "7"}) {
    const std::string alone = why_dead(bad);
    for (const std::string next : {"{", "{}", "\"a\"", ":", ",", "}", "]", "1"}) {
      const std::string text = bad + "\n" + next + "\n" + next + "\n" + std::string(good_line) + "\n";
      EXPECT_EQ(read_ndjson(text, txn_layout())[0].reason, alone) << text;
    }
  }
}

TEST(ndjson_decoder, watermarks_take_no_record_index) {
  const auto all =
      read_ndjson(std::string(good_line) + "\n{\"watermark\":7}\n\n{\"watermark\":\"1970-01-01T00:00:01Z\"}\nx\n" +
                      std::string(good_line),
                  txn_layout());
  ASSERT_EQ(all.size(), 5U);
  EXPECT_EQ(all[1].what, outcome::watermark);
  EXPECT_EQ(all[1].header.time_ns, 7'000'000);
  EXPECT_EQ(all[2].what, outcome::watermark);
  EXPECT_EQ(all[2].header.time_ns, 1'000'000'000);
  EXPECT_EQ(all[3].what, outcome::dead);
  EXPECT_EQ(all[3].index, 1U);
  EXPECT_EQ(all[4].header.id.low, 2U);
  EXPECT_EQ(all[4].line, 6U);
}

TEST(ndjson_decoder, a_watermark_that_is_no_time_is_dead) {
  for (const char* value : {"1.5", "\"soon\"", "null", "true", "{}", "9223372036854775807"})
    EXPECT_EQ(why_dead("{\"watermark\":" + std::string(value) + "}").rfind("field 'watermark': found ", 0), 0U)
        << value;
}

TEST(ndjson_decoder, a_record_with_more_than_a_watermark_is_a_record) {
  const auto all = read_ndjson(R"({"watermark":7,"ts":5,"user":"ann","amount":2.5,"ok":true})", txn_layout());
  EXPECT_EQ(all[0].what, outcome::event);
  EXPECT_EQ(why_dead(R"({"watermark":7,"watermark":8})").rfind("field 'ts'", 0), 0U);
}

TEST(ndjson_decoder, a_line_longer_than_the_bound_is_dead_and_counted) {
  const std::string text =
      std::string(good_line) + "\n{\"x\":\"" + std::string(500, 'a') + "\"}\n" + std::string(good_line) + "\n";
  const auto all = read_all(text, format::ndjson, layout_set({txn_layout()}), 100);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[1].reason, "found a record of more than 100 bytes, expected at most that");
  EXPECT_EQ(all[1].line, 2U);
  EXPECT_EQ(all[2].header.id.low, 2U);
}

TEST(ndjson_decoder, an_empty_feed_has_no_record) {
  for (const char* text : {"", "\n", "\n \n", "\xef\xbb\xbf"}) EXPECT_TRUE(read_ndjson(text, txn_layout()).empty());
}

TEST(ndjson_decoder, records_before_an_error_of_the_feed_are_delivered) {
  for (const std::size_t piece : std::initializer_list<std::size_t>{1, 1000}) {
    const auto feed = open_feed(
        std::make_unique<trickle>(std::string(good_line) + "\n" + std::string(good_line) + "\n{\"ts", piece, "cut"),
        format::ndjson, layout_set({txn_layout()}));
    EXPECT_EQ(read_one(*feed).what, outcome::event);
    EXPECT_EQ(read_one(*feed).what, outcome::event);
    EXPECT_THROW((void)read_one(*feed), error);
  }
}

TEST(ndjson_decoder, pieces_of_any_size_give_the_same_events) {
  std::mt19937 random(2);
  std::string text;
  for (int i = 0; i < 2000; ++i) {
    switch (random() % 8) {
      case 0: text += "{\"watermark\":" + std::to_string(i) + "}\n"; break;
      case 1: text += std::string(random() % 200, '{') + "\n"; break;
      case 2: text += "\"\n"; break;
      default: {
        // One draw a statement: every compiler writes the same feed.
        text += "{\"ts\":" + std::to_string(random());
        text += ",\"user\":\"" + std::string(random() % 20, 'u');
        text += "\",\"pad\":\"" + std::string(random() % 400, ' ');
        text += "\",\"amount\":" + std::to_string(static_cast<double>(random()) / 1e4) + ",\"ok\":false}\r\n";
      }
    }
  }
  const auto whole = read_ndjson(text, txn_layout());
  for (const std::size_t piece : std::initializer_list<std::size_t>{1, 13, 1000, 65'536}) {
    const auto pieces =
        read_all(*open_feed(std::make_unique<trickle>(text, piece), format::ndjson, layout_set({txn_layout()})));
    ASSERT_EQ(pieces.size(), whole.size());
    for (std::size_t i = 0; i < whole.size(); ++i) {
      ASSERT_EQ(pieces[i].what, whole[i].what) << i;
      ASSERT_EQ(pieces[i].data, whole[i].data) << i;
      ASSERT_EQ(pieces[i].reason, whole[i].reason) << i;
      ASSERT_EQ(pieces[i].text, whole[i].text) << i;
      ASSERT_EQ(pieces[i].line, whole[i].line) << i;
    }
  }
}

TEST(ndjson_decoder, mutated_lines_never_do_harm_and_never_spill_over) {
  std::mt19937 random(9);
  const std::string line = R"({"ts":5,"user":"a\u00e4n","amount":2.5e1,"x":{"a":[1,true,null]},"items":3,"ok":true})";
  const std::string_view characters = "{}[]\",:\\0123456789.eE+-truefalsn \t\x01\xff\xc3";
  for (int round = 0; round < 100; ++round) {
    std::string text;
    constexpr int count = 40;
    for (int i = 0; i < count; ++i) {
      std::string mutated = line;
      for (auto changes = random() % 4; changes > 0; --changes) {
        const std::size_t at = random() % mutated.size();
        switch (random() % 3) {
          case 0: mutated[at] = characters[random() % characters.size()]; break;
          case 1: mutated.erase(at, 1 + random() % 5); break;
          default: mutated.insert(at, 1, characters[random() % characters.size()]);
        }
      }
      text += mutated + "\n" + std::string(good_line) + "\n";
    }
    // Each line alone is the oracle: a block with many lines has to give the same.
    const auto all = read_ndjson(text, txn_layout());
    std::size_t at = 0, begin = 0;
    while (begin < text.size()) {
      const std::size_t end = text.find('\n', begin);
      const auto alone = read_ndjson(text.substr(begin, end - begin), txn_layout());
      begin = end + 1;
      if (alone.empty()) continue;
      ASSERT_LT(at, all.size());
      ASSERT_EQ(all[at].what, alone[0].what) << alone[0].text;
      ASSERT_EQ(all[at].data, alone[0].data) << alone[0].text;
      ++at;
    }
    ASSERT_EQ(at, all.size());
  }
}

}  // namespace
}  // namespace millrace::feed::testing
