#include <millrace/measure/interval_log.hpp>

#include <millrace/base/error.hpp>
#include <millrace/time/timestamp.hpp>

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <zlib.h>

#include <bit>
#include <cstddef>
#include <string_view>

namespace millrace::measure {

namespace {

// HdrHistogram's names for its format, and that counts are as wide as they need to be.
constexpr std::uint32_t encoded_cookie = 0x1c849303 | 0x10;
constexpr std::uint32_t compressed_cookie = 0x1c849304 | 0x10;

template <class Unsigned>
void put(std::string& into, Unsigned value) {
  for (std::size_t byte = sizeof value; byte-- > 0;) into.push_back(static_cast<char>(value >> (8 * byte) & 0xff));
}

/// ZigZag, then seven bits a byte, the lowest first; a ninth byte has eight.
void put_count(std::string& into, std::int64_t count) {
  auto bits = static_cast<std::uint64_t>(count) << 1 ^ static_cast<std::uint64_t>(count >> 63);
  for (int byte = 0; byte < 8 && bits >= 0x80; ++byte, bits >>= 7) into.push_back(static_cast<char>(bits | 0x80));
  into.push_back(static_cast<char>(bits));
}

std::string counts_of(const histogram& of) {
  std::string made;
  std::size_t next = 0;
  of.for_each([&](std::int64_t value, std::uint64_t count) {
    const std::size_t index = of.layout().index_of(value);
    if (index - next == 1) put_count(made, 0);
    if (index - next > 1) put_count(made, -static_cast<std::int64_t>(index - next));
    put_count(made, static_cast<std::int64_t>(count));
    next = index + 1;
  });
  // Of nothing, one zero: readers expect the count of the value 0.
  if (made.empty()) put_count(made, 0);
  return made;
}

std::string encoded(const histogram& of) {
  const std::string counts = counts_of(of);
  std::string made;
  put(made, encoded_cookie);
  put(made, static_cast<std::uint32_t>(counts.size()));
  put(made, std::uint32_t{0});  // counts stand where they belong
  put(made, static_cast<std::uint32_t>(of.layout().significant_digits()));
  put(made, static_cast<std::uint64_t>(of.layout().lowest_discernible()));
  put(made, static_cast<std::uint64_t>(of.layout().highest_trackable()));
  put(made, std::bit_cast<std::uint64_t>(1.0));  // values are as they were recorded
  return made + counts;
}

std::string compressed(const std::string& bytes) {
  uLongf size = compressBound(bytes.size());
  std::string body(size, '\0');
  if (compress(reinterpret_cast<Bytef*>(body.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
               bytes.size()) != Z_OK)
    throw error("a histogram cannot be compressed: zlib refuses");
  std::string made;
  put(made, compressed_cookie);
  put(made, static_cast<std::uint32_t>(size));
  return made.append(body, 0, size);
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string made;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::string_view group = bytes.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k)
      bits = bits << 8 | (k < group.size() ? static_cast<unsigned char>(group[k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) made.push_back(k <= group.size() ? digits[bits >> (18 - 6 * k) & 63] : '=');
  }
  return made;
}

double seconds(std::int64_t ns) { return static_cast<double>(ns) / 1e9; }

}  // namespace

std::string to_log_text(const histogram& of) { return base64(compressed(encoded(of))); }

interval_log::interval_log(std::ostream& out, std::int64_t start_ns, double value_scale)
    : out_(out), value_scale_(value_scale) {
  fmt::print(out_, "#[Histogram log format version 1.3]\n#[StartTime: {:.3f} (seconds since epoch), {}]\n",
             seconds(start_ns), format_rfc3339(start_ns));
  fmt::print(out_, "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n");
}

void interval_log::write(std::int64_t begin_ns, std::int64_t end_ns, const histogram& of) {
  fmt::print(out_, "{:.3f},{:.3f},{:.3f},{}\n", seconds(begin_ns), seconds(end_ns - begin_ns),
             static_cast<double>(of.max()) / value_scale_, to_log_text(of));
}

}  // namespace millrace::measure
