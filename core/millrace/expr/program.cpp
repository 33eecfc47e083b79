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
