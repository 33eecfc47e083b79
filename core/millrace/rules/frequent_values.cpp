#include <millrace/rules/frequent_values.hpp>

#include <algorithm>

namespace millrace::rules {

void frequent_values::begin(std::byte* state) const noexcept { used_of(state) = 0; }

void frequent_values::add(std::byte* state, const expr::value& v, std::uint64_t weight) const noexcept {
  place* const places = places_of(state);
  std::uint64_t& used = used_of(state);
  const stored_value::fingerprint print = form_.fingerprint_of(v);
  const std::uint64_t hash = print.low ^ hash_word(print.high, 0);
  std::uint64_t index = 0;
  while (index < used && places[index].hash != hash) ++index;
  if (index < used) {
    places[index].count += weight;
    return;
  }
  if (used < places_) {
    places[used++] = {hash, weight};
  } else {
    // The rarest gives way, and what comes counts as often as it did: never less than it occurred.
    index = static_cast<std::uint64_t>(
        std::min_element(places, places + used, [](const place& a, const place& b) { return a.count < b.count; }) -
        places);
    places[index] = {hash, places[index].count + weight};
  }
  form_.store(const_cast<std::byte*>(value_at(state, static_cast<std::uint32_t>(index))), v);
}

void frequent_values::merge(std::byte* into, const std::byte* later) const noexcept {
  const place* const places = places_of(later);
  for (std::uint32_t i = 0; i < used_of(later); ++i) add(into, form_.load(value_at(later, i)), places[i].count);
}

/// The place that comes first among those behind one of this count and value; null where there is none.
const frequent_values::place* frequent_values::best_below(const std::byte* state, std::uint64_t count,
                                                          const std::byte* value) const {
  const place* const places = places_of(state);
  const auto comes_before = [&](std::uint64_t a_count, const std::byte* a, std::uint64_t b_count, const std::byte* b) {
    return a_count != b_count ? a_count > b_count : form_.before(form_.load(a), form_.load(b));
  };
  const place* best = nullptr;
  const std::byte* best_value = nullptr;
  for (std::uint32_t i = 0; i < used_of(state); ++i) {
    const std::byte* const at = value_at(state, i);
    if (value != nullptr && !comes_before(count, value, places[i].count, at)) continue;
    if (best != nullptr && !comes_before(places[i].count, at, best->count, best_value)) continue;
    best = places + i;
    best_value = at;
  }
  return best;
}

}  // namespace millrace::rules
