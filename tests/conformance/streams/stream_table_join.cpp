#include "stream_operators.hpp"
#include "text_pool.hpp"

#include <millrace/stream/delayed_table_join.hpp>
#include <millrace/stream/latest_table.hpp>
#include <millrace/stream/stream_table_join.hpp>
#include <millrace/stream/versioned_table.hpp>

namespace millrace::conformance {
namespace {

template <class Table, class Join>
std::vector<stream_output> run(const stream_case& of, text_pool& texts, Table& table, Join& join) {
  joined_outputs out(of, texts);
  for (std::size_t i = 0; i < of.input.size(); ++i) {
    out.set_item(i);
    const text_record from = record_of(of.input[i], texts);
    if (of.input[i].in == "left")
      join.process(from, out);
    else
      table.put(from);
  }
  return out.outputs;
}

}  // namespace

std::vector<stream_output> run_stream_table_join(const stream_case& of) {
  text_pool texts;
  const auto history = of.spec.number("versioned_ms");
  if (!history) {
    stream::latest_table<text, text> table(room);
    stream::stream_table_join<text, text, decltype(table)> join(kind_of(of), table);
    return run(of, texts, table, join);
  }
  stream::versioned_table<text, text> table(room, *history);
  if (const auto grace = of.spec.number("grace")) {
    stream::delayed_table_join<text, text, decltype(table), text_less> join(kind_of(of), table, *grace, room, {&texts});
    return run(of, texts, table, join);
  }
  stream::stream_table_join<text, text, decltype(table)> join(kind_of(of), table);
  return run(of, texts, table, join);
}

}  // namespace millrace::conformance
