#pragma once

#include "matching.hpp"

#include <millrace/event/event.hpp>
#include <millrace/event/layout.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::bench {

/// A trade of the feed `core_stocks` as its rules files lay it out, or a typed one.
using stock_event = event<std::array<std::byte, 64>>;

/// What one stage of a query asks for; an empty one asks for nothing.
struct stock_stage {
  std::string side;
  std::string ticker;
};

/// A sequence of stages linked by `then any`, as text and as it is counted.
struct stock_query {
  std::string text;
  std::vector<stock_stage> stages;
  std::int64_t within_ms;
};

/// The trades, and where their texts lie.
struct stock_feed {
  std::vector<stock_event> events;
  std::uint32_t side_offset = 0;
  std::uint32_t ticker_offset = 0;

  [[nodiscard]] std::string_view side(std::size_t event) const noexcept;
  [[nodiscard]] std::string_view ticker(std::size_t event) const noexcept;
  [[nodiscard]] bool fits(std::size_t event, const stock_stage& stage) const noexcept;
};

/// What a query finds up to each event: element n is for the first n events. Of the tally, matches and places.
struct stock_answers {
  std::vector<std::uint64_t> matches;
  std::vector<std::uint64_t> places;
};

/// Where the feed and its rules files are looked for.
[[nodiscard]] const std::string& stock_folder();
[[nodiscard]] bool has_stocks();

/// The whole feed, decoded, ids from 0. Requires: `has_stocks()`. Errors: `error` for a feed that cannot be read.
[[nodiscard]] const stock_feed& stocks();

/// One of the rules files ("q1_10s"), with another window. Errors: `error` when the file is not of the known form.
[[nodiscard]] stock_query read_query(const std::string& name, std::int64_t within_ms);
/// With more stages behind.
[[nodiscard]] stock_query extended(stock_query query, const std::vector<stock_stage>& more);
/// With a last stage that no trade fits, so that nothing is ever handed out.
[[nodiscard]] stock_query never_complete(const stock_query& query);

/// Counts by trying each event as the first one and walking the window behind it: slow and plain. Compares the count
/// with counts.tsv where the query stands there. Errors: `error` when they differ.
[[nodiscard]] const stock_answers& answers_of(const stock_query& query);

}  // namespace millrace::bench
