#pragma once

#include "conformance/oracle/condition.hpp"
#include "conformance/oracle/described.hpp"

#include <millrace/rules/program.hpp>

#include <vector>

namespace millrace::fuzz {

/// Whether the fields of the event are of the types that the oracle has: times, i64, f64 and strings.
bool is_known(const event_layout& layout);

/// Whether the oracle, slow and of few words, can be asked: one pattern without a key over one event, small numbers,
/// few states. Requires: the event's layout is known.
bool is_comparable(const rules::program& rules, const oracle::described& what,
                   const std::vector<oracle::record>& records);

}  // namespace millrace::fuzz
