#include "feed_text.hpp"

#include <simdjson.h>

namespace millrace::oracle {
namespace {

value value_of(simdjson::dom::element from, const std::string& name) {
  if (from.is_string()) return std::string(std::string_view(from));
  if (name == "price" || name == "volume") return double(from);
  return std::int64_t(from);
}

record read_record(simdjson::dom::element from) {
  record made;
  made.fields = {{"volume", 0.0}, {"kind", std::string("Event")}};
  for (const auto& [name, field] : from.get_object())
    made.fields[std::string(name)] = value_of(field, std::string(name));
  made.time_ns = std::get<std::int64_t>(made.fields.at("t")) * 1'000'000;
  made.fields["t"] = made.time_ns;
  return made;
}

}  // namespace

feed_records read_feed(const std::string& ndjson) {
  simdjson::dom::parser parser;
  const simdjson::padded_string text(ndjson);
  feed_records made;
  std::int64_t position = 0;
  for (const simdjson::dom::element line : simdjson::dom::document_stream(parser.parse_many(text))) {
    record next = read_record(line);
    if (made.records.empty() || next.time_ns >= made.records.back().time_ns) {
      made.records.push_back(std::move(next));
      made.positions.push_back(position);
    }
    ++position;
  }
  return made;
}

}  // namespace millrace::oracle
