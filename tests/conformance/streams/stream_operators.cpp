#include "stream_operators.hpp"

namespace millrace::conformance {

stream_operator operator_of(const std::string& op) {
  static const std::map<std::string, stream_operator> operators = {};
  const auto found = operators.find(op);
  return found == operators.end() ? nullptr : found->second;
}

}  // namespace millrace::conformance
