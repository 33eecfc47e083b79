#include <millrace/feed/csv_decoder.hpp>

#include <millrace/base/error.hpp>
#include <millrace/feed/field_text.hpp>

#include <simdjson.h>
#include <algorithm>
#include <cstring>
#include <utility>

namespace millrace::feed {
namespace {

bool scan_cell(const csv_cell& cell, decimal& into) noexcept {
  return !cell.text.empty() && scan_number(cell.text.data(), number_grammar::csv, into) &&
         into.end == cell.text.data() + cell.text.size();
}

bool is_utf8(std::string_view text) noexcept { return simdjson::validate_utf8(text.data(), text.size()); }

std::size_t count_quotes(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '"'));
}

}  // namespace

csv_decoder::csv_decoder(line_reader lines, layout_set layouts)
    : decoder(std::move(lines), std::move(layouts)), column_of_slot_(layouts_.names().size(), no_column) {}

outcome csv_decoder::next(event_header& into) {
  if (column_count_ == 0 && !read_header()) return outcome::end;
  switch (lines_.next()) {
    case line_reader::status::end: return outcome::end;
    case line_reader::status::too_long: count_record(); return dead_line_too_long();
    case line_reader::status::line: break;
  }
  count_record();
  return decode(into);
}

/// False when the feed is empty.
bool csv_decoder::read_header() {
  const auto fail = [this](const std::string& what) {
    throw error("'" + lines_.source().name() + "', line " + std::to_string(lines_.number()) + ": " + what);
  };
  const line_reader::status got = lines_.next();
  if (got == line_reader::status::end) return false;
  if (got == line_reader::status::too_long) fail("the header line is too long");
  if (!complete_record()) fail("a quoted cell of the header line does not end");
  if (!is_utf8(lines_.line())) fail("the header line is not UTF-8");
  if (const char* wrong = record_.split(lines_.line())) fail(std::string("not a CSV header: ") + wrong);
  const auto cells = record_.cells();
  for (std::size_t column = 0; column < cells.size(); ++column) {
    const std::string_view name = cells[column].text;
    const auto is_named_so = [name](const csv_cell& cell) { return cell.text == name; };
    if (!name.empty() && std::ranges::count_if(cells, is_named_so) != 1)
      fail("the header names the column '" + std::string(name) + "' twice");
    const std::uint32_t slot = layouts_.find(name);
    if (slot != name_table::unknown) column_of_slot_[slot] = column;
  }
  column_count_ = cells.size();
  return true;
}

/// A line feed inside quotes belongs to the record: lines are added until the quotes match. False when they
/// never do.
bool csv_decoder::complete_record() {
  if (std::memchr(lines_.line().data(), '"', lines_.line().size()) == nullptr) return true;
  std::size_t seen = lines_.line().size();
  std::size_t quotes = count_quotes(lines_.line());
  while (quotes % 2 != 0) {
    if (lines_.extend() != line_reader::status::line) return false;
    quotes += count_quotes(lines_.line().substr(seen));
    seen = lines_.line().size();
  }
  return true;
}

outcome csv_decoder::decode(event_header& into) {
  if (!complete_record()) return dead_as_one_line("not CSV: a quoted cell does not end");
  if (!is_utf8(lines_.line())) return dead("not UTF-8");
  if (const char* wrong = record_.split(lines_.line()))
    return dead_as_one_line((std::string("not CSV: ") + wrong).c_str());
  if (record_.cells().size() != column_count_)
    return dead("found " + std::to_string(record_.cells().size()) + " cells, expected " +
                std::to_string(column_count_));
  std::size_t layout = 0;
  if (!layouts_.is_single()) {
    const auto chosen = choose_layout();
    if (!chosen) return outcome::skipped;
    layout = *chosen;
  }
  return decode_fields(into, layout);
}

outcome csv_decoder::decode_fields(event_header& into, std::size_t layout) {
  const std::span<const std::byte> blank = layouts_.layout(layout).blank();
  std::byte* const data = data_of(into);
  std::memcpy(data, blank.data(), blank.size());
  for (const field_plan& f : layouts_.plan(layout)) {
    const csv_cell& cell = cell_of(f.slot);
    const fit how = cell.is_lacking() ? fit::missing : store_cell(f, cell, data + f.offset);
    if (how != fit::good && (how != fit::missing || !f.has_default)) return dead_field(*f.declared, how, cell);
  }
  write_header(into, layout);
  return outcome::event;
}

fit csv_decoder::store_cell(const field_plan& f, const csv_cell& cell, std::byte* at) {
  if (f.type == field_type::string) return store_text(f.type, f.capacity, cell.text, at);
  if (f.type == field_type::boolean) {
    const bool truth = cell.text == "true" || cell.text == "1";
    if (!truth && cell.text != "false" && cell.text != "0") return fit::wrong_type;
    *at = std::byte{truth};
    return fit::good;
  }
  decimal number;
  return scan_cell(cell, number) ? store_number(f.type, f.unit, number, at)
                                 : store_text(f.type, f.capacity, cell.text, at);
}

std::optional<std::size_t> csv_decoder::choose_layout() {
  const auto slots = layouts_.probes();
  for (std::size_t i = 0; i < slots.size(); ++i) probes_[i] = probe_of(cell_of(slots[i]));
  const auto chosen = layouts_.choice().select(probes_);
  return chosen && *chosen < layouts_.size() ? chosen : std::nullopt;
}

raw_value csv_decoder::probe_of(const csv_cell& cell) {
  raw_value value;
  if (cell.is_lacking()) return value;
  value.text = cell.text;
  value.what = raw_value::kind::string;
  if (cell.quoted) return value;
  decimal number;
  if (cell.text == "true" || cell.text == "false") {
    value.what = raw_value::kind::boolean;
    value.boolean_value = cell.text == "true";
  } else if (scan_cell(cell, number)) {
    read_number(number, value);
  }
  return value;
}

outcome csv_decoder::dead_field(const field& f, fit how, const csv_cell& cell) {
  decimal number;
  const bool bare = how == fit::missing || scan_cell(cell, number);
  shown_.clear();
  if (!bare) shown_ += '"';
  append_excerpt(shown_, cell.text);
  if (!bare) shown_ += '"';
  describe(reason_, f, how, shown_, cell.text.size());
  return outcome::dead;
}

outcome csv_decoder::dead_as_one_line(const char* reason) {
  lines_.shrink();
  return dead(reason);
}

}  // namespace millrace::feed
