#include <millrace/rules/frequent_values.hpp>

#include <algorithm>

namespace millrace::rules {

void frequent_values::begin(std::byte* state) const noexcept { used_of(state) = 0; }

const frequent_values::place* frequent_values::find(const place* among, std::uint64_t used,
                                                    std::uint64_t hash) noexcept {
  const place* const at = std::find_if(among, among + used, [&](const place& each) { return each.hash == hash; });
  return at == among + used ? nullptr : at;
}

void frequent_values::add(std::byte* state, const expr::value& v) const noexcept {
  place* const places = places_of(state);
  const std::uint64_t used = used_of(state);
  const stored_value::fingerprint print = form_.fingerprint_of(v);
  const std::uint64_t hash = print.low ^ hash_word(print.high, 0);
  if (const place* const known = find(places, used, hash)) {
    ++places[known - places].count;
    return;
  }
  if (used < places_) return put(state, {hash, 1}, v);
  // The rarest gives way, and what comes counts as often as it did: never less than it occurred.
  place* const rarest = std::min_element(places, places + used, counts_less);
  set(state, static_cast<std::uint64_t>(rarest - places), {hash, rarest->count + 1}, v);
}

/// Values that only one of the two knows may have come to the other as often as its rarest, where that is full. To add
/// them one after the other would let each that comes count what the last one brought.
void frequent_values::merge(std::byte* into, const std::byte* later) const noexcept {
  const std::uint64_t unseen_here = unseen_count(into);
  const std::uint64_t unseen_there = unseen_count(later);
  place* const here = places_of(into);
  const place* const there = places_of(later);
  const std::uint64_t used = used_of(into);
  for (std::uint64_t i = 0; i < used; ++i) {
    const place* const same = find(there, used_of(later), here[i].hash);
    here[i].count += same == nullptr ? unseen_there : same->count;
  }
  for (std::uint32_t i = 0; i < used_of(later); ++i)
    if (find(here, used, there[i].hash) == nullptr)
      put(into, {there[i].hash, there[i].count + unseen_here}, form_.load(value_at(later, i)));
}

std::uint64_t frequent_values::unseen_count(const std::byte* state) const noexcept {
  if (used_of(state) < places_) return 0;
  return std::min_element(places_of(state), places_of(state) + places_, counts_less)->count;
}

/// One that is not there; where there is no room the rarest goes, if that is rarer.
void frequent_values::put(std::byte* state, const place& added, const expr::value& v) const noexcept {
  place* const places = places_of(state);
  std::uint64_t& used = used_of(state);
  if (used < places_) return set(state, used++, added, v);
  place* const rarest = std::min_element(places, places + used, counts_less);
  if (rarest->count < added.count) set(state, static_cast<std::uint64_t>(rarest - places), added, v);
}

void frequent_values::set(std::byte* state, std::uint64_t index, const place& to, const expr::value& v) const noexcept {
  places_of(state)[index] = to;
  form_.store(const_cast<std::byte*>(value_at(state, static_cast<std::uint32_t>(index))), v);
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
