// Tumbling, hopping, sliding and session windows with Kafka Streams' answers, and suppression behind them.

#include "stream_operators.hpp"
#include "text_aggregate.hpp"

#include <millrace/window/aligned_windows.hpp>
#include <millrace/window/session_windows.hpp>
#include <millrace/window/sliding_windows.hpp>
#include <millrace/window/suppression.hpp>

#include <compare>
#include <functional>
#include <stdexcept>

namespace millrace::conformance {
namespace {

using window::emission;
using key_type = std::uint32_t;
using result = window::window_result<key_type>;

constexpr window::window_limits limits{.keys = 1U << 10, .panes = 1U << 14};
/// Final results were taken from stores that drop nothing.
constexpr std::int64_t kept_long = std::int64_t{1} << 60;

/// A key as Kafka Streams' suppression buffer knows it: those of one time go out in the order of their bytes.
struct windowed_key {
  std::int64_t start;
  std::int64_t end;
  std::uint64_t key;
};

struct windowed_order {
  text_order keys;
  bool is_session;

  bool operator()(const windowed_key& a, const windowed_key& b) const {
    const auto first = static_cast<key_type>(a.key);
    const auto second = static_cast<key_type>(b.key);
    if (first != second) return keys(first, second);
    if (is_session && a.end != b.end) return a.end < b.end;
    return a.start < b.start;
  }
};

struct held_value {
  std::uint32_t text;
};

class case_run {
 public:
  explicit case_run(const stream_case& of)
      : case_(of),
        texts_(std::make_shared<text_numbers>()),
        type_(of.spec.text_or("window.type", "")),
        emits_final_(of.spec.text_or("emit", "") == "final") {
    if (of.spec.has("suppress.type")) make_suppression();
  }

  std::vector<stream_output> run() {
    const stream_spec& spec = case_.spec;
    if (type_ == "tumbling" || type_ == "hopping") {
      const std::int64_t size = number("window.size");
      run_with(window::aligned_windows<key_type, text_aggregate, text_order>(
          aggregate(),
          {.times = {.size = size,
                     .advance = type_ == "hopping" ? number("window.advance") : size,
                     .grace = spec.number_or("window.grace", 0),
                     .before_epoch = false},
           .emit = emit(),
           .each_window = true,
           .limits = limits},
          {texts_}));
    } else if (type_ == "sliding") {
      const std::int64_t length = number("window.diff");
      const std::int64_t grace = spec.number_or("window.grace", 0);
      run_with(
          window::sliding_windows<key_type, text_aggregate, text_order>(aggregate(),
                                                                        {.length = length,
                                                                         .grace = grace,
                                                                         .keep = emits_final_ ? 0 : 2 * length + grace,
                                                                         .emit = emit(),
                                                                         .limits = limits},
                                                                        {texts_}));
    } else if (type_ == "session") {
      const std::int64_t gap = number("window.gap");
      const std::int64_t grace = spec.number_or("window.grace", 0);
      run_with(
          window::session_windows<key_type, text_aggregate, text_order>(aggregate(),
                                                                        {.gap = gap,
                                                                         .grace = grace,
                                                                         .keep = emits_final_ ? kept_long : gap + grace,
                                                                         .merges_from_empty = true,
                                                                         .emit = emit(),
                                                                         .limits = limits},
                                                                        {texts_}));
    } else {
      throw std::runtime_error("found windows '" + type_ + "', expected tumbling, hopping, sliding or session");
    }
    texts_->check();
    return std::move(outputs_);
  }

 private:
  using suppression = window::suppression<windowed_key, held_value, windowed_order>;

  [[nodiscard]] std::int64_t number(const std::string& name) const {
    const auto found = case_.spec.number(name);
    if (!found) throw std::runtime_error("found no " + name);
    return *found;
  }
  [[nodiscard]] emission emit() const { return emits_final_ ? emission::final : emission::updates; }
  [[nodiscard]] text_aggregate aggregate() const {
    return {texts_, case_.spec.text_or("agg", ""), case_.spec.text_or("init", "0")};
  }

  void make_suppression() {
    const std::string what = case_.spec.text_or("suppress.type", "");
    until_close_ = what == "until_window_closes";
    window::suppression_options options;
    options.records_max = static_cast<std::uint32_t>(case_.spec.number_or("suppress.max_records", 1 << 14));
    options.drops_deletions = until_close_;
    options.wait = until_close_ ? case_.spec.number_or("window.grace", 0) + case_.spec.number_or("window.gap", 0)
                                : number("suppress.limit");
    suppression_.emplace(options, windowed_order{{texts_}, type_ == "session"});
  }

  template <class Windows>
  void run_with(Windows windows) {
    const auto aside = [](const auto&) {};
    for (std::size_t i = 0; i < case_.input.size(); ++i) {
      const stream_item& item = case_.input[i];
      if (item.what != stream_item::kind::record || !item.k) continue;
      if (type_ == "sliding" && !item.v) continue;
      const auto value = item.v ? std::optional(texts_->number_of(*item.v)) : std::nullopt;
      const auto out = [&](const result& each) {
        take(each, each.state == nullptr ? std::nullopt : windows.aggregate().value(each.state), i);
      };
      windows.add(texts_->number_of(*item.k), value, item.t, i, out, aside);
    }
  }

  void take(const result& each, const maybe_text& value, std::size_t i) {
    if (!suppression_) return write(each.key, value, each.start_ns, each.end_ns, each.time_ns, i);
    const windowed_key key{each.start_ns, each.end_ns, each.key};
    const held_value held{value ? texts_->number_of(*value) : 0};
    suppression_->put(key, value ? &held : nullptr, until_close_ ? each.end_ns : each.time_ns, each.time_ns,
                      [&](const windowed_key& k, const held_value* v, std::int64_t time) {
                        write(static_cast<key_type>(k.key),
                              v == nullptr ? std::nullopt : maybe_text(texts_->text(v->text)), k.start, k.end, time, i);
                      });
  }

  void write(key_type key, const maybe_text& value, std::int64_t start, std::int64_t end, std::int64_t time,
             std::size_t i) {
    outputs_.push_back({static_cast<std::int64_t>(i), texts_->text(key), value, time, start, end});
  }

  const stream_case& case_;
  std::shared_ptr<text_numbers> texts_;
  std::string type_;
  bool emits_final_;
  bool until_close_ = false;
  std::optional<suppression> suppression_;
  std::vector<stream_output> outputs_;
};

}  // namespace

std::vector<stream_output> run_window_agg(const stream_case& of) { return case_run(of).run(); }

}  // namespace millrace::conformance
