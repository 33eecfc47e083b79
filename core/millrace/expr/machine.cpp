#include <millrace/expr/machine.hpp>

#include <algorithm>
#include <cmath>

namespace millrace::expr {
namespace {

template <class T>
T read(const std::byte* at) noexcept {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

bool same(value_kind kind, const value& a, const value& b) noexcept {
  switch (kind) {
    case value_kind::boolean: return a.boolean == b.boolean;
    case value_kind::floating: return a.floating == b.floating;
    case value_kind::text: return a.text() == b.text();
    default: return a.integer == b.integer;
  }
}

bool before(value_kind kind, const value& a, const value& b) noexcept {
  switch (kind) {
    case value_kind::boolean: return a.boolean < b.boolean;
    // All NaNs are one value, behind every number: an order, where < is none.
    case value_kind::floating: return std::isnan(b.floating) ? !std::isnan(a.floating) : a.floating < b.floating;
    case value_kind::text: return a.text() < b.text();
    default: return a.integer < b.integer;
  }
}

char lower_case(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
char upper_case(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

}  // namespace

value load(field_type type, const std::byte* at) noexcept {
  switch (type) {
    case field_type::boolean: return value::of_boolean(read<std::uint8_t>(at) != 0);
    case field_type::i8: return value::of_integer(read<std::int8_t>(at));
    case field_type::i16: return value::of_integer(read<std::int16_t>(at));
    case field_type::i32: return value::of_integer(read<std::int32_t>(at));
    case field_type::u8: return value::of_integer(read<std::uint8_t>(at));
    case field_type::u16: return value::of_integer(read<std::uint16_t>(at));
    case field_type::u32: return value::of_integer(read<std::uint32_t>(at));
    case field_type::u64: return value::of_integer(read<std::uint64_t>(at));
    case field_type::f32: return value::of_floating(static_cast<double>(read<float>(at)));
    case field_type::f64: return value::of_floating(read<double>(at));
    case field_type::string: return value::of_text(read_fixed_string(at));
    case field_type::i64:
    case field_type::timestamp:
    case field_type::duration: return value::of_integer(read<std::int64_t>(at));
  }
  return value::none();
}

value load_from(const field_access& access, const event_header& event) noexcept {
  const std::uint32_t offset = access.offset_of[event.type];
  if (offset == field_access::absent) return value::none();
  const std::uint32_t presence = access.presence_of[event.type];
  if (presence != field_access::absent && data_of(event)[presence] == std::byte{0}) return value::none();
  return load(access.type, data_of(event) + offset);
}

value machine::aggregate(const instruction& i) noexcept {
  const auto kind = static_cast<value_kind>(i.y);
  switch (i.op) {
    case opcode::count_stage: return value::of_integer(std::ranges::count(taken, i.stage, &taken_event::stage));
    case opcode::stage_contains: return contains_value(i, kind);
    case opcode::count_distinct: return distinct(i, kind);
    case opcode::sum_floating: {
      double sum = 0;
      each(i, [&](const value& v) { sum += v.floating; });
      return value::of_floating(sum);
    }
    case opcode::sum_integer: {
      wide sum = 0;
      each(i, [&](const value& v) { sum += v.integer; });
      return integer(sum);
    }
    case opcode::average: return average(i, kind);
    default: return extremum(i, kind);
  }
}

value machine::contains_value(const instruction& i, value_kind kind) const noexcept {
  const value& wanted = registers[i.a];
  if (!wanted.present) return value::of_boolean(false);
  const field_access& access = code.accesses_[i.x];
  const bool converts = kind == value_kind::floating && !is_floating(access.type);
  for (const taken_event& t : taken) {
    if (t.stage != i.stage) continue;
    value found = load_from(access, *t.event);
    if (converts && found.present) found = value::of_floating(static_cast<double>(found.integer));
    if (found.present && same(kind, wanted, found)) return value::of_boolean(true);
  }
  return value::of_boolean(false);
}

value machine::distinct(const instruction& i, value_kind kind) noexcept {
  auto& seen = room.values();
  seen.clear();
  each(i, [&](const value& v) { seen.push_back(v); });
  std::ranges::sort(seen, [kind](const value& a, const value& b) { return before(kind, a, b); });
  const auto end =
      std::unique(seen.begin(), seen.end(), [kind](const value& a, const value& b) { return !before(kind, a, b); });
  return value::of_integer(end - seen.begin());
}

value machine::average(const instruction& i, value_kind kind) noexcept {
  double floating = 0;
  wide whole = 0;
  std::int64_t count = 0;
  each(i, [&](const value& v) {
    if (kind == value_kind::floating)
      floating += v.floating;
    else
      whole += v.integer;
    ++count;
  });
  if (count == 0) return value::none();
  if (kind == value_kind::duration) return integer(whole / count);
  return value::of_floating((kind == value_kind::floating ? floating : static_cast<double>(whole)) /
                            static_cast<double>(count));
}

value machine::extremum(const instruction& i, value_kind kind) const noexcept {
  value best = value::none();
  each(i, [&](const value& v) {
    if (!best.present || (i.op == opcode::minimum ? before(kind, v, best) : before(kind, best, v))) best = v;
  });
  return best;
}

value machine::text_function(const instruction& i) noexcept {
  const value& a = registers[i.a];
  if (i.op == opcode::lower || i.op == opcode::upper) {
    if (!a.present) return a;
    char* const out = room.buffer(i.x);
    std::ranges::transform(a.text(), out, i.op == opcode::lower ? lower_case : upper_case);
    return value::of_text({out, a.text().size()});
  }
  const value& b = registers[i.b];
  if (!a.present || !b.present) return value::of_boolean(false);
  switch (i.op) {
    case opcode::starts_with: return value::of_boolean(a.text().starts_with(b.text()));
    case opcode::ends_with: return value::of_boolean(a.text().ends_with(b.text()));
    default: return value::of_boolean(a.text().find(b.text()) != std::string_view::npos);
  }
}

value machine::arithmetic(const instruction& i) noexcept {
  const value& a = registers[i.a];
  const value& b = registers[i.b];
  const bool binary = is_binary(i.op);
  if (!a.present || (binary && !b.present)) return value::none();
  switch (i.op) {
    case opcode::to_floating: return value::of_floating(static_cast<double>(a.integer));
    case opcode::negate_integer: return integer(-a.integer);
    case opcode::negate_floating: return value::of_floating(-a.floating);
    case opcode::add_integer: return integer(a.integer + b.integer);
    case opcode::subtract_integer: return integer(a.integer - b.integer);
    case opcode::multiply_integer: return multiply(a.integer, b.integer);
    case opcode::modulo_integer:
      if (b.integer == 0) return fault();
      return integer(a.integer % b.integer);
    case opcode::add_floating: return value::of_floating(a.floating + b.floating);
    case opcode::subtract_floating: return value::of_floating(a.floating - b.floating);
    case opcode::multiply_floating: return value::of_floating(a.floating * b.floating);
    case opcode::divide_floating:
      if (b.floating == 0) return fault();
      return value::of_floating(a.floating / b.floating);
    case opcode::absolute_integer: return integer(a.integer < 0 ? -a.integer : a.integer);
    case opcode::absolute_floating: return value::of_floating(std::abs(a.floating));
    case opcode::minimum_integer: return b.integer < a.integer ? b : a;
    case opcode::maximum_integer: return a.integer < b.integer ? b : a;
    case opcode::minimum_floating: return b.floating < a.floating ? b : a;
    case opcode::maximum_floating: return a.floating < b.floating ? b : a;
    case opcode::floor: return value::of_floating(std::floor(a.floating));
    case opcode::ceiling: return value::of_floating(std::ceil(a.floating));
    case opcode::square_root: return value::of_floating(std::sqrt(a.floating));
    case opcode::exponential: return value::of_floating(std::exp(a.floating));
    case opcode::logarithm: return value::of_floating(std::log(a.floating));
    default: return value::none();
  }
}

value machine::multiply(wide a, wide b) noexcept {
  wide product;
  if (__builtin_mul_overflow(a, b, &product)) return fault();
  return integer(product);
}

}  // namespace millrace::expr
