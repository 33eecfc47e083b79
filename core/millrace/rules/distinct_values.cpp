#include <millrace/rules/distinct_values.hpp>

namespace millrace::rules {

distinct_values::distinct_values(std::uint32_t values_max) : values_(values_max), places_(values_max) {}

void distinct_values::insert(set& into, const stored_value::fingerprint& value) noexcept {
  if (into.number == 0) into.number = ++last_number_;
  const std::uint64_t place = hash(into.number, value);
  const auto is_same = [&](std::uint64_t known, std::uint32_t at) {
    return known == place && values_[at].set == into.number && values_[at].value == value;
  };
  if (places_.find(place, is_same) != nullptr) return;
  const std::uint32_t made = values_.try_allocate();
  if (made == null_handle) {
    ++refused_;
    into.is_short = 1;
    return;
  }
  values_[made] = {value, into.number, into.first, 0};
  *places_.try_insert(place, place) = made;  // has room: it holds as many as the pool
  into.first = made;
  ++into.count;
}

void distinct_values::merge(set& into, const set& from) noexcept {
  for (std::uint32_t at = from.first; at != null_handle; at = values_[at].next) insert(into, values_[at].value);
  into.is_short |= from.is_short;
}

void distinct_values::clear(set& of) noexcept {
  while (of.first != null_handle) {
    const std::uint32_t gone = of.first;
    const held value = values_[gone];
    of.first = value.next;
    static_cast<void>(
        places_.erase(hash(value.set, value.value), [gone](std::uint64_t, std::uint32_t at) { return at == gone; }));
    values_.release(gone);
  }
  of = {};
}

}  // namespace millrace::rules
