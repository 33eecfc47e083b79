#pragma once

#include "condition.hpp"

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace millrace::oracle {

/// A stage, a group or an `all`, in the words of the rules language.
struct draft_stage {
  std::string link;  ///< "then any"; of a first stage none
  std::string name;
  std::string quantifier;
  std::vector<std::string> modifiers;
  std::string condition;
  bool any_order = false;
  std::vector<draft_stage> members;
};

/// A rules text that can be taken apart again.
struct draft {
  bool by_id = false;
  std::string within;  ///< "within 5ms", "within 3ms between events" or nothing
  std::vector<draft_stage> stages;
  std::string skip = "none";
  bool reports_timeouts = false;

  [[nodiscard]] std::string pattern_text(const std::string& name) const;
  /// With the event's declaration.
  [[nodiscard]] std::string text() const;
};

/// A pattern and what it is shown: letters, prices and times in milliseconds.
struct shown {
  std::int64_t time_ms;
  std::int64_t id;
  std::string name;
  double price;
};
struct random_case {
  draft rules;
  std::vector<shown> feed;
  draft beside;            ///< a second pattern, where both run over shards or on records that are out of order
  std::int64_t jitter_ms;  ///< how late records may come then

  [[nodiscard]] std::vector<record> records() const;
  /// The records as NDJSON, each up to `jitter_ms` late.
  [[nodiscard]] std::string out_of_order() const;
  /// As NDJSON, in order.
  [[nodiscard]] std::string in_order() const;
};

/// The same case for the same seed, on every machine.
random_case make_case(std::uint64_t seed);

/// The cases that say a little less than this one, each in one respect.
std::vector<random_case> smaller(const random_case& from);

/// For people: the rules and the feed.
std::string text_of(const random_case& each);

}  // namespace millrace::oracle
