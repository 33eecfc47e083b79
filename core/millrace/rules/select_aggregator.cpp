#include <millrace/rules/select_aggregator.hpp>

#include <millrace/window/decayed_sum.hpp>
#include <millrace/window/moments.hpp>

#include <algorithm>
#include <cmath>
#include <new>
#include <optional>
#include <utility>

namespace millrace::rules {
namespace {

/// In front of the aggregates.
struct state_head {
  std::uint64_t first_record;
  std::uint32_t key;
  std::uint32_t unused;
};

template <class T>
T& in(std::byte* at) noexcept {
  return *std::launder(reinterpret_cast<T*>(at));
}
template <class T>
const T& in(const std::byte* at) noexcept {
  return *std::launder(reinterpret_cast<const T*>(at));
}

template <class Mean, class X>
void add_number(Mean& to, const X& x, std::int64_t time_ns, std::uint64_t sequence) noexcept {
  to.sum.add(x, time_ns, sequence);
  ++to.count;
}
template <class Mean>
void merge_means(Mean& into, const Mean& later) noexcept {
  into.sum.merge(later.sum);
  into.count += later.count;
}

expr::value given(const std::optional<double>& v) noexcept {
  return v ? expr::value::of_floating(*v) : expr::value::none();
}

double number_of(const expr::value& v, bool is_floating) noexcept {
  return is_floating ? v.floating : static_cast<double>(v.integer);
}

}  // namespace

select_aggregator::select_aggregator(std::span<const aggregate> of, std::shared_ptr<window_keys> keys,
                                     std::uint32_t distinct_max)
    : keys_(std::move(keys)), state_bytes_(sizeof(state_head)) {
  bool has_distinct = false;
  for (const aggregate& each : of) {
    const expr::value_kind kind = each.over ? each.over->kind() : expr::value_kind::integer;
    cells_.push_back({each.kind, kind == expr::value_kind::floating, kind == expr::value_kind::duration, !each.over,
                      state_bytes_, stored_value(kind, each.over ? each.over->result_bytes_max() : 0), each.portion,
                      each.most, each.half_life_ns});
    state_bytes_ += bytes_of(cells_.back());
    has_distinct |= each.kind == aggregate_kind::distinct;
  }
  if (has_distinct) distinct_ = std::make_shared<distinct_values>(window::distinct_limits{distinct_max, distinct_max});
}

std::size_t select_aggregator::bytes_of(const cell& of) const noexcept {
  switch (of.kind) {
    case aggregate_kind::count: return sizeof(std::uint64_t);
    case aggregate_kind::sum:
    case aggregate_kind::average: return of.of_floating ? sizeof(cells::real_mean) : sizeof(cells::whole_mean);
    case aggregate_kind::variance:
    case aggregate_kind::deviation: return sizeof(window::moments);
    case aggregate_kind::distinct: return distinct_values::state_bytes();
    case aggregate_kind::approx_distinct: return cardinality_.state_bytes();
    case aggregate_kind::quantile: return quantiles_.state_bytes();
    case aggregate_kind::top: return frequent_values(of.form, of.most).bytes();
    case aggregate_kind::decayed_sum: return sizeof(window::decayed_sum);
    default: return sizeof(cells::place) + of.form.bytes();
  }
}

std::uint64_t select_aggregator::first_record(const std::byte* state) noexcept {
  return in<state_head>(state).first_record;
}

void select_aggregator::begin(std::byte* state) noexcept {
  ::new (state) state_head{~std::uint64_t{0}, null_handle, 0};
  for (const cell& each : cells_) begin_cell(each, state + each.offset);
}

void select_aggregator::begin_cell(const cell& of, std::byte* at) noexcept {
  switch (of.kind) {
    case aggregate_kind::count: ::new (at) std::uint64_t{0}; return;
    case aggregate_kind::sum:
    case aggregate_kind::average:
      if (of.of_floating)
        ::new (at) cells::real_mean{};
      else
        ::new (at) cells::whole_mean{};
      return;
    case aggregate_kind::variance:
    case aggregate_kind::deviation: ::new (at) window::moments{}; return;
    case aggregate_kind::distinct: return distinct_->begin(at);
    case aggregate_kind::approx_distinct: return cardinality_.begin(at);
    case aggregate_kind::quantile: return quantiles_.begin(at);
    case aggregate_kind::top: frequent_values(of.form, of.most).begin(at); return;
    case aggregate_kind::decayed_sum: ::new (at) window::decayed_sum(of.half_life_ns); return;
    default: ::new (at) cells::place{}; return;
  }
}

// --- events ---------------------------------------------------------------------------------------------

void select_aggregator::add(std::byte* state, const window_input& input, std::int64_t time_ns,
                            std::uint64_t sequence) noexcept {
  auto& head = in<state_head>(state);
  head.first_record = std::min(head.first_record, input.record);
  note_key(head.key, input.key);
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const cell& of = cells_[i];
    if (of.counts_all)
      ++in<std::uint64_t>(state + of.offset);
    else if (input.values[i].present)
      add_to_cell(of, state + of.offset, input.values[i], time_ns, sequence);
  }
}

