#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace millrace::fuzz {

/// One of `seeds` with one to three small changes: mostly to a stage, so that what comes out is often a pattern still,
/// sometimes to single bytes. The same for the same number, on every machine.
std::string mutation(const std::vector<std::string>& seeds, std::uint64_t number);

}  // namespace millrace::fuzz
