#pragma once

#include <millrace/base/error.hpp>
#include <millrace/base/fixed_string.hpp>
#include <millrace/event/event.hpp>
#include <millrace/feed/open_feed.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::feed::testing {

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// Hands out a text in pieces of a few bytes; may end with an error.
class trickle final : public byte_source {
 public:
  trickle(std::string text, std::size_t piece, std::string failure = "")
      : text_(std::move(text)), piece_(piece), failure_(std::move(failure)) {}
  std::size_t read(std::span<char> into) override {
    const std::size_t got = std::min({piece_, into.size(), text_.size() - at_});
    if (got == 0 && !failure_.empty()) throw error(failure_);
    std::memcpy(into.data(), text_.data() + at_, got);
    at_ += got;
    return got;
  }
  std::uint64_t bytes_read() const noexcept override { return at_; }
  std::optional<std::uint64_t> bytes_total() const noexcept override { return text_.size(); }
  const std::string& name() const noexcept override { return name_; }

 private:
  std::string text_;
  std::size_t piece_;
  std::string failure_;
  std::size_t at_ = 0;
  std::string name_ = "trickle";
};

inline field make_field(std::string name, field_type type, std::uint32_t capacity = 0, time_unit unit = time_unit::ns) {
  field f;
  f.name = std::move(name);
  f.type = type;
  f.capacity = capacity;
  f.unit = unit;
  return f;
}

template <class... Fields>
std::shared_ptr<event_layout> make_layout(std::string name, Fields... fields) {
  auto layout = std::make_shared<event_layout>(std::move(name));
  (layout->add(fields), ...);
  return layout;
}

/// ts: timestamp(ms), and one field `x` of the type that is tested.
inline std::shared_ptr<event_layout> layout_of(field_type type, std::uint32_t capacity = 0) {
  return make_layout("X", make_field("ts", field_type::timestamp, 0, time_unit::ms), make_field("x", type, capacity));
}

/// What became of one record, with everything that a test may ask for copied out of the decoder.
struct record {
  outcome what = outcome::end;
  event_header header;
  std::vector<std::byte> data;
  std::string reason;
  std::string text;
  std::uint64_t line = 0;
  std::uint64_t index = 0;

  template <class T>
  T get(std::size_t offset) const {
    T value;
    std::memcpy(&value, data.data() + offset, sizeof value);
    return value;
  }
  template <class T>
  T get(const event_layout& layout, std::string_view name) const {
    return get<T>(layout.fields()[*layout.find(name)].offset);
  }
  std::string_view text_of(const event_layout& layout, std::string_view name) const {
    return read_fixed_string(data.data() + layout.fields()[*layout.find(name)].offset);
  }
};

inline record read_one(decoder& feed) {
  // Room filled with rubbish: padding that a decoder forgets to clear shows.
  const std::size_t room = feed.layouts().data_bytes_max();
  std::vector<event_header> slots(1 + (room + sizeof(event_header) - 1) / sizeof(event_header));
  std::memset(static_cast<void*>(slots.data()), 0xa5, slots.size() * sizeof(event_header));
  record r;
  r.what = feed.next(slots[0]);
  r.header = slots[0];
  if (r.what == outcome::event) {
    const std::size_t bytes = feed.layouts().layout(r.header.type).bytes();
    r.data.assign(data_of(slots[0]), data_of(slots[0]) + bytes);
  }
  if (r.what == outcome::dead) r.reason = feed.reason();
  r.text = feed.record_text();
  r.line = feed.line_number();
  r.index = feed.record_index();
  return r;
}

inline std::vector<record> read_all(decoder& feed) {
  std::vector<record> all;
  for (;;) {
    record r = read_one(feed);
    if (r.what == outcome::end) return all;
    all.push_back(std::move(r));
  }
}

inline std::vector<record> read_all(std::string_view text, format how, const layout_set& layouts,
                                    std::size_t record_bytes_max = default_record_bytes_max) {
  return read_all(*open_feed(byte_source::over(bytes_of(text)), how, layouts, record_bytes_max));
}

inline std::vector<record> read_ndjson(std::string_view text, std::shared_ptr<const event_layout> layout) {
  return read_all(text, format::ndjson, layout_set({std::move(layout)}));
}
inline std::vector<record> read_csv(std::string_view text, std::shared_ptr<const event_layout> layout) {
  return read_all(text, format::csv, layout_set({std::move(layout)}));
}

/// One value of field x, as JSON or CSV has it.
inline record json_value(std::string_view value, std::shared_ptr<const event_layout> layout) {
  auto all = read_ndjson("{\"ts\":1,\"x\":" + std::string(value) + "}\n", std::move(layout));
  return all.size() == 1 ? all[0] : record{};
}
inline record csv_value(std::string_view value, std::shared_ptr<const event_layout> layout) {
  auto all = read_csv("ts,x\n1," + std::string(value) + "\n", std::move(layout));
  return all.size() == 1 ? all[0] : record{};
}

}  // namespace millrace::feed::testing
