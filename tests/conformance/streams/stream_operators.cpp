#include "stream_operators.hpp"

namespace millrace::conformance {

stream_operator operator_of(const std::string& op) {
  static const std::map<std::string, stream_operator> operators = {
      {"fk_join", run_fk_join},
      {"interval_join", run_interval_join},
      {"stream_global_join", run_stream_global_join},
      {"stream_stream_join", run_stream_stream_join},
      {"stream_table_join", run_stream_table_join},
      {"table_agg", run_table_agg},
      {"table_filter", run_table_filter},
      {"table_table_join", run_table_table_join},
      {"window_agg", run_window_agg},
      {"window_agg_wm", run_window_agg_wm},
  };
  const auto found = operators.find(op);
  return found == operators.end() ? nullptr : found->second;
}

}  // namespace millrace::conformance
