#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>

namespace millrace::conformance {

/// An operator's parameters. Those of an object within are named `window.size`, `suppress.limit` and so on.
class stream_spec {
 public:
  void set(const std::string& name, std::int64_t value) { numbers_[name] = value; }
  void set(const std::string& name, const std::string& value) { texts_[name] = value; }

  [[nodiscard]] bool has(const std::string& name) const { return numbers_.contains(name) || texts_.contains(name); }
  /// An integer; true is 1 and false is 0.
  [[nodiscard]] std::optional<std::int64_t> number(const std::string& name) const {
    const auto found = numbers_.find(name);
    return found == numbers_.end() ? std::nullopt : std::optional(found->second);
  }
  [[nodiscard]] std::int64_t number_or(const std::string& name, std::int64_t otherwise) const {
    if (texts_.contains(name)) throw std::runtime_error("found a text as " + name + ", expected an integer");
    return number(name).value_or(otherwise);
  }
  [[nodiscard]] std::string text_or(const std::string& name, const std::string& otherwise) const {
    const auto found = texts_.find(name);
    return found == texts_.end() ? otherwise : found->second;
  }

 private:
  std::map<std::string, std::int64_t> numbers_;
  std::map<std::string, std::string> texts_;
};

}  // namespace millrace::conformance
