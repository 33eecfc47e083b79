// Histograms as HdrHistogram's log readers take them, read back by a decoder written from its format's description.

#include <millrace/measure/interval_log.hpp>

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::measure {
namespace {

using byte_string = std::vector<unsigned char>;

byte_string of_base64(std::string_view text) {
  byte_string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') break;
    const std::size_t digit =
        std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/").find(c);
    if (digit == std::string_view::npos) throw std::runtime_error("not base64");
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<unsigned char>(bits >> count & 0xff));
  }
  return bytes;
}

class reader {
 public:
  explicit reader(byte_string bytes) : bytes_(std::move(bytes)) {}
  std::uint64_t number(std::size_t size) {
    std::uint64_t made = 0;
    for (; size > 0; --size) made = made << 8 | byte();
    return made;
  }
  std::int64_t count() {
    std::uint64_t made = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint64_t next = byte();
      if (shift == 56) {
        made |= next << shift;
        break;
      }
      made |= (next & 0x7f) << shift;
      if (next < 0x80) break;
    }
    return static_cast<std::int64_t>(made >> 1) ^ -static_cast<std::int64_t>(made & 1);
  }
  [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }
  [[nodiscard]] byte_string rest() const { return {bytes_.begin() + static_cast<std::ptrdiff_t>(at_), bytes_.end()}; }

 private:
  std::uint64_t byte() { return bytes_.at(at_++); }
  byte_string bytes_;
  std::size_t at_ = 0;
};

byte_string inflated(const byte_string& bytes) {
  byte_string made(1U << 22);
  uLongf size = made.size();
  if (uncompress(made.data(), &size, bytes.data(), bytes.size()) != Z_OK)
    throw std::runtime_error("not what zlib makes");
  made.resize(size);
  return made;
}

/// The bytes before compression.
byte_string payload_of(const std::string& text) {
  reader outer(of_base64(text));
  EXPECT_EQ(outer.number(4), 0x1c849314U);
  const auto size = outer.number(4);
  EXPECT_EQ(size, outer.left());
  return inflated(outer.rest());
}

/// Counts by the lowest value of their bucket.
std::map<std::int64_t, std::uint64_t> counts_of(const std::string& text, const bucket_layout& layout) {
  reader inner(payload_of(text));
  EXPECT_EQ(inner.number(4), 0x1c849313U);
  const auto size = inner.number(4);
  EXPECT_EQ(inner.number(4), 0U);
  EXPECT_EQ(inner.number(4), static_cast<std::uint64_t>(layout.significant_digits()));
  EXPECT_EQ(inner.number(8), static_cast<std::uint64_t>(layout.lowest_discernible()));
  EXPECT_EQ(inner.number(8), static_cast<std::uint64_t>(layout.highest_trackable()));
  EXPECT_EQ(inner.number(8), 0x3ff0000000000000U);
  EXPECT_EQ(size, inner.left());
  std::map<std::int64_t, std::uint64_t> found;
  std::size_t index = 0;
  while (inner.left() != 0) {
    const std::int64_t count = inner.count();
    if (count < 0) {
      index += static_cast<std::size_t>(-count);
      continue;
    }
    if (count > 0) found[layout.value_at(index)] = static_cast<std::uint64_t>(count);
    ++index;
  }
  return found;
}

std::map<std::int64_t, std::uint64_t> counts_of(const histogram& of) {
  std::map<std::int64_t, std::uint64_t> found;
  of.for_each([&](std::int64_t value, std::uint64_t count) { found[value] = count; });
  return found;
}

TEST(interval_log, holds_every_count) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    const auto digits = static_cast<int>(1 + random() % 4);
    histogram recorded(1, 3'600'000'000'000, digits);
    const std::uint64_t values = random() % 300;
    for (std::uint64_t i = 0; i < values; ++i) {
      const std::uint64_t bits = random() % 42;
      const auto value = static_cast<std::int64_t>(random() >> (63 - bits));
      const std::uint64_t count = std::uint64_t{1} << random() % 50;
      recorded.record_n(value, count);
    }
    ASSERT_EQ(counts_of(to_log_text(recorded), recorded.layout()), counts_of(recorded)) << round;
  }
}

TEST(interval_log, is_byte_for_byte_what_hdr_histogram_makes_but_for_the_compression) {
  // Made by HdrHistogram 2.1.11 for Java, encodeIntoCompressedByteBuffer, of the same values.
  const std::string theirs =
      "HISTFAAAAJh42i2MsQ7BYBRG/5572+aXYLB6CG/A5CU8DBIdTIZGRERCxGwkaToZTCI2YmhMHWpg7EZTZzlfzvA1R2"
      "HDGDM0JfK385vd1mFl2u8ygB0UdOr0eUDiElWIayyrnC0fS2C5+lx8Mo/cZe2zUxYuU4+7MFMyJVJC4SQEylY5QgoT"
      "YS+kwhg2EFP85zD/RYdn76bJy+ELcssnyw==";
  histogram ours(1, 3'600'000'000'000, 3);
  for (std::int64_t i = 0; i < 40; ++i) ours.record(i * i * i * i);
  ours.record_n(7, std::uint64_t{1} << 40);
  ours.record(3'599'999'999'999);
  ours.record_n(123'456'789, 300);
  EXPECT_EQ(payload_of(to_log_text(ours)), payload_of(theirs));
}

TEST(interval_log, nothing_recorded_is_a_histogram_too) {
  const auto nothing = histogram::of_latencies();
  EXPECT_TRUE(counts_of(to_log_text(nothing), nothing.layout()).empty());
}

TEST(interval_log, has_the_lines_that_readers_expect) {
  std::ostringstream out;
  interval_log log(out, 1'441'812'279'474'000'000);
  auto recorded = histogram::of_latencies();
  recorded.record(2'769'000);
  log.write(127'000'000, 1'134'000'000, recorded);
  std::istringstream lines(out.str());
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line, "#[Histogram log format version 1.3]");
  std::getline(lines, line);
  EXPECT_EQ(line, "#[StartTime: 1441812279.474 (seconds since epoch), 2015-09-09T15:24:39.474000000Z]");
  std::getline(lines, line);
  EXPECT_EQ(line, "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"");
  std::getline(lines, line);
  const std::string begin = "0.127,1.007,2.771,";
  ASSERT_EQ(line.substr(0, begin.size()), begin);
  EXPECT_EQ(counts_of(line.substr(begin.size()), recorded.layout()), counts_of(recorded));
  EXPECT_FALSE(std::getline(lines, line));
}

}  // namespace
}  // namespace millrace::measure
