#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace::fuzz {

/// What became of an input.
enum class fate {
  refused,   ///< no rules text
  ran,       ///< only that it ends, within its bounds
  compared,  ///< the engine found what the oracle finds
};

/// A rules text, a zero byte and an NDJSON feed, run with small bounds on state. Where the oracle knows every word of
/// the pattern, its answers are compared; those of both classes of matcher always are, where no bound was met.
/// Errors: throws std::logic_error, with both answers, where they differ.
fate try_pattern_and_feed(std::string_view input);

/// Inputs to begin with: the conformance cases in a folder, and the rules of another with the starts of its feeds.
std::vector<std::string> seeds(const std::string& cases, const std::string& examples);

}  // namespace millrace::fuzz
