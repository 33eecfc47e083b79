#pragma once

#include <millrace/feed/decimal.hpp>
#include <millrace/feed/decoder.hpp>
#include <millrace/feed/json_record.hpp>

namespace millrace::feed {

/// Reads newline-delimited JSON: an object a line. null is a field that is lacking; fields that no layout names
/// are ignored, but have to be JSON. An object whose one member is "watermark" is no record: it holds a time,
/// in the unit of the first layout's timestamp or as RFC 3339 text.
class ndjson_decoder final : public decoder {
 public:
  ndjson_decoder(line_reader lines, layout_set layouts);

  [[nodiscard]] outcome next(event_header& into) override;

 private:
  using field_plan = layout_set::field_plan;

  [[nodiscard]] outcome decode(event_header& into);
  [[nodiscard]] outcome decode_watermark(event_header& into);
  [[nodiscard]] outcome decode_fields(event_header& into, std::size_t layout);
  [[nodiscard]] std::optional<std::size_t> choose_layout(bool& malformed);
  [[nodiscard]] bool read_probe(const char* value, char*& scratch, raw_value& into) const;
  [[nodiscard]] fit store_value(const field_plan& f, const char* value, std::byte* at);
  [[nodiscard]] bool are_scalars(const std::vector<std::uint32_t>& slots) const noexcept;
  [[nodiscard]] outcome dead_json(const char* what);
  [[nodiscard]] outcome dead_field(const field& f, fit how, const char* value);
  [[nodiscard]] std::string_view token_text(const char* value) const noexcept;

  json_record record_;
  field watermark_field_;
  field_plan watermark_plan_;
  std::vector<std::vector<std::uint32_t>> foreign_slots_;  // by layout: names that only others have
  std::vector<std::uint32_t> all_slots_;
};

}  // namespace millrace::feed
