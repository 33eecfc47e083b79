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
constexpr std::string_view header = "ts,user,amount,items,ok\n";

std::vector<record> read_rows(std::string_view rows) {
  return read_csv(std::string(header) + std::string(rows), txn_layout());
}
std::string user_of(std::string_view cell) {
  const auto all = read_rows("5," + std::string(cell) + ",2.5,3,true\n");
  if (all.size() != 1 || all[0].what != outcome::event) return "dead";
  return std::string(all[0].text_of(*txn_layout(), "user"));
}
std::string why_dead(std::string_view row) {
  const auto all = read_rows(row);
  return all.size() == 1 && all[0].what == outcome::dead ? all[0].reason : "not dead";
}
std::string failure_of(std::string_view text) {
  try {
    (void)read_csv(text, txn_layout());
  } catch (const error& e) {
    return e.what();
  }
  return "";
}

TEST(csv_decoder, gives_the_bytes_that_ndjson_gives) {
  std::mt19937_64 random(4);
  const auto layout = txn_layout();
  std::string csv(header), json;
  for (int i = 0; i < 3000; ++i) {
    const std::string ts = std::to_string(static_cast<std::int64_t>(random() >> 22));
    const std::string user(random() % 17, static_cast<char>('a' + random() % 26));
    char amount[64];
    std::snprintf(amount, sizeof amount, "%.*g", static_cast<int>(1 + random() % 17),
                  static_cast<double>(static_cast<std::int64_t>(random())) / 1e7);
    const std::string ok = random() % 2 == 0 ? "true" : "false";
    const bool has_items = random() % 2 == 0;
    const std::string items = std::to_string(static_cast<std::uint32_t>(random()));
    csv += ts + ",\"" + user + "\"," + amount + "," + (has_items ? items : "") + "," + ok + "\n";
    json += "{\"ts\":" + ts + ",\"user\":\"" + user + "\",\"amount\":" + amount +
            (has_items ? ",\"items\":" + items : "") + ",\"ok\":" + ok + "}\n";
  }
  const auto from_csv = read_csv(csv, layout), from_json = read_ndjson(json, layout);
  ASSERT_EQ(from_csv.size(), 3000U);
  ASSERT_EQ(from_json.size(), 3000U);
  for (std::size_t i = 0; i < from_csv.size(); ++i) {
    ASSERT_EQ(from_csv[i].what, outcome::event) << from_csv[i].reason;
    ASSERT_EQ(from_csv[i].data, from_json[i].data) << from_csv[i].text << "\n" << from_json[i].text;
    ASSERT_EQ(std::memcmp(&from_csv[i].header, &from_json[i].header, sizeof(event_header)), 0);
  }
}

TEST(csv_decoder, columns_go_by_name_and_others_are_ignored) {
  const auto all = read_csv("x,ok,,amount,user,ts,\nx,1,y,2.5,ann,5,\"\"\n", txn_layout());
  ASSERT_EQ(all[0].what, outcome::event) << all[0].reason;
  EXPECT_EQ(all[0].data, read_rows("5,ann,2.5,,true\n")[0].data);
}

TEST(csv_decoder, quotes_follow_rfc_4180) {
  EXPECT_EQ(user_of("ann"), "ann");
  EXPECT_EQ(user_of("\"ann\""), "ann");
  EXPECT_EQ(user_of("\"a,b\""), "a,b");
  EXPECT_EQ(user_of("\"a\"\"b\""), "a\"b");
  EXPECT_EQ(user_of("\"\"\"\""), "\"");
  EXPECT_EQ(user_of("\"\"\"a\"\"b\"\"\""), "\"a\"b\"");
  EXPECT_EQ(user_of("\"\""), "");
  EXPECT_EQ(user_of(" a "), " a ");
  EXPECT_EQ(user_of("\"a\nb\""), "a\nb");
  EXPECT_EQ(user_of("\"a\r\n\n\"\"b\""), "a\r\n\n\"b");
}

