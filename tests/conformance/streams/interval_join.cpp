#include "stream_operators.hpp"
#include "text_pool.hpp"

#include <millrace/stream/interval_join.hpp>

namespace millrace::conformance {

std::vector<stream_output> run_interval_join(const stream_case& of) {
  text_pool texts;
  stream::interval_join<text, text, text> join(
      {of.spec.number_or("lower", 0), of.spec.number_or("upper", 0), of.spec.number_or("lower_inclusive", 1) != 0,
       of.spec.number_or("upper_inclusive", 1) != 0},
      room);
  joined_outputs out(of, texts);
  for (std::size_t i = 0; i < of.input.size(); ++i) {
    out.set_item(i);
    const std::uint64_t late = join.counters().late;
    if (of.input[i].what == stream_item::kind::watermark)
      join.watermark(of.input[i].t);
    else if (of.input[i].in == "left")
      join.left(record_of(of.input[i], texts), out);
    else
      join.right(record_of(of.input[i], texts), out);
    if (join.counters().late != late) {
      out.outputs.emplace_back();
      out.outputs.back().i = static_cast<std::int64_t>(i);
      out.outputs.back().is_late = true;
    }
  }
  return out.outputs;
}

}  // namespace millrace::conformance
