#include <millrace/expr/wait.hpp>

#include <millrace/base/hash.hpp>
#include <millrace/expr/code_writer.hpp>
#include <millrace/expr/machine.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace millrace::expr {
namespace {

// Numbers stay between these, so that there is room for those that mean nothing, never and everything.
constexpr wide highest = std::numeric_limits<std::int64_t>::max() - 2;
constexpr wide lowest = -highest - 1;

/// In the order of the numbers, with one zero. Requires: it is not NaN.
std::int64_t ordered(double v) noexcept {
  const auto bits = std::bit_cast<std::int64_t>(v + 0.0);
  return bits ^ static_cast<std::int64_t>(static_cast<std::uint64_t>(bits >> 63) >> 1);
}

bool same(const syntax& a, const syntax& b) noexcept {
  return a.kind == b.kind && a.name == b.name && a.member == b.member && a.integer == b.integer &&
         std::bit_cast<std::uint64_t>(a.floating) == std::bit_cast<std::uint64_t>(b.floating) &&
         std::equal(a.operands.begin(), a.operands.end(), b.operands.begin(), b.operands.end(), same);
}

/// `load_from`, with the way of the most common field inlined.
value load_field(const field_access& access, const event_header& event) noexcept {
  if (access.type != field_type::f64) return load_from(access, event);
  const std::uint32_t offset = access.offset_of[event.type];
  if (offset == field_access::absent) return value::none();
  const std::uint32_t presence = access.presence_of[event.type];
  if (presence != field_access::absent && data_of(event)[presence] == std::byte{0}) return value::none();
  double number;
  std::memcpy(&number, data_of(event) + offset, sizeof number);
  return value::of_floating(number);
}

bool reads_current(const program& p) noexcept {
  return std::ranges::any_of(p.code(), [](const instruction& i) {
    return i.op == opcode::load_current || i.op == opcode::field_compare_text ||
           i.op == opcode::field_compare_integer || i.op == opcode::field_compare_floating;
  });
}

/// A comparison with the event on its left side.
struct sides {
  const syntax* current;
  const syntax* taken;
  syntax_kind how;
};

syntax_kind mirrored(syntax_kind how) noexcept {
  switch (how) {
    case syntax_kind::less: return syntax_kind::greater;
    case syntax_kind::less_equal: return syntax_kind::greater_equal;
    case syntax_kind::greater: return syntax_kind::less;
    case syntax_kind::greater_equal: return syntax_kind::less_equal;
    default: return how;
  }
}

std::optional<sides> sides_of(const syntax& term, const scope& names) {
  if (term.kind < syntax_kind::equal || term.kind > syntax_kind::greater_equal || term.kind == syntax_kind::not_equal)
    return std::nullopt;
  const program left = compile(term.operands[0], names);
  const program right = compile(term.operands[1], names);
  if (!left.reads_history() && reads_current(left) && right.reads_history() && !reads_current(right))
    return sides{&term.operands[0], &term.operands[1], term.kind};
  if (!right.reads_history() && reads_current(right) && left.reads_history() && !reads_current(left))
    return sides{&term.operands[1], &term.operands[0], mirrored(term.kind)};
  return std::nullopt;
}

bool is_downwards(syntax_kind how) noexcept { return how == syntax_kind::less || how == syntax_kind::less_equal; }
bool is_strict(syntax_kind how) noexcept { return how == syntax_kind::less || how == syntax_kind::greater; }

}  // namespace

std::optional<wait> wait::of(std::span<const syntax* const> terms, const scope& names) {
  std::optional<wait> made;
  const syntax* current = nullptr;
  std::size_t used = 0;
  for (const syntax* const term : terms) {
    const auto found = sides_of(*term, names);
    if (!found) continue;
    program taken = compile(*found->taken, names);
    program event = compile(*found->current, names);
    // An order of texts is no order of numbers.
    if (event.kind() == value_kind::text && found->how != syntax_kind::equal) continue;
    const bool mixed = is_number(event.kind()) && is_number(taken.kind()) && event.kind() != taken.kind();
    const value_kind kind = mixed ? value_kind::floating : event.kind();
    const bool converts = mixed && event.kind() == value_kind::integer;
    if (!made) {
      made.emplace();
      current = found->current;
      made->kind_ = kind;
      made->converts_ = converts;
      made->is_equality_ = found->how == syntax_kind::equal;
      made->turns_over_ = is_downwards(found->how);
      made->current_ = std::move(event);
    } else if (made->is_equality_ || found->how == syntax_kind::equal || made->kind_ != kind ||
               made->converts_ != converts || made->turns_over_ != is_downwards(found->how) ||
               !same(*current, *found->current)) {
      continue;
    }
    const bool taken_converts = mixed && taken.kind() == value_kind::integer;
    made->limits_.push_back({std::move(taken), taken_converts, is_strict(found->how)});
    ++used;
  }
  if (made) made->is_all_ = used == terms.size();
  if (made) {
    const auto event_code = made->current_.code();
    made->is_field_ = event_code.size() == 1 && event_code.front().op == opcode::load_current;
    const instruction& first = made->limits_.front().taken.code().front();
    made->last_stage_ = first.stage;
    made->of_last_ = std::ranges::all_of(made->limits_, [&](const limit& each) {
      const auto code = each.taken.code();
      return code.size() == 1 && code.front().op == opcode::load_last && code.front().stage == first.stage;
    });
  }
  return made;
}

