#pragma once

#include "rules_run.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::conformance {

/// One case with Flink CEP's answer.
struct cep_case {
  std::string id;
  std::string rules;
  std::string feed;  ///< NDJSON
  bool final_watermark = false;
  std::vector<stages> matches;
  std::optional<std::vector<std::pair<stages, std::optional<std::int64_t>>>> timeouts;
  std::optional<std::set<std::int64_t>> late;
  std::optional<std::vector<std::int64_t>> at_ms;  ///< of each match
};

std::vector<cep_case> read_cases(const std::string& path);

enum class verdict { pass, fail, unsupported };

struct case_result {
  conformance::verdict verdict;
  std::string remark;  ///< why it did not pass
};

/// How the engine is run.
struct way {
  std::optional<unsigned> shards;  ///< none: inline
  cep::class_choice classes = cep::class_choice::fastest;
};

/// Runs a case and compares as sets.
case_result run_case(const cep_case& wanted, const way& how);

}  // namespace millrace::conformance
