#pragma once

#include "stream_case.hpp"

#include <vector>

namespace millrace::conformance {

/// Runs a case's input through the library's operator; every output in the order in which it came, with the item that
/// caused it. Each stands in a file of its own.
using stream_operator = std::vector<stream_output> (*)(const stream_case&);

std::vector<stream_output> run_fk_join(const stream_case&);
std::vector<stream_output> run_interval_join(const stream_case&);
std::vector<stream_output> run_stream_global_join(const stream_case&);
std::vector<stream_output> run_stream_stream_join(const stream_case&);
std::vector<stream_output> run_stream_table_join(const stream_case&);
std::vector<stream_output> run_table_agg(const stream_case&);
std::vector<stream_output> run_table_filter(const stream_case&);
std::vector<stream_output> run_table_table_join(const stream_case&);
std::vector<stream_output> run_window_agg(const stream_case&);
std::vector<stream_output> run_window_agg_wm(const stream_case&);

/// The operator of a case; null when the library has none of this name.
stream_operator operator_of(const std::string& op);

}  // namespace millrace::conformance