/// Of a value that is present and no NaN.
std::int64_t wait::number_of(const value& v, bool& is_exact) const noexcept {
  switch (kind_) {
    case value_kind::boolean: return v.boolean ? 1 : 0;
    case value_kind::floating: return turns_over_ ? ~ordered(v.floating) : ordered(v.floating);
    case value_kind::text: {
      is_exact = false;
      const std::string_view text = v.text();
      const auto hash = hash_bytes(reinterpret_cast<const std::byte*>(text.data()), text.size(), 0);
      return static_cast<std::int64_t>(hash >> 2);
    }
    default: break;
  }
  const wide number = turns_over_ ? -v.integer - 1 : v.integer;
  is_exact = is_exact && number > lowest && number < highest;
  return static_cast<std::int64_t>(std::clamp(number, lowest, highest));
}

wait_probe wait::probe(const event_header& event, workspace& room) const noexcept {
  value v;
  if (is_field_) {
    v = load_field(current_.access(current_.code().front().x), event);
  } else {
    bool faulted = false;
    v = current_.evaluate(&event, {}, room, faulted);
  }
  if (!v.present) return {nothing, true};
  if (converts_) v = value::of_floating(static_cast<double>(v.integer));
  if (kind_ == value_kind::floating && std::isnan(v.floating)) return {nothing, true};
  bool is_exact = is_all_;
  const std::int64_t number = number_of(v, is_exact);
  return {number, is_exact};
}

value wait::value_of(const program& of, history taken, workspace& room) noexcept {
  const instruction& first = of.code().front();
  if (of.code().size() == 1 && first.op == opcode::load_last) {
    for (std::size_t at = taken.size(); at-- > 0;)
      if (taken[at].stage == first.stage) return load_from(of.access(first.x), *taken[at].event);
    return value::none();
  }
  bool faulted = false;
  return of.evaluate(nullptr, taken, room, faulted);
}

std::int64_t wait::bound_by(const limit& of, value v) const noexcept {
  if (!v.present) return never;
  if (of.converts) v = value::of_floating(static_cast<double>(v.integer));
  if (kind_ == value_kind::floating && std::isnan(v.floating)) return never;
  bool is_exact = true;
  const std::int64_t number = number_of(v, is_exact);
  // One that is cut off at an end may be passed by another that is; floating ones never are.
  const bool is_cut = kind_ != value_kind::floating && (number == highest || number == lowest);
  return !is_equality_ && (!of.is_strict || is_cut) ? number - 1 : number;
}

std::int64_t wait::bound(history taken, workspace& room) const noexcept {
  std::int64_t made = nothing + 1;
  for (const limit& each : limits_) made = std::max(made, bound_by(each, value_of(each.taken, taken, room)));
  return made;
}

std::int64_t wait::bound_by_last(const event_header& last) const noexcept {
  std::int64_t made = nothing + 1;
  for (const limit& each : limits_)
    made = std::max(made, bound_by(each, load_field(each.taken.access(each.taken.code().front().x), last)));
  return made;
}

bool wait::probes_like(const wait& other) const noexcept {
  if (kind_ != other.kind_ || converts_ != other.converts_ || turns_over_ != other.turns_over_) return false;
  return current_.is_field_like(other.current_) && is_all_ == other.is_all_;
}

void wait::reserve(workspace& room) const {
  room.reserve(current_.text_slots(), current_.text_bytes());
  for (const limit& each : limits_) room.reserve(each.taken.text_slots(), each.taken.text_bytes());
}

}  // namespace millrace::expr
