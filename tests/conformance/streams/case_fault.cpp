// What of a case no operator here would do as the case says.

#include "stream_case.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>

namespace millrace::conformance {
namespace {

using names = std::initializer_list<std::string_view>;

bool is_one_of(std::string_view name, names all) { return std::ranges::find(all, name) != all.end(); }

bool is_windowed(const stream_case& of) { return is_one_of(of.op, {"window_agg", "window_agg_wm"}); }
bool is_join(const stream_case& of) { return of.op.ends_with("_join"); }

std::string unknown(const std::string& what, const std::string& found) { return what + " '" + found + "' is unknown"; }

std::string item_fault(const stream_case& of, const stream_item& item) {
  if (item.what == stream_item::kind::record) {
    const bool is_known = is_join(of) ? is_one_of(item.in, {"left", "right"}) : item.in == "in";
    return is_known ? "" : unknown("in", item.in);
  }
  if (of.op == "window_agg_wm") return {};
  if (of.op == "interval_join" && item.what == stream_item::kind::watermark) return {};
  return of.op + " takes no word of time";
}

std::string kind_fault(const stream_case& of) {
  const std::string kind = of.spec.text_or("kind", "inner");
  const bool has_outer = is_one_of(of.op, {"stream_stream_join", "table_table_join"});
  const bool is_known =
      kind == "inner" || (kind == "left" && of.op != "interval_join") || (kind == "outer" && has_outer);
  return is_known ? "" : unknown("kind", kind);
}

std::string join_fault(const stream_case& of) {
  const std::string right = of.spec.text_or("right", "right");
  if (!is_one_of(right, {"left", "right"})) return unknown("right", right);
  return kind_fault(of);
}

std::string suppression_fault(const stream_case& of) {
  if (!of.spec.has("suppress.type"))
    return of.spec.has("suppress.limit") || of.spec.has("suppress.max_records") ? "found no suppress.type" : "";
  const std::string type = of.spec.text_or("suppress.type", "");
  if (type == "until_time_limit" && of.op != "window_agg_wm") return {};
  if (type == "until_window_closes" && of.op == "window_agg") return {};
  return unknown("suppress.type", type);
}

std::string aggregate_fault(const stream_case& of) {
  const std::string agg = of.spec.text_or("agg", is_windowed(of) ? "" : "count");
  if (!is_one_of(agg, {"count", "sum", "concat", "reduce"})) return unknown("agg", agg);
  const std::string emit = of.spec.text_or("emit", "update");
  if (of.op == "window_agg" && !is_one_of(emit, {"update", "final"})) return unknown("emit", emit);
  return suppression_fault(of);
}

}  // namespace

std::string fault_of(const stream_case& of) {
  if (!of.fault.empty()) return of.fault;
  for (const stream_item& item : of.input)
    if (std::string fault = item_fault(of, item); !fault.empty()) return fault;
  if (is_join(of)) return join_fault(of);
  return is_windowed(of) || of.op == "table_agg" ? aggregate_fault(of) : "";
}

}  // namespace millrace::conformance
