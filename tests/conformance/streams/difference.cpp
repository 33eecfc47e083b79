// Expected and found outputs, compared as a case says.

#include "stream_case.hpp"

#include <algorithm>
#include <tuple>

namespace millrace::conformance {
namespace {

using row = std::tuple<std::optional<std::int64_t>, maybe_text, maybe_text, std::int64_t, std::optional<std::int64_t>,
                       std::optional<std::int64_t>>;

using windowed_key = std::tuple<maybe_text, std::optional<std::int64_t>, std::optional<std::int64_t>>;

row row_of(const stream_output& from, bool with_i) {
  return {with_i ? from.i : std::nullopt, from.k, from.v, from.t, from.ws, from.we};
}

std::string text_of(const maybe_text& from) { return from ? *from : "null"; }

std::string text_of(const windowed_key& from) {
  const auto& [k, ws, we] = from;
  return ws ? text_of(k) + "[" + std::to_string(*ws) + "," + (we ? std::to_string(*we) : "") + "]" : text_of(k);
}

std::string text_of(const row& from) {
  const auto& [i, k, v, t, ws, we] = from;
  const std::string made = (i ? "item " + std::to_string(*i) + ": " : "") + text_of(windowed_key(k, ws, we));
  return made + " = " + text_of(v) + " @" + std::to_string(t);
}

std::vector<row> rows_of(const std::vector<stream_output>& from, bool with_i, bool sorted) {
  std::vector<row> made;
  for (const stream_output& each : from)
    if (!each.is_late) made.push_back(row_of(each, with_i));
  if (sorted) std::ranges::sort(made);
  return made;
}

std::string first_difference(const std::vector<row>& expected, const std::vector<row>& found) {
  const auto [e, f] = std::ranges::mismatch(expected, found);
  if (e == expected.end() && f == found.end()) return {};
  return " expected " + (e == expected.end() ? "no more" : text_of(*e)) + ", found " +
         (f == found.end() ? "no more" : text_of(*f)) + " (output " + std::to_string(e - expected.begin()) + ")";
}

using table = std::map<windowed_key, std::string>;

windowed_key key_of(const stream_output& from) { return {from.k, from.ws, from.we}; }

/// The last value of each key whose last one is a value.
table final_of(const std::vector<stream_output>& from) {
  table made;
  for (const stream_output& each : from) {
    if (each.is_late) continue;
    made.erase(key_of(each));
    if (each.v) made.emplace(key_of(each), *each.v);
  }
  return made;
}

table table_of(const std::map<std::string, std::string>& rows) {
  table made;
  for (const auto& [key, value] : rows) made.emplace(windowed_key(key, std::nullopt, std::nullopt), value);
  return made;
}

std::string first_difference(const table& expected, const table& found) {
  for (const auto& [key, value] : expected) {
    const auto at = found.find(key);
    if (at == found.end() || at->second != value)
      return " expected in the end " + text_of(key) + " = " + value + ", found " +
             (at == found.end() ? "none" : at->second);
  }
  for (const auto& [key, value] : found)
    if (!expected.contains(key)) return " found in the end " + text_of(key) + " = " + value + ", expected none";
  return {};
}

std::string late_difference(const std::set<std::int64_t>& expected, const std::vector<stream_output>& found) {
  std::set<std::int64_t> late;
  for (const stream_output& each : found)
    if (each.is_late && each.i) late.insert(*each.i);
  for (const std::int64_t i : expected)
    if (!late.contains(i)) return " expected item " + std::to_string(i) + " to be late";
  for (const std::int64_t i : late)
    if (!expected.contains(i)) return " found item " + std::to_string(i) + " to be late";
  return {};
}

std::string output_difference(const stream_case& wanted, const std::vector<stream_output>& found) {
  if (wanted.relational_final) return first_difference(table_of(*wanted.relational_final), final_of(found));
  if (wanted.match == match_by::final_by_key) return first_difference(final_of(wanted.expected), final_of(found));
  const bool with_i = wanted.match == match_by::ordered_i || wanted.match == match_by::set_i;
  const bool sorted = wanted.match == match_by::set_i || wanted.match == match_by::set;
  return first_difference(rows_of(wanted.expected, with_i, sorted), rows_of(found, with_i, sorted));
}

}  // namespace

std::string difference_of(const stream_case& wanted, const std::vector<stream_output>& found) {
  const std::string made = output_difference(wanted, found);
  return made.empty() && wanted.late ? late_difference(*wanted.late, found) : made;
}

}  // namespace millrace::conformance
