#pragma once

#include <millrace/cep/automaton.hpp>

namespace millrace::cep {

/// An event that meets none of the automaton's conditions changes nothing: all partial matches wait on where they
/// are, and none begins. Such events need not be shown to a matcher.
[[nodiscard]] bool passes_over_unfit_events(const automaton& of);

}  // namespace millrace::cep
