#include "stream_operators.hpp"
#include "text_pool.hpp"

#include <millrace/stream/stream_stream_join.hpp>

namespace millrace::conformance {

std::vector<stream_output> run_stream_stream_join(const stream_case& of) {
  text_pool texts;
  const std::int64_t diff = of.spec.number_or("diff", 0);
  const stream::join_window window{of.spec.number_or("before", diff), of.spec.number_or("after", diff),
                                   of.spec.number_or("grace", 0)};
  stream::stream_stream_join<text, text, text, text_less> join(kind_of(of), window, room, {&texts});
  const bool joins_itself = of.spec.text_or("right", "right") == "left";
  joined_outputs out(of, texts);
  for (std::size_t i = 0; i < of.input.size(); ++i) {
    out.set_item(i);
    const text_record from = record_of(of.input[i], texts);
    const bool is_left = of.input[i].in == "left";
    if (is_left) join.left(from, out);
    if (is_left == joins_itself) join.right(from, out);
  }
  return out.outputs;
}

}  // namespace millrace::conformance
