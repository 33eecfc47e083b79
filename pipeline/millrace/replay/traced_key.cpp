#include <millrace/replay/traced_key.hpp>

#include <millrace/feed/field_text.hpp>
#include <millrace/rules/router.hpp>

#include <fmt/format.h>
#include <algorithm>
#include <string>

namespace millrace::replay {
namespace {

bool store(const field& f, const std::string& text, std::byte* at) {
  if (f.type == field_type::string) return write_fixed_string(at, f.capacity, text);
  if (f.type == field_type::boolean) {
    *at = std::byte{text == "true" || text == "1"};
    return text == "true" || text == "1" || text == "false" || text == "0";
  }
  feed::decimal number;
  const std::string padded = text + std::string(64, '\0');  // the scanner reads whole words
  if (feed::scan_number(padded.data(), feed::number_grammar::csv, number) && number.end == padded.data() + text.size())
    return feed::store_number(f.type, f.unit, number, at) == feed::fit::good;
  return feed::store_text(f.type, f.capacity, text, at) == feed::fit::good;
}

std::string type_text(const field& f) {
  return f.type == field_type::string ? fmt::format("string({})", f.capacity) : std::string(name_of(f.type));
}

/// The values in the order of the fields; nothing where the text names others.
std::optional<std::vector<std::string>> values_of(const std::vector<std::string>& fields, std::string_view text) {
  if (fields.empty()) return text == "all" ? std::make_optional<std::vector<std::string>>() : std::nullopt;
  std::vector<std::optional<std::string>> found(fields.size());
  std::string_view rest = text;
  for (;;) {
    // A comma is part of a value unless the name of a field stands behind it.
    const auto equals = rest.find('=');
    const auto name = std::ranges::find(fields, rest.substr(0, equals));
    if (equals == std::string_view::npos || name == fields.end()) break;
    auto end = rest.find(',', equals);
    while (end != std::string_view::npos) {
      const std::string_view behind = rest.substr(end + 1);
      const std::string_view next = behind.substr(0, behind.find('='));
      if (next.size() != behind.size() && std::ranges::find(fields, next) != fields.end()) break;
      end = rest.find(',', end + 1);
    }
    auto& value = found[static_cast<std::size_t>(name - fields.begin())];
    if (value) return std::nullopt;
    value = std::string(rest.substr(equals + 1, end == std::string_view::npos ? end : end - equals - 1));
    if (end == std::string_view::npos) {
      rest = {};
      break;
    }
    rest.remove_prefix(end + 1);
  }
  std::vector<std::string> made;
  if (fields.size() == 1 && !found.front()) return std::vector<std::string>{std::string(text)};
  for (auto& value : found) {
    if (!value) return std::nullopt;
    made.push_back(std::move(*value));
  }
  return rest.empty() ? std::make_optional(made) : std::nullopt;
}

}  // namespace

std::optional<std::vector<std::byte>> traced_key(const rules::revision& rules, std::size_t group,
                                                 std::string_view text) {
  const rules::key_group& key = rules.groups[group].key;
  const auto values = values_of(key.fields, text);
  if (!values) return std::nullopt;
  if (key.fields.empty()) return std::make_optional<std::vector<std::byte>>();
  const auto type = std::ranges::find_if(key.fields_of, [](const auto& fields) { return !fields.empty(); });
  if (type == key.fields_of.end()) return std::nullopt;
  // An event that has nothing but the key; in whole headers, which are aligned as events must be.
  std::vector<event_header> room(2 + rules.declarations->data_bytes_max / sizeof(event_header));
  event_header& event = room.front();
  event.type = static_cast<event_type>(type - key.fields_of.begin());
  std::byte* const data = data_of(event);
  for (std::size_t i = 0; i < type->size(); ++i)
    if (!store(*(*type)[i], (*values)[i], data + (*type)[i]->offset)) return std::nullopt;
  rules::key_packer packer(rules);
  const auto packed = packer.pack(group, event);
  return std::vector<std::byte>(packed.begin(), packed.end());
}

std::string traceable_keys(const rules::revision& rules) {
  std::vector<std::string> texts;
  for (const auto& group : rules.groups) {
    const auto type = std::ranges::find_if(group.key.fields_of, [](const auto& fields) { return !fields.empty(); });
    std::string text = group.key.fields.empty() ? "all" : "";
    for (std::size_t i = 0; i < group.key.fields.size(); ++i)
      text += (i == 0 ? "" : ",") + group.key.fields[i] + "=<" + type_text(*(*type)[i]) + ">";
    if (std::ranges::find(texts, text) == texts.end()) texts.push_back(text);
  }
  return fmt::format("{}", fmt::join(texts, " or "));
}

}  // namespace millrace::replay
