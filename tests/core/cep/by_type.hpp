#pragma once

#include <millrace/cep/condition_memo.hpp>

#include <cstdint>

namespace millrace::cep {

/// Condition `i` holds for events of type `i`.
struct by_type {
  verdict test_event(condition_id id, const event_header& event) const noexcept {
    return event.type == id ? verdict::yes : verdict::no;
  }
  bool test_history(condition_id, const event_header&, expr::history) const noexcept { return false; }
  bool reads_history(condition_id) const noexcept { return false; }
  std::uint64_t faulted() const noexcept { return 0; }
};

}  // namespace millrace::cep
