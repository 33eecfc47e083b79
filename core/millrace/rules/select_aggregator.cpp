#include <millrace/rules/select_aggregator.hpp>

#include <millrace/rules/sketches.hpp>

#include <algorithm>
#include <cmath>
#include <new>
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
                      each.most, static_cast<double>(each.half_life_ns)});
    state_bytes_ += bytes_of(cells_.back());
    has_distinct |= each.kind == aggregate_kind::distinct;
  }
  if (has_distinct) distinct_ = std::make_shared<distinct_values>(distinct_max);
}

std::size_t select_aggregator::bytes_of(const cell& of) noexcept {
  switch (of.kind) {
    case aggregate_kind::count: return sizeof(std::uint64_t);
    case aggregate_kind::sum:
    case aggregate_kind::average: return sizeof(cells::mean);
    case aggregate_kind::variance:
    case aggregate_kind::deviation: return sizeof(cells::spread);
    case aggregate_kind::distinct: return sizeof(distinct_values::set);
    case aggregate_kind::approx_distinct: return sizeof(cardinality_sketch);
    case aggregate_kind::quantile: return sizeof(quantile_sketch);
    case aggregate_kind::top: return frequent_values(of.form, of.most).bytes();
    case aggregate_kind::decayed_sum: return sizeof(cells::decayed);
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
    case aggregate_kind::average: ::new (at) cells::mean{}; return;
    case aggregate_kind::variance:
    case aggregate_kind::deviation: ::new (at) cells::spread{}; return;
    case aggregate_kind::distinct: ::new (at) distinct_values::set{}; return;
    case aggregate_kind::approx_distinct: ::new (at) cardinality_sketch{}; return;
    case aggregate_kind::quantile: (::new (at) quantile_sketch)->begin(); return;
    case aggregate_kind::top: frequent_values(of.form, of.most).begin(at); return;
    case aggregate_kind::decayed_sum: ::new (at) cells::decayed{}; return;
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
    case aggregate_kind::average: {
      auto& mean = in<cells::mean>(at);
      ++mean.count;
      if (of.of_floating)
        mean.floating += v.floating;
      else
        mean.whole.add(v.integer);
      return;
    }
    case aggregate_kind::variance:
    case aggregate_kind::deviation: in<cells::spread>(at).add(number_of(v, of.of_floating)); return;
    case aggregate_kind::distinct: distinct_->insert(in<distinct_values::set>(at), of.form.fingerprint_of(v)); return;
    case aggregate_kind::approx_distinct: {
      const stored_value::fingerprint print = of.form.fingerprint_of(v);
      in<cardinality_sketch>(at).add(hash_word(print.low, hash_word(print.high, 0)));
      return;
    }
    case aggregate_kind::quantile: in<quantile_sketch>(at).add(number_of(v, of.of_floating)); return;
    case aggregate_kind::top: frequent_values(of.form, of.most).add(at, v); return;
    case aggregate_kind::decayed_sum:
      in<cells::decayed>(at).add(number_of(v, of.of_floating), time_ns, of.half_life_ns);
      return;
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
    case aggregate_kind::average: {
      auto& mean = in<cells::mean>(at);
      const auto& other = in<cells::mean>(later);
      mean.whole.add(other.whole.get());
      mean.floating += other.floating;
      mean.count += other.count;
      return;
    }
    case aggregate_kind::variance:
    case aggregate_kind::deviation: in<cells::spread>(at).merge(in<cells::spread>(later)); return;
    case aggregate_kind::distinct:
      distinct_->merge(in<distinct_values::set>(at), in<distinct_values::set>(later));
      return;
    case aggregate_kind::approx_distinct: in<cardinality_sketch>(at).merge(in<cardinality_sketch>(later)); return;
    case aggregate_kind::quantile: in<quantile_sketch>(at).merge(in<quantile_sketch>(later)); return;
    case aggregate_kind::top: frequent_values(of.form, of.most).merge(at, later); return;
    case aggregate_kind::decayed_sum: in<cells::decayed>(at).merge(in<cells::decayed>(later), of.half_life_ns); return;
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
    if (each.kind == aggregate_kind::distinct) distinct_->clear(in<distinct_values::set>(state + each.offset));
}

// --- results --------------------------------------------------------------------------------------------

void select_aggregator::values(const std::byte* state, std::span<expr::value> into) const noexcept {
  for (std::size_t i = 0; i < cells_.size(); ++i) into[i] = value_of(cells_[i], state + cells_[i].offset);
}

expr::value select_aggregator::value_of(const cell& of, const std::byte* at) const noexcept {
  using expr::value;
  switch (of.kind) {
    case aggregate_kind::count: return value::of_integer(static_cast<expr::wide>(in<std::uint64_t>(at)));
    case aggregate_kind::sum:
      return of.of_floating ? value::of_floating(in<cells::mean>(at).floating) : in<cells::mean>(at).whole.value();
    case aggregate_kind::average: return average_of(of, at);
    case aggregate_kind::variance: return in<cells::spread>(at).variance();
    case aggregate_kind::deviation: {
      const value variance = in<cells::spread>(at).variance();
      return variance.present ? value::of_floating(std::sqrt(variance.floating)) : variance;
    }
    case aggregate_kind::distinct: {
      const auto& set = in<distinct_values::set>(at);
      return set.is_short != 0 ? value::none() : value::of_integer(set.count);
    }
    case aggregate_kind::approx_distinct:
      return value::of_integer(static_cast<expr::wide>(in<cardinality_sketch>(at).estimate()));
    case aggregate_kind::quantile: {
      const auto found = in<quantile_sketch>(at).at(of.portion);
      if (!found) return value::none();
      return of.of_duration ? value::of_integer(static_cast<expr::wide>(std::llround(*found)))
                            : value::of_floating(*found);
    }
    case aggregate_kind::top: return value::none();
    case aggregate_kind::decayed_sum: return value::of_floating(in<cells::decayed>(at).sum);
    default: return in<cells::place>(at).present != 0 ? of.form.load(at + sizeof(cells::place)) : value::none();
  }
}

expr::value select_aggregator::average_of(const cell& of, const std::byte* at) noexcept {
  const auto& mean = in<cells::mean>(at);
  if (mean.count == 0) return expr::value::none();
  if (of.of_duration) return expr::value::of_integer(mean.whole.get() / static_cast<expr::wide>(mean.count));
  const double sum = of.of_floating ? mean.floating : static_cast<double>(mean.whole.get());
  return expr::value::of_floating(sum / static_cast<double>(mean.count));
}

}  // namespace millrace::rules
