#include "stream_operators.hpp"
#include "text_pool.hpp"

#include <millrace/stream/global_table.hpp>
#include <millrace/stream/stream_table_join.hpp>

namespace millrace::conformance {
namespace {

/// What stands before the colon.
std::optional<text> table_key_of(const maybe_text& value, text_pool& texts) {
  return value ? std::optional(texts.number_of(value->substr(0, value->find(':')))) : std::nullopt;
}

}  // namespace

std::vector<stream_output> run_stream_global_join(const stream_case& of) {
  text_pool texts;
  stream::global_table<text, text> table(room);
  stream::stream_table_join<text, text, decltype(table)> join(kind_of(of), table);
  joined_outputs out(of, texts);
  for (std::size_t i = 0; i < of.input.size(); ++i) {
    out.set_item(i);
    const text_record from = record_of(of.input[i], texts);
    if (of.input[i].in == "left")
      join.process(from, table_key_of(of.input[i].v, texts), out);
    else
      table.put(from);
  }
  return out.outputs;
}

}  // namespace millrace::conformance
