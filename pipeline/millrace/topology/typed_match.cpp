#include <millrace/topology/typed_match.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace millrace::detail {

void no_event_of_stage(std::string_view stage, std::span<const std::string> stages) noexcept {
  const auto size = static_cast<int>(stage.size());
  if (std::ranges::find(stages, stage) != stages.end()) {
    std::fprintf(stderr,
                 "millrace: match[\"%.*s\"]: this match has no event of that stage; ask count(\"%.*s\") before\n", size,
                 stage.data(), size, stage.data());
  } else {
    std::fprintf(stderr, "millrace: match[\"%.*s\"]: found an unknown stage, expected one of", size, stage.data());
    for (const std::string& known : stages) std::fprintf(stderr, " %s", known.c_str());
    std::fputc('\n', stderr);
  }
  std::abort();
}

}  // namespace millrace::detail
