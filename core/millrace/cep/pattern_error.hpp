#pragma once

#include <millrace/base/error.hpp>

#include <string>

namespace millrace::cep {

/// A pattern that has no meaning: `stage` says where (empty: the pattern as a whole), the message what was
/// found and what to write instead.
class pattern_error : public error {
 public:
  pattern_error(std::string stage, const std::string& message) : error(message), stage_(std::move(stage)) {}
  [[nodiscard]] const std::string& stage() const noexcept { return stage_; }

 private:
  std::string stage_;
};

}  // namespace millrace::cep
