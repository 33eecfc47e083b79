#pragma once

#include <string>

#include "peers/ping_pong.hpp"

namespace millrace::bench {

/// Keeps one sample of `ring` under the figure; what is printed at the end of the program is the median of each
/// placement, with the tenth and ninetieth percentile, and the number of samples.
void keep(const std::string& figure, const std::string& ring, placement where, double value);

/// Counts a sample that is left out: interrupted, or its processors were moved.
void leave_out(const std::string& figure, const std::string& ring);

}  // namespace millrace::bench
