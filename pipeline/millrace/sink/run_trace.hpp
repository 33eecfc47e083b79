#pragma once

#include <millrace/cep/run_watcher.hpp>
#include <millrace/rules/revision.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace millrace::sink {

/// What becomes of the partial matches of one key, a line a step, in aligned columns: the record and its time, the
/// pattern, the number of the partial match, what happened, and what it had taken before.
///
/// Threads: one owner. Allocation: each line. Errors: what `write` throws.
class run_trace final : public cep::run_watcher {
 public:
  /// `write` gets each line with its newline.
  run_trace(std::shared_ptr<const rules::revision> rules, std::function<void(std::string_view)> write);

  void see(const cep::automaton& of, const cep::run_step& step) override;

  /// The names of the columns, a line.
  [[nodiscard]] static std::string heading(const rules::revision& rules);

 private:
  std::shared_ptr<const rules::revision> rules_;
  std::function<void(std::string_view)> write_;
  std::size_t name_width_;
};

}  // namespace millrace::sink
