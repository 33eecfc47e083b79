#include "integer_of.hpp"
#include "stream_operators.hpp"
#include "text_pool.hpp"

#include <millrace/stream/table_filter.hpp>

namespace millrace::conformance {

std::vector<stream_output> run_table_filter(const stream_case& of) {
  text_pool texts;
  const auto is_even = [&](text, text value) { return integer_of(texts[value]) % 2 == 0; };
  stream::table_filter<text, text, decltype(is_even)> filter(is_even);
  std::vector<stream_output> outputs;
  for (std::size_t i = 0; i < of.input.size(); ++i) {
    filter.process(record_of(of.input[i], texts), [&](const text_record& from) {
      outputs.push_back(
          {static_cast<std::int64_t>(i), texts.text_of(from.key), texts.text_of(from.value), from.time_ns, {}, {}});
    });
  }
  return outputs;
}

}  // namespace millrace::conformance
