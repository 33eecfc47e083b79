#include "stream_case.hpp"

#include <simdjson.h>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace millrace::conformance {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

std::string text_of(element from) { return std::string(std::string_view(from)); }
maybe_text maybe_text_of(element from) { return from.is_null() ? std::nullopt : maybe_text(text_of(from)); }

std::optional<std::int64_t> maybe_number(element from, std::string_view name) {
  element value;
  if (from[name].get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
  if (!value.is_int64()) throw std::runtime_error("found no integer as " + std::string(name));
  return std::int64_t(value);
}

void read_spec(element from, const std::string& prefix, stream_spec& spec) {
  for (const auto& [key, value] : from.get_object()) {
    const std::string name = prefix + std::string(key);
    switch (value.type()) {
      case element_type::OBJECT: read_spec(value, name + ".", spec); break;
      case element_type::STRING: spec.set(name, text_of(value)); break;
      case element_type::BOOL: spec.set(name, std::int64_t{bool(value)}); break;
      case element_type::INT64: spec.set(name, std::int64_t(value)); break;
      default: throw std::runtime_error("found no text, integer, truth or object as " + name);
    }
  }
}

stream_item read_item(element from) {
  if (const auto time = maybe_number(from, "wm")) return {stream_item::kind::watermark, {}, {}, {}, *time};
  if (const auto time = maybe_number(from, "pt")) return {stream_item::kind::processing_time, {}, {}, {}, *time};
  return {stream_item::kind::record, text_of(from["in"]), maybe_text_of(from["k"]), maybe_text_of(from["v"]),
          std::int64_t(from["t"])};
}

stream_output read_output(element from) {
  return {maybe_number(from, "i"), maybe_text_of(from["k"]), maybe_text_of(from["v"]),
          std::int64_t(from["t"]), maybe_number(from, "ws"), maybe_number(from, "we")};
}

match_by read_match(const std::string& name) {
  static const std::map<std::string, match_by> names = {{"ordered_i", match_by::ordered_i},
                                                        {"ordered", match_by::ordered},
                                                        {"set_i", match_by::set_i},
                                                        {"set", match_by::set},
                                                        {"final_by_key", match_by::final_by_key}};
  const auto found = names.find(name);
  if (found == names.end()) throw std::runtime_error("found match '" + name + "', expected one that the README names");
  return found->second;
}

stream_case read_case(element from) {
  stream_case made;
  made.id = text_of(from["id"]);
  made.op = text_of(from["op"]);
  read_spec(from["spec"], "", made.spec);
  for (const element item : from["input"].get_array()) made.input.push_back(read_item(item));
  for (const element output : from["expected"].get_array()) made.expected.push_back(read_output(output));
  made.match = read_match(text_of(from["match"]));
  if (element late; from["late"].get(late) == simdjson::SUCCESS && !late.is_null()) {
    made.late.emplace();
    for (const element each : late.get_array())
      made.late->insert(each.is_object() ? std::int64_t(each["i"]) : std::int64_t(each));
  }
  if (element final; from["relational_final"].get(final) == simdjson::SUCCESS && !final.is_null()) {
    made.relational_final.emplace();
    for (const auto& [key, value] : final.get_object()) made.relational_final->emplace(key, text_of(value));
  }
  return made;
}

stream_case case_of(const std::string& line, std::size_t number) {
  try {
    simdjson::dom::parser parser;
    return read_case(parser.parse(line));
  } catch (const std::exception& e) {
    stream_case none;
    none.id = "line " + std::to_string(number);
    none.fault = std::string("no case: ") + e.what();
    return none;
  }
}

}  // namespace

std::vector<stream_case> read_stream_cases(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot be read");
  std::vector<stream_case> cases;
  std::size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (!line.empty()) cases.push_back(case_of(line, number));
  }
  if (file.bad() || cases.empty()) throw std::runtime_error("found no case, or the file cannot be read");
  return cases;
}

}  // namespace millrace::conformance