TEST(csv_decoder, wrong_quotes_are_dead) {
  EXPECT_EQ(why_dead("5,\"ann\"x,2.5,3,true\n"),
            "not CSV: found text behind the closing quote of a cell, expected a comma");
  EXPECT_EQ(why_dead("5,a\"n\"n,2.5,3,true\n"), "not CSV: found a quote inside a cell without quotes");
  EXPECT_EQ(why_dead("5,\"ann,2.5,3,true\n"), "not CSV: a quoted cell does not end");
}

TEST(csv_decoder, a_quote_that_never_ends_costs_its_own_line_only) {
  const auto all = read_rows("5,\"ann,2.5,3,true\n6,bob,1,1,false\n7,cat,1,1,false\n");
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].what, outcome::dead);
  EXPECT_EQ(all[0].text, "5,\"ann,2.5,3,true");
  EXPECT_EQ(all[1].header.time_ns, 6'000'000);
  EXPECT_EQ(all[1].line, 3U);
  EXPECT_EQ(all[2].header.id.low, 2U);
}

TEST(csv_decoder, a_stray_quote_does_not_swallow_good_lines) {
  const auto all = read_rows("5,5\" nails,2.5,3,true\n6,bob,1,1,false\n7,3\" nails,1,1,false\n8,cat,1,1,false\n");
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].what, outcome::dead);
  EXPECT_EQ(all[1].what, outcome::event);
  EXPECT_EQ(all[2].what, outcome::dead);
  EXPECT_EQ(all[3].what, outcome::event);
}

TEST(csv_decoder, a_record_of_several_lines_has_the_number_of_the_first) {
  const auto all = read_rows("5,\"a\n\nb\",2.5,3,true\n6,bob,1,1,false\n");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].line, 2U);
  EXPECT_EQ(all[0].text, "5,\"a\n\nb\",2.5,3,true");
  EXPECT_EQ(all[1].line, 5U);
}

TEST(csv_decoder, a_record_of_several_lines_is_bounded_as_a_whole) {
  const std::string rows = "5,\"aa\nbbbbbbbb\",2.5,3,1\n6,bob,1,1,false\n";
  const auto at_bound = read_all(std::string(header) + rows, format::csv, layout_set({txn_layout()}), 23);
  EXPECT_EQ(at_bound.size(), 2U);
  const auto beyond = read_all(std::string(header) + "5,\"aa\nbbbbbbbbb\",2.5,3,1\n6,bob,1,1,false\n", format::csv,
                               layout_set({txn_layout()}), 23);
  ASSERT_EQ(beyond.size(), 3U);
  EXPECT_EQ(beyond[0].what, outcome::dead);
  EXPECT_EQ(beyond[2].what, outcome::event);
}

TEST(csv_decoder, an_empty_cell_is_a_lacking_field) {
  const auto layout = txn_layout();
  EXPECT_EQ(read_rows("5,ann,2.5,,true\n")[0].get<std::uint32_t>(*layout, "items"), 1U);
  EXPECT_EQ(why_dead("5,,2.5,3,true\n"), "field 'user': found nothing, expected string(16)");
  EXPECT_EQ(why_dead("5,ann,2.5,\"\",true\n"), "field 'items': found \"\", expected u32 (0 to 4294967295)");
}

TEST(csv_decoder, a_wrong_number_of_cells_is_dead) {
  EXPECT_EQ(why_dead("5,ann,2.5,3\n"), "found 4 cells, expected 5");
  EXPECT_EQ(why_dead("5,ann,2.5,3,true,\n"), "found 6 cells, expected 5");
}

TEST(csv_decoder, a_header_without_a_needed_column_makes_each_record_dead) {
  const auto all = read_csv("ts,user,ok\n5,ann,true\n6,bob,true\n", txn_layout());
  ASSERT_EQ(all.size(), 2U);
  for (const record& r : all) EXPECT_EQ(r.reason, "field 'amount': found nothing, expected f64");
}

