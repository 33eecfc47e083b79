#include <millrace/feed/field_text.hpp>

#include <millrace/base/fixed_string.hpp>

#include <algorithm>
#include <array>
#include <cstring>

namespace millrace::feed {
namespace {

constexpr std::array<std::string_view, 8> integer_ranges{
    "-128 to 127", "-32768 to 32767", "-2147483648 to 2147483647", "-9223372036854775808 to 9223372036854775807",
    "0 to 255",    "0 to 65535",      "0 to 4294967295",           "0 to 18446744073709551615"};

fit store_ns(std::optional<std::int64_t> ns, std::byte* at) noexcept {
  if (!ns) return fit::wrong_type;
  std::memcpy(at, &*ns, sizeof *ns);
  return fit::good;
}

void append_expected(std::string& into, const field& f) {
  into += name_of(f.type);
  if (is_integer(f.type))
    into.append(" (")
        .append(integer_ranges[static_cast<std::size_t>(f.type) - static_cast<std::size_t>(field_type::i8)])
        .append(")");
  if (f.type == field_type::string) into.append("(").append(std::to_string(f.capacity)).append(")");
  if (f.type == field_type::timestamp)
    into.append(" (a whole number of ").append(name_of(f.unit)).append(" or RFC 3339 text, 1677 to 2262)");
  if (f.type == field_type::duration) into += " (a whole number of ns or text such as \"250ms\")";
}

}  // namespace

fit store_text(field_type type, std::size_t capacity, std::string_view text, std::byte* at) noexcept {
  switch (type) {
    case field_type::string: return store_string(capacity, text, at);
    case field_type::timestamp: return store_ns(parse_rfc3339(text), at);
    case field_type::duration: return store_ns(parse_duration(text), at);
    default: return fit::wrong_type;
  }
}

void append_excerpt(std::string& into, std::string_view text) {
  constexpr std::size_t shown = 80;
  if (text.size() <= shown) {
    into += text;
    return;
  }
  // Not in the middle of a UTF-8 sequence.
  std::size_t cut = shown;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xc0) == 0x80) --cut;
  into.append(text.substr(0, cut)).append("...");
}

void describe(std::string& into, const field& f, fit how, std::string_view found, std::size_t text_bytes) {
  into.assign("field '").append(f.name).append("': found ");
  if (how == fit::too_long) {
    into.append(std::to_string(text_bytes)).append(" bytes, expected at most ").append(std::to_string(f.capacity));
    return;
  }
  append_excerpt(into, how == fit::missing ? "nothing" : found);
  into += ", expected ";
  append_expected(into, f);
}

}  // namespace millrace::feed
