#include <millrace/feed/open_feed.hpp>

#include <millrace/feed/csv_decoder.hpp>
#include <millrace/feed/ndjson_decoder.hpp>

#include <string_view>
#include <utility>

namespace millrace::feed {
namespace {

format by_name(std::string_view name) noexcept {
  for (const std::string_view packed : {".gz", ".zst"})
    if (name.ends_with(packed)) name.remove_suffix(packed.size());
  if (name.ends_with(".csv")) return format::csv;
  for (const std::string_view json : {".ndjson", ".jsonl", ".json"})
    if (name.ends_with(json)) return format::ndjson;
  return format::automatic;
}

}  // namespace

std::unique_ptr<decoder> open_feed(const std::string& path, format how, layout_set layouts,
                                   std::size_t record_bytes_max) {
  return open_feed(byte_source::open(path), how, std::move(layouts), record_bytes_max);
}

std::unique_ptr<decoder> open_feed(std::unique_ptr<byte_source> source, format how, layout_set layouts,
                                   std::size_t record_bytes_max) {
  if (how == format::automatic) how = by_name(source->name());
  line_reader lines(std::move(source), record_bytes_max);
  if (how == format::automatic) how = lines.first_character() == '{' ? format::ndjson : format::csv;
  if (how == format::ndjson) return std::make_unique<ndjson_decoder>(std::move(lines), std::move(layouts));
  return std::make_unique<csv_decoder>(std::move(lines), std::move(layouts));
}

}  // namespace millrace::feed