TEST(csv_decoder, a_column_named_twice_is_an_error) {
  EXPECT_EQ(failure_of("ts,user,ts\n"), "'memory', line 1: the header names the column 'ts' twice");
  EXPECT_EQ(failure_of("x,,x\n"), "'memory', line 1: the header names the column 'x' twice");
}

TEST(csv_decoder, a_header_that_is_none_is_an_error) {
  EXPECT_NE(failure_of("ts,\"user\n1,2\n"), "");
  EXPECT_NE(failure_of("ts,us\"er\n1,2\n"), "");
  EXPECT_NE(failure_of("ts,\xff\n1,2\n"), "");
}

TEST(csv_decoder, a_header_may_be_quoted_and_begin_with_a_byte_order_mark) {
  const auto all = read_csv("\xef\xbb\xbf\"ts\",\"user\",amount,items,ok\r\n5,ann,2.5,3,true\r\n", txn_layout());
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].what, outcome::event) << all[0].reason;
}

TEST(csv_decoder, an_empty_feed_or_a_header_alone_has_no_record) {
  for (const char* text : {"", "\n\n", "ts,user\n", "ts"}) EXPECT_TRUE(read_csv(text, txn_layout()).empty());
}

TEST(csv_decoder, wrong_utf8_is_dead) { EXPECT_EQ(why_dead("5,a\xff,2.5,3,true\n"), "not UTF-8"); }

TEST(csv_decoder, blank_lines_are_no_records) {
  const auto all = read_rows("\n5,ann,2.5,3,true\n\n\r\n6,ann,2.5,3,true\n\n");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[1].header.id.low, 1U);
  EXPECT_EQ(all[1].line, 6U);
}

TEST(csv_decoder, a_selector_is_asked_as_in_ndjson) {
  const auto a = make_layout("A", make_field("ts", field_type::timestamp)),
             b = make_layout("B", make_field("ts", field_type::timestamp), make_field("y", field_type::u8));
  const auto all = read_all("type,ts,y\nB,1,7\nA,2,\nC,,\n\"A\",3,\n,4,\n", format::csv, layout_set({a, b}));
  ASSERT_EQ(all.size(), 5U);
  EXPECT_EQ(all[0].header.type, 1);
  EXPECT_EQ(all[1].header.type, 0);
  EXPECT_EQ(all[2].what, outcome::skipped);
  EXPECT_EQ(all[3].what, outcome::event);
  EXPECT_EQ(all[4].what, outcome::skipped);
}

TEST(csv_decoder, mutated_rows_never_do_harm_and_pieces_of_any_size_give_the_same) {
  std::mt19937 random(6);
  const std::string_view characters = "\",\n\r0123456789.e+-ab \xff";
  for (int round = 0; round < 150; ++round) {
    std::string text(header);
    for (int i = 0; i < 20; ++i) {
      std::string row = "5,\"a\"\"n\nn\",2.5,3,true\n";
      for (auto changes = random() % 3; changes > 0; --changes) {
        const std::size_t at = random() % row.size();
        if (random() % 2 == 0)
          row[at] = characters[random() % characters.size()];
        else
          row.insert(at, 1, characters[random() % characters.size()]);
      }
      text += row;
    }
    const auto whole = read_csv(text, txn_layout());
    const auto pieces = read_all(
        *open_feed(std::make_unique<trickle>(text, 1 + random() % 20), format::csv, layout_set({txn_layout()})));
    ASSERT_EQ(whole.size(), pieces.size());
    for (std::size_t i = 0; i < whole.size(); ++i) {
      ASSERT_EQ(whole[i].reason, pieces[i].reason);
      ASSERT_EQ(whole[i].data, pieces[i].data);
      ASSERT_EQ(whole[i].text, pieces[i].text);
    }
  }
}

}  // namespace
}  // namespace millrace::feed::testing
