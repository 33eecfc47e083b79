#pragma once

#include <atomic>
#include <cstdint>

/// Calls of operator new in this program so far. Counts in programs that are built with `allocation_counter.cpp`, which
/// replaces the operator.
extern std::atomic<std::uint64_t> allocations;
