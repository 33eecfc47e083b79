#pragma once

#include <millrace/expr/program.hpp>
#include <millrace/feed/selector.hpp>
#include <millrace/rules/program.hpp>

#include <memory>
#include <vector>

namespace millrace::replay {

/// `event X when condition`: the first declaration whose condition holds takes the record.
///
/// Threads: one, unlike other selectors: it has working memory.
class record_selector final : public feed::selector {
 public:
  explicit record_selector(std::shared_ptr<const rules::program> rules);

  [[nodiscard]] std::optional<std::size_t> select(std::span<const feed::raw_value> probes) const override;

  /// Names of the members of a record that the conditions read.
  [[nodiscard]] static std::vector<std::string> probes(const rules::program& rules);

 private:
  std::shared_ptr<const rules::program> rules_;
  mutable std::vector<event_header> record_;  // a header and the probe layout's data behind it
  mutable expr::workspace room_;
};

}  // namespace millrace::replay
