#pragma once

#include <millrace/feed/decoder.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace millrace::feed {

enum class format : std::uint8_t {
  automatic,  ///< by the name (.ndjson .jsonl .json .csv, with .gz or .zst behind it), else by the first character
  ndjson,
  csv
};

/// Opens the feed at `path` ("-": standard input) and the decoder of its format. Throws `error` when it cannot
/// be opened. May wait for the first character when neither name nor `how` tells the format.
[[nodiscard]] std::unique_ptr<decoder> open_feed(const std::string& path, format how, layout_set layouts,
                                                 std::size_t record_bytes_max = default_record_bytes_max);

/// The same over any source of bytes; `automatic` goes by the source's name.
[[nodiscard]] std::unique_ptr<decoder> open_feed(std::unique_ptr<byte_source> source, format how, layout_set layouts,
                                                 std::size_t record_bytes_max = default_record_bytes_max);

}  // namespace millrace::feed
