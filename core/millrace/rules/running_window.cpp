#include <millrace/rules/running_window.hpp>

#include <millrace/base/cache_line.hpp>

#include <cmath>
#include <utility>

namespace millrace::rules {

running_window::running_window(const window_rule& rule, const key_group& by, const window_rule_limits& limits)
    : rule_(rule),
      limits_(limits),
      keys_(std::make_shared<window_keys>(!by.fields.empty(), limits.keys, by.key_bytes_max, by.is_uniform())),
      rooms_(rule.aggregates.size()),
      values_(rule.aggregates.size(), expr::value::none()) {
  const window::window_limits bounds{keys_->capacity(), limits.windows, 0};
  const auto emit = rule.updates ? window::emission::updates : window::emission::final;
  select_aggregator of(rule.aggregates, keys_, limits.distinct_values);
  switch (rule.kind) {
    case window_kind::tumbling:
    case window_kind::hopping: {
      const bool hops = rule.kind == window_kind::hopping;
      window::aligned_options options;
      options.times = {rule.size_ns, hops ? rule.every_ns : rule.size_ns, rule.grace_ns, 0, true};
      options.emit = emit;
      options.time = window::time_source::advances;
      options.limits = bounds;
      operator_ = std::make_unique<aligned>(std::move(of), options);
      break;
    }
    case window_kind::sliding: {
      window::sliding_options options;
      options.length = rule.size_ns;
      options.tick = nanoseconds_in(rule.unit);
      options.grace = rule.grace_ns;
      options.emit = emit;
      options.time = window::time_source::advances;
      options.limits = bounds;
      operator_ = std::make_unique<sliding>(std::move(of), options);
      break;
    }
    case window_kind::session: {
      window::session_options options;
      options.gap = rule.size_ns;
      options.grace = rule.grace_ns;
      options.emit = emit;
      options.time = window::time_source::advances;
      options.limits = bounds;
      operator_ = std::make_unique<session>(std::move(of), options);
      break;
    }
    case window_kind::count: {
      window::count_options options;
      options.size = static_cast<std::int64_t>(rule.count);
      options.every = static_cast<std::int64_t>(rule.every_count);
      options.emit = emit;
      options.limits = bounds;
      operator_ = std::make_unique<counted>(std::move(of), options);
      break;
    }
  }
  where_room_.reserve(rule.where.text_slots(), rule.where.text_bytes());
  for (std::size_t i = 0; i < rule.aggregates.size(); ++i)
    if (const auto& over = rule.aggregates[i].over; over && over->text_slots() != 0)
      rooms_[i].reserve(over->text_slots(), over->text_bytes());
}

const expr::value* running_window::evaluate(const event_header& event) noexcept {
  for (std::size_t i = 0; i < rule_.aggregates.size(); ++i) {
    const auto& over = rule_.aggregates[i].over;
    if (!over) continue;
    bool faulted = false;
    values_[i] = over->evaluate(&event, {}, rooms_[i], faulted);
    if (values_[i].present && over->kind() == expr::value_kind::floating && !std::isfinite(values_[i].floating)) {
      faulted = true;
      values_[i] = expr::value::none();
    }
    faults_ += faulted ? 1 : 0;
  }
  return values_.data();
}

std::vector<window_state_part> running_window::state_parts() const {
  const std::size_t windows = std::size_t{keys_->capacity()} + limits_.windows;
  std::vector<window_state_part> made{{"open windows", bytes_of_window(), windows, bytes_of_window() * windows}};
  if (const auto* const sets = aggregates().distinct())
    made.push_back(
        {"distinct values", sets->reserved_bytes() / sets->capacity(), sets->capacity(), sets->reserved_bytes()});
  made.push_back({"keys", keys_->reserved_bytes() / keys_->capacity(), keys_->capacity(), keys_->reserved_bytes()});
  return made;
}

std::size_t running_window::bytes_of_window() const noexcept {
  // Besides the aggregates: its time, its place among the key's others, and among those that close.
  constexpr std::size_t record_bytes = 64;
  return (aggregates().state_bytes() + cache_line_bytes - 1) / cache_line_bytes * cache_line_bytes + record_bytes;
}

std::size_t running_window::bytes_of_key() const noexcept {
  // A slot of the operator's table, which is half empty when it has just grown.
  constexpr std::size_t slot_bytes = 64;
  return (keys_->reserved_bytes() - keys_->scattered_bytes()) / keys_->capacity() + bytes_of_window() + slot_bytes;
}

}  // namespace millrace::rules
