#pragma once

#include "report.hpp"

#include <string>

namespace millrace::tools {

/// A page that needs nothing but itself, from disk and without a network: the figures, latency by percentile and over
/// the time of the run, the machine, the build and the remarks.
[[nodiscard]] std::string report_html(const bench_report& of);

}  // namespace millrace::tools
