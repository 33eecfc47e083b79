#include "pattern_and_feed.hpp"

#include "conformance/cep_case.hpp"

#include <millrace/feed/byte_source.hpp>

#include <algorithm>
#include <filesystem>
#include <span>

namespace millrace::fuzz {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files(const fs::path& folder, const std::string& ending) {
  std::vector<fs::path> made;
  for (const auto& each : fs::recursive_directory_iterator(folder))
    if (each.is_regular_file() && each.path().string().ends_with(ending)) made.push_back(each.path());
  std::ranges::sort(made);
  return made;
}

/// The whole lines at the start of a file, compressed or not.
std::string start_of(const fs::path& path, std::size_t bytes_max) {
  std::string made(bytes_max, '\0');
  std::size_t bytes = 0;
  const auto source = feed::byte_source::open(path);
  while (const std::size_t more = bytes < bytes_max ? source->read(std::span(made).subspan(bytes)) : 0) bytes += more;
  made.resize(bytes);
  return made.substr(0, made.rfind('\n') + 1);
}

}  // namespace

std::vector<std::string> seeds(const std::string& cases, const std::string& examples) {
  std::vector<std::string> made;
  const auto add = [&](const std::string& rules, const std::string& feed) { made.push_back(rules + '\0' + feed); };
  for (const fs::path& file : files(cases, ".jsonl"))
    for (const conformance::cep_case& each : conformance::read_cases(file)) add(each.rules, each.feed);
  for (const fs::path& rules : files(examples, ".mr")) {
    if (start_of(rules, 10'000).find("\npattern ") == std::string::npos) continue;  // mutations are of patterns
    for (const fs::path& feed : files(examples, ".ndjson.gz")) add(start_of(rules, 10'000), start_of(feed, 2'000));
  }
  return made;
}

}  // namespace millrace::fuzz
