#pragma once

#include <millrace/feed/csv_record.hpp>
#include <millrace/feed/decimal.hpp>
#include <millrace/feed/decoder.hpp>

namespace millrace::feed {

/// Reads CSV (RFC 4180) whose first line names the columns. An empty cell without quotes is a field that is
/// lacking. A record whose quotes do not match is dead as one line: the next line is read as a record again.
class csv_decoder final : public decoder {
 public:
  csv_decoder(line_reader lines, layout_set layouts);

  /// Throws `error` for a header that is not one, too.
  [[nodiscard]] outcome next(event_header& into) override;

 private:
  using field_plan = layout_set::field_plan;

  [[nodiscard]] bool read_header();
  [[nodiscard]] bool complete_record();
  [[nodiscard]] outcome decode(event_header& into);
  [[nodiscard]] outcome decode_fields(event_header& into, std::size_t layout);
  [[nodiscard]] std::optional<std::size_t> choose_layout();
  [[nodiscard]] static raw_value probe_of(const csv_cell& cell);
  [[nodiscard]] static fit store_cell(const field_plan& f, const csv_cell& cell, std::byte* at);
  [[nodiscard]] outcome dead_field(const field& f, fit how, const csv_cell& cell);
  [[nodiscard]] outcome dead_as_one_line(const char* reason);

  [[nodiscard]] const csv_cell& cell_of(std::uint32_t slot) const noexcept {
    const std::size_t column = column_of_slot_[slot];
    return column == no_column ? absent_ : record_.cells()[column];
  }

  static constexpr std::size_t no_column = ~std::size_t{0};
  csv_record record_;
  csv_cell absent_;
  std::vector<std::size_t> column_of_slot_;
  std::size_t column_count_ = 0;
  std::string shown_;
};

}  // namespace millrace::feed
