#include "stream_operators.hpp"
#include "text_pool.hpp"

#include <millrace/stream/latest_table.hpp>
#include <millrace/stream/table_table_join.hpp>
#include <millrace/stream/versioned_table.hpp>

namespace millrace::conformance {
namespace {

template <class Left, class Right>
std::vector<stream_output> run(const stream_case& of, Left left, Right right) {
  text_pool texts;
  stream::table_table_join<Left, Right> join(kind_of(of), left, right);
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

using latest = stream::latest_table<text, text>;
using versioned = stream::versioned_table<text, text>;

}  // namespace

std::vector<stream_output> run_table_table_join(const stream_case& of) {
  const auto left = of.spec.number("left_versioned_ms");
  const auto right = of.spec.number("right_versioned_ms");
  if (left && right) return run(of, versioned(room, *left), versioned(room, *right));
  if (left) return run(of, versioned(room, *left), latest(room));
  if (right) return run(of, latest(room), versioned(room, *right));
  return run(of, latest(room), latest(room));
}

}  // namespace millrace::conformance
