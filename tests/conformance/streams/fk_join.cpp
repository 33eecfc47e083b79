#include "stream_operators.hpp"
#include "text_pool.hpp"

#include <millrace/stream/foreign_key_join.hpp>
#include <millrace/stream/latest_table.hpp>

namespace millrace::conformance {

std::vector<stream_output> run_fk_join(const stream_case& of) {
  text_pool texts;
  stream::latest_table<text, text> left(room);
  stream::latest_table<text, text> right(room);
  const auto foreign_key_of = [&](text value) -> std::optional<text> {
    const std::string whole = texts[value];
    const std::size_t bar = whole.find('|');
    return bar == std::string::npos ? std::nullopt : std::optional(texts.number_of(whole.substr(0, bar)));
  };
  stream::foreign_key_join join(kind_of(of), left, right, foreign_key_of, room);
  joined_outputs out(of, texts);
  for (std::size_t i = 0; i < of.input.size(); ++i) {
    out.set_item(i);
    const text_record from = record_of(of.input[i], texts);
    if (of.input[i].in == "left")
      left.put(from, [&](const auto& change) { join.left(change, out); });
    else
      right.put(from, [&](const auto& change) { join.right(change, out); });
  }
  return out.outputs;
}

}  // namespace millrace::conformance
