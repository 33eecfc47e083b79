#include <millrace/expr/program.hpp>

#include <millrace/expr/machine.hpp>

#include <algorithm>

namespace millrace::expr {

void workspace::reserve(std::size_t slots, std::size_t bytes) {
  slots_ = std::max(slots_, slots);
  bytes_ = std::max(bytes_, bytes);
  text_.resize(slots_ * bytes_);
  values_.reserve(1'024);
}

bool program::can_fault() const noexcept {
  return std::ranges::any_of(code_, [](const instruction& i) {
    switch (i.op) {
      case opcode::negate_integer:
      case opcode::add_integer:
      case opcode::subtract_integer:
      case opcode::multiply_integer:
      case opcode::modulo_integer:
      case opcode::absolute_integer:
      case opcode::divide_floating:
      case opcode::sum_integer:
      case opcode::average: return true;
      default: return false;
    }
  });
}

bool program::is_field_like(const program& other) const noexcept {
  const auto is_field = [](const program& p) { return p.code_.size() == 1 && p.code_[0].op == opcode::load_current; };
  return is_field(*this) && is_field(other) && accesses_[code_[0].x] == other.accesses_[other.code_[0].x];
}

std::size_t program::result_bytes_max() const noexcept {
  std::size_t most = text_bytes_;
  for (const field_access& access : accesses_) most = std::max<std::size_t>(most, access.capacity);
  for (const auto& text : texts_) most = std::max(most, text->size());
  return most;
}

outcome program::test(const event_header* current, history taken, workspace& room) const noexcept {
  machine m(*this, current, taken, room);
  const value result = m.run();
  if (m.faulted) return outcome::fault;
  return result.present && result.boolean ? outcome::yes : outcome::no;
}

value program::evaluate(const event_header* current, history taken, workspace& room, bool& faulted) const noexcept {
  machine m(*this, current, taken, room);
  const value result = m.run();
  faulted = m.faulted;
  return result;
}

}  // namespace millrace::expr