void select_aggregator::add_to_cell(const cell& of, std::byte* at, const expr::value& v, std::int64_t time_ns,
                                    std::uint64_t sequence) noexcept {
  switch (of.kind) {
    case aggregate_kind::count: ++in<std::uint64_t>(at); return;
    case aggregate_kind::sum:
    case aggregate_kind::average:
      if (of.of_floating)
        add_number(in<cells::real_mean>(at), v.floating, time_ns, sequence);
      else
        add_number(in<cells::whole_mean>(at), v.integer, time_ns, sequence);
      return;
    case aggregate_kind::variance:
    case aggregate_kind::deviation: return in<window::moments>(at).add(number_of(v, of.of_floating), time_ns, sequence);
    case aggregate_kind::distinct: return distinct_->add(at, of.form.fingerprint_of(v));
    case aggregate_kind::approx_distinct: return cardinality_.add(at, of.form.fingerprint_of(v));
    case aggregate_kind::quantile: return quantiles_.add(at, number_of(v, of.of_floating));
    case aggregate_kind::top: frequent_values(of.form, of.most).add(at, v); return;
    case aggregate_kind::decayed_sum:
      return in<window::decayed_sum>(at).add(number_of(v, of.of_floating), time_ns, sequence);
    default: take_if_better(of, at, v, {time_ns, sequence, 1});
  }
}

void select_aggregator::merge(std::byte* into, const std::byte* later) noexcept {
  auto& head = in<state_head>(into);
  const auto& other = in<state_head>(later);
  head.first_record = std::min(head.first_record, other.first_record);
  if (other.key != null_handle) note_key(head.key, other.key);
  for (const cell& each : cells_) merge_cell(each, into + each.offset, later + each.offset);
}

void select_aggregator::merge_cell(const cell& of, std::byte* at, const std::byte* later) noexcept {
  switch (of.kind) {
    case aggregate_kind::count: in<std::uint64_t>(at) += in<std::uint64_t>(later); return;
    case aggregate_kind::sum:
    case aggregate_kind::average:
      if (of.of_floating)
        merge_means(in<cells::real_mean>(at), in<cells::real_mean>(later));
      else
        merge_means(in<cells::whole_mean>(at), in<cells::whole_mean>(later));
      return;
    case aggregate_kind::variance:
    case aggregate_kind::deviation: return in<window::moments>(at).merge(in<window::moments>(later));
    case aggregate_kind::distinct: return distinct_->merge(at, later);
    case aggregate_kind::approx_distinct: return cardinality_.merge(at, later);
    case aggregate_kind::quantile: return quantiles_.merge(at, later);
    case aggregate_kind::top: frequent_values(of.form, of.most).merge(at, later); return;
    case aggregate_kind::decayed_sum: return in<window::decayed_sum>(at).merge(in<window::decayed_sum>(later));
    default: {
      const auto& other = in<cells::place>(later);
      if (other.present != 0) take_if_better(of, at, of.form.load(later + sizeof other), other);
    }
  }
}

