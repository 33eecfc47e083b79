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
  std::string within;  ///< "within 5ms", "within 3ms between events" or nothing
  std::vector<draft_stage> stages;
  std::string skip = "none";
  bool reports_timeouts = false;

  [[nodiscard]] std::string text() const;
};

/// A pattern and what it is shown: letters, prices and times in milliseconds.
struct shown {
  std::int64_t time_ms;
  std::string name;
  double price;
};
struct random_case {
  draft rules;
  std::vector<shown> feed;

  [[nodiscard]] std::vector<record> records() const;
};

/// The same case for the same seed, on every machine.
random_case make_case(std::uint64_t seed);

/// The cases that say a little less than this one, each in one respect.
std::vector<random_case> smaller(const random_case& from);

/// For people: the rules and the feed.
std::string text_of(const random_case& each);

}  // namespace millrace::oracle
