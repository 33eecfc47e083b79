// Windows that watermarks, or a clock, fire and allow late events, with Flink's answers.

#include "stream_operators.hpp"
#include "text_aggregate.hpp"

#include <millrace/window/aligned_windows.hpp>
#include <millrace/window/count_windows.hpp>
#include <millrace/window/session_windows.hpp>

#include <initializer_list>
#include <limits>
#include <sstream>
#include <stdexcept>

namespace millrace::conformance {
namespace {

using key_type = std::uint32_t;
using result = window::window_result<key_type>;

constexpr window::window_limits limits{.keys = 1U << 10, .panes = 1U << 14};

/// A session's gap where records have gaps of their own: "key1 -> 3000; key2 with value 10 -> 1000; key2 otherwise ->
/// 2000".
class gap_rules {
 public:
  explicit gap_rules(const std::string& text) {
    std::istringstream rules(text);
    for (std::string rule; std::getline(rules, rule, ';');) {
      std::istringstream words(rule);
      rule_of made;
      words >> made.key;
      for (std::string word; words >> word && word != "->";)
        if (word == "value") words >> made.value.emplace();
      words >> made.gap;
      rules_.push_back(made);
    }
  }

  [[nodiscard]] std::int64_t gap_of(const stream_item& item) const {
    for (const rule_of& each : rules_)
      if (each.key == item.k && (!each.value || each.value == item.v)) return each.gap;
    throw std::runtime_error("found no gap for a record");
  }

 private:
  struct rule_of {
    std::string key;
    maybe_text value;
    std::int64_t gap = 0;
  };
  std::vector<rule_of> rules_;
};

class case_run {
 public:
  explicit case_run(const stream_case& of)
      : case_(of),
        texts_(std::make_shared<text_numbers>()),
        type_(of.spec.text_or("window.type", "")),
        is_processing_time_(of.spec.text_or("window.time", "") == "processing"),
        gaps_(of.spec.text_or("window.gap_by", "")) {}

  std::vector<stream_output> run() {
    const stream_spec& spec = case_.spec;
    const bool purges = spec.number_or("purge_on_fire", 0) != 0;
    const std::int64_t lateness = spec.number_or("lateness", 0);
    const text_aggregate aggregate(texts_, spec.text_or("agg", ""), spec.text_or("init", "0"));
    if (type_ == "tumbling" || type_ == "hopping") {
      const std::int64_t size = spec.number_or("window.size", 0);
      run_with(window::aligned_windows<key_type, text_aggregate>(
          aggregate, {.times = {.size = size,
                                .advance = spec.number_or("window.advance", size),
                                .grace = lateness,
                                .offset = spec.number_or("window.offset", 0)},
                      .emit = window::emission::on_time,
                      .time = window::time_source::advances,
                      .purge = purges,
                      .limits = limits}));
    } else if (type_ == "session") {
      run_with(window::session_windows<key_type, text_aggregate>(aggregate, {.gap = spec.number_or("window.gap", 0),
                                                                             .grace = lateness,
                                                                             .gap_is_part = false,
                                                                             .emit = window::emission::on_time,
                                                                             .time = window::time_source::advances,
                                                                             .purge = purges,
                                                                             .limits = limits}));
    } else if (type_ == "count" || type_ == "global") {
      run_counted(aggregate, purges);
    } else {
      throw std::runtime_error("found windows '" + type_ + "', expected tumbling, hopping, session, count or global");
    }
    texts_->check();
    return std::move(outputs_);
  }

 private:
  /// The first of these that the case gives: a number, or the number at the end of a text.
  [[nodiscard]] std::int64_t first_of(std::initializer_list<const char*> names, std::int64_t otherwise) const {
    for (const char* const name : names) {
      if (const auto found = case_.spec.number(name)) return *found;
      const std::string text = case_.spec.text_or(name, "");
      const auto digits = text.find_first_of("0123456789");
      if (digits != std::string::npos) return std::stoll(text.substr(digits));
    }
    return otherwise;
  }

  /// Windows that so many events fire: of the last so many events, or of all since the last time, or of all there were.
  /// Results have no window, and the end of time.
  void run_counted(const text_aggregate& aggregate, bool purges) {
    constexpr std::int64_t all = 1 << 10;
    const std::int64_t size = first_of({"window.size", "window.count", "window.n", "trigger.count", "trigger.n",
                                        "trigger.size", "trigger.every", "trigger"},
                                       1);
    const std::int64_t every = first_of({"window.slide", "window.advance", "window.every"}, size);
    const bool keeps_all = type_ == "global" && !purges;
    window::count_windows<key_type, text_aggregate> windows(
        aggregate, {.size = keeps_all ? every * all : size, .every = every, .limits = limits});
    for (std::size_t i = 0; i < case_.input.size(); ++i) {
      const stream_item& item = case_.input[i];
      if (item.what != stream_item::kind::record || !item.k) continue;
      const auto out = [&](const result& each) {
        outputs_.push_back({static_cast<std::int64_t>(i), texts_->text(each.key), windows.aggregate().value(each.state),
                            std::numeric_limits<std::int64_t>::max(), std::nullopt, std::nullopt});
      };
      const auto value = item.v ? std::optional(texts_->number_of(*item.v)) : std::nullopt;
      windows.add(texts_->number_of(*item.k), value, item.t, i, out, [](const auto&) {});
    }
  }

  template <class Windows>
  void run_with(Windows windows) {
    for (std::size_t i = 0; i < case_.input.size(); ++i) {
      const stream_item& item = case_.input[i];
      const auto out = [&](const result& each) {
        outputs_.push_back({static_cast<std::int64_t>(i), texts_->text(each.key), windows.aggregate().value(each.state),
                            each.end_ns - 1, each.start_ns, each.end_ns});
      };
      if (item.what != stream_item::kind::record) {
        const bool is_clock = item.what == stream_item::kind::processing_time;
        if (is_clock) clock_ = item.t;
        if (is_clock == is_processing_time_) windows.advance_to(window::later_by(item.t, 1), out);
      } else if (item.k) {
        add(windows, item, i, out);
      }
    }
  }

  template <class Windows, class Out>
  void add(Windows& windows, const stream_item& item, std::size_t i, const Out& out) {
    const auto value = item.v ? std::optional(texts_->number_of(*item.v)) : std::nullopt;
    const key_type key = texts_->number_of(*item.k);
    const std::int64_t time = is_processing_time_ ? clock_ : item.t;
    const auto aside = [&](const auto& left) {
      if (!left.is_taken && left.reason == window::left_out::late)
        outputs_.push_back({.i = static_cast<std::int64_t>(i), .k = {}, .v = {}, .ws = {}, .we = {}, .is_late = true});
    };
    if constexpr (requires { windows.add(key, value, time, i, time, out, aside); }) {
      if (case_.spec.has("window.gap_by")) return windows.add(key, value, time, i, gaps_.gap_of(item), out, aside);
    }
    windows.add(key, value, time, i, out, aside);
  }

  const stream_case& case_;
  std::shared_ptr<text_numbers> texts_;
  std::string type_;
  bool is_processing_time_;
  gap_rules gaps_;
  std::int64_t clock_ = 0;
  std::vector<stream_output> outputs_;
};

}  // namespace

std::vector<stream_output> run_window_agg_wm(const stream_case& of) { return case_run(of).run(); }

}  // namespace millrace::conformance
