#include <millrace/sink/json_text.hpp>

#include <millrace/base/fixed_string.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

namespace millrace::sink {
namespace {

bool needs_escape(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\' || c == 0x7F;
}

template <class T>
T read(const std::byte* at) noexcept {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

}  // namespace

json_text& json_text::quoted(std::string_view text) {
  text_ += '"';
  std::size_t clean = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!needs_escape(text[i])) continue;
    text_ += text.substr(clean, i - clean);
    clean = i + 1;
    const char c = text[i];
    if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += c;
    } else if (c == '\n') {
      text_ += "\\n";
    } else if (c == '\t') {
      text_ += "\\t";
    } else {
      constexpr std::string_view digits = "0123456789abcdef";
      text_ += "\\u00";
      text_ += digits[static_cast<unsigned char>(c) >> 4];
      text_ += digits[static_cast<unsigned char>(c) & 15];
    }
  }
  text_ += text.substr(clean);
  text_ += '"';
  return *this;
}

json_text& json_text::integer(std::int64_t number) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  text_.append(digits.data(), end);
  return *this;
}

json_text& json_text::integer(expr::wide number) {
  if (number <= INT64_MAX) return integer(static_cast<std::int64_t>(number));
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), static_cast<std::uint64_t>(number)).ptr;
  text_.append(digits.data(), end);
  return *this;
}

json_text& json_text::floating(double number) {
  if (!std::isfinite(number)) return raw("null");
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  const std::string_view text(digits.data(), static_cast<std::size_t>(end - digits.data()));
  text_ += text;
  if (text.find_first_of(".e") == std::string_view::npos) text_ += ".0";
  return *this;
}

json_text& json_text::value(const expr::value& v, expr::value_kind kind, time_unit unit) {
  if (!v.present) return raw("null");
  switch (kind) {
    case expr::value_kind::boolean: return raw(v.boolean ? "true" : "false");
    case expr::value_kind::integer: return integer(v.integer);
    case expr::value_kind::floating: return floating(v.floating);
    case expr::value_kind::text: return quoted(v.text());
    case expr::value_kind::timestamp:
    case expr::value_kind::duration: break;
  }
  // Sums of durations may exceed 64 bits of nanoseconds.
  const expr::wide size = nanoseconds_in(unit);
  return integer(v.integer / size - (v.integer % size < 0 ? 1 : 0));
}

json_text& json_text::field(const millrace::field& f, const std::byte* data, time_unit unit) {
  const std::byte* const at = data + f.offset;
  switch (f.type) {
    case field_type::boolean: return raw(read<std::uint8_t>(at) != 0 ? "true" : "false");
    case field_type::i8: return integer(std::int64_t{read<std::int8_t>(at)});
    case field_type::i16: return integer(std::int64_t{read<std::int16_t>(at)});
    case field_type::i32: return integer(std::int64_t{read<std::int32_t>(at)});
    case field_type::i64: return integer(read<std::int64_t>(at));
    case field_type::u8: return integer(std::int64_t{read<std::uint8_t>(at)});
    case field_type::u16: return integer(std::int64_t{read<std::uint16_t>(at)});
    case field_type::u32: return integer(std::int64_t{read<std::uint32_t>(at)});
    case field_type::u64: return integer(static_cast<expr::wide>(read<std::uint64_t>(at)));
    case field_type::f32: return floating(static_cast<double>(read<float>(at)));
    case field_type::f64: return floating(read<double>(at));
    case field_type::string: return quoted(read_fixed_string(at));
    case field_type::timestamp:
    case field_type::duration: break;
  }
  return time(read<std::int64_t>(at), unit);
}

}  // namespace millrace::sink