/// `first`, `last`, `least` and `greatest` keep the value of one event: of equal ones that of the earliest.
void select_aggregator::take_if_better(const cell& of, std::byte* at, const expr::value& v,
                                       const cells::place& from) noexcept {
  auto& held = in<cells::place>(at);
  const auto is_better = [&] {
    if (held.present == 0) return true;
    if (of.kind == aggregate_kind::first) return from.before(held);
    if (of.kind == aggregate_kind::last) return held.before(from);
    const expr::value best = of.form.load(at + sizeof held);
    return of.kind == aggregate_kind::least ? of.form.before(v, best) : of.form.before(best, v);
  };
  if (!is_better()) return;
  held = from;
  of.form.store(at + sizeof held, v);
}

void select_aggregator::note_key(std::uint32_t& held, std::uint32_t key) noexcept {
  if (held != null_handle) return;
  held = key;
  if (keys_) keys_->hold(key);
}

void select_aggregator::end(std::byte* state) noexcept {
  if (const std::uint32_t key = in<state_head>(state).key; keys_ && key != null_handle) keys_->drop(key);
  if (!distinct_) return;
  for (const cell& each : cells_)
    if (each.kind == aggregate_kind::distinct) distinct_->end(state + each.offset);
}

// --- results --------------------------------------------------------------------------------------------

void select_aggregator::values(const std::byte* state, std::span<expr::value> into) const noexcept {
  for (std::size_t i = 0; i < cells_.size(); ++i) into[i] = value_of(cells_[i], state + cells_[i].offset);
}

expr::value select_aggregator::value_of(const cell& of, const std::byte* at) const noexcept {
  using expr::value;
  switch (of.kind) {
    case aggregate_kind::count: return value::of_integer(static_cast<expr::wide>(in<std::uint64_t>(at)));
    case aggregate_kind::sum: return sum_of(of, at);
    case aggregate_kind::average: return average_of(of, at);
    case aggregate_kind::variance: return given(in<window::moments>(at).variance());
    case aggregate_kind::deviation: {
      const value variance = given(in<window::moments>(at).variance());
      return variance.present ? value::of_floating(std::sqrt(variance.floating)) : variance;
    }
    case aggregate_kind::distinct:
      if (!distinct_->is_exact(at)) return value::none();
      return value::of_integer(static_cast<expr::wide>(distinct_->value(at)));
    case aggregate_kind::approx_distinct:
      return value::of_integer(static_cast<expr::wide>(std::llround(cardinality_.value(at))));
    case aggregate_kind::quantile: {
      const auto found = quantiles_.quantile(at, of.portion);
      if (!found) return value::none();
      return of.of_duration ? value::of_integer(static_cast<expr::wide>(std::llround(*found)))
                            : value::of_floating(*found);
    }
    case aggregate_kind::top: return value::none();
    case aggregate_kind::decayed_sum: return value::of_floating(in<window::decayed_sum>(at).value());
    default: return in<cells::place>(at).present != 0 ? of.form.load(at + sizeof(cells::place)) : value::none();
  }
}

expr::value select_aggregator::sum_of(const cell& of, const std::byte* at) noexcept {
  if (of.of_floating) return expr::value::of_floating(in<cells::real_mean>(at).sum.value());
  const expr::wide sum = in<cells::whole_mean>(at).sum.wide_value();
  const bool fits = sum >= expr::integer_min && sum <= expr::integer_max;
  return fits ? expr::value::of_integer(sum) : expr::value::none();
}

expr::value select_aggregator::average_of(const cell& of, const std::byte* at) noexcept {
  if (of.of_floating) {
    const auto& mean = in<cells::real_mean>(at);
    if (mean.count == 0) return expr::value::none();
    return expr::value::of_floating(mean.sum.value() / static_cast<double>(mean.count));
  }
  const auto& mean = in<cells::whole_mean>(at);
  if (mean.count == 0) return expr::value::none();
  const expr::wide sum = mean.sum.wide_value();
  if (of.of_duration) return expr::value::of_integer(sum / static_cast<expr::wide>(mean.count));
  return expr::value::of_floating(static_cast<double>(sum) / static_cast<double>(mean.count));
}

}  // namespace millrace::rules
