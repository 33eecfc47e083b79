#include "integer_of.hpp"
#include "stream_operators.hpp"
#include "text_pool.hpp"

#include <millrace/stream/latest_table.hpp>
#include <millrace/stream/table_aggregate.hpp>
#include <millrace/stream/table_suppression.hpp>
#include <stdexcept>

namespace millrace::conformance {
namespace {

/// Values are `group:n`.
std::string number_part(const std::string& of) { return of.substr(of.find(':') + 1); }

struct number_of_text {
  const text_pool* texts = nullptr;
  std::int64_t operator()(text value) const { return integer_of(number_part((*texts)[value])); }
};

/// What was added and taken back, one after another; without a beginning, from the first one on.
struct text_aggregate {
  using state = text;
  text_pool* texts;
  maybe_text init;

  [[nodiscard]] state begin() { return texts->number_of(init.value_or("")); }
  void add(state& all, text value) {
    if (!init && (*texts)[all].empty())
      all = texts->number_of(number_part((*texts)[value]));
    else
      append(all, "+", value);
  }
  void subtract(state& all, text value) { append(all, "-", value); }
  void append(state& all, const char* sign, text value) {
    all = texts->number_of((*texts)[all] + sign + number_part((*texts)[value]));
  }
};

std::string shown(std::int64_t state, const text_pool&) { return std::to_string(state); }
std::string shown(text state, const text_pool& texts) { return texts[state]; }

template <class Aggregate>
std::vector<stream_output> run(const stream_case& of, text_pool& texts, Aggregate aggregate) {
  using state = typename Aggregate::state;
  using result = stream::record<text, state>;
  const auto group_of = [&](text, text value) -> std::optional<text> {
    const std::string whole = texts[value];
    return texts.number_of(whole.substr(0, whole.find(':')));
  };
  stream::latest_table<text, text> table(room);
  stream::table_aggregate<text, text, text, decltype(group_of), Aggregate> groups(room, group_of, aggregate);
  const bool is_suppressed = of.spec.text_or("suppress.type", "") == "until_time_limit";
  stream::table_suppression<text, state, text_less> suppression(
      of.spec.number_or("suppress.limit", 0),
      static_cast<std::uint32_t>(of.spec.number_or("suppress.max_records", room)), {&texts});

  std::vector<stream_output> outputs;
  for (std::size_t i = 0; i < of.input.size(); ++i) {
    const auto out = [&](const result& from) {
      const maybe_text value = from.value ? maybe_text(shown(*from.value, texts)) : std::nullopt;
      outputs.push_back({static_cast<std::int64_t>(i), texts.text_of(from.key), value, from.time_ns, {}, {}});
    };
    table.put(record_of(of.input[i], texts), [&](const auto& change) {
      groups.process(change, [&](const result& from) {
        if (is_suppressed)
          suppression.process(from, out);
        else
          out(from);
      });
    });
  }
  return outputs;
}

}  // namespace

std::vector<stream_output> run_table_agg(const stream_case& of) {
  text_pool texts;
  const std::string agg = of.spec.text_or("agg", "count");
  if (agg == "count") return run(of, texts, stream::row_count{});
  if (agg == "sum") return run(of, texts, stream::row_sum<number_of_text>{{&texts}});
  if (agg == "concat") return run(of, texts, text_aggregate{&texts, of.spec.text_or("init", "0")});
  if (agg == "reduce") return run(of, texts, text_aggregate{&texts, std::nullopt});
  throw std::runtime_error("there is no aggregate '" + agg + "'");
}

}  // namespace millrace::conformance
