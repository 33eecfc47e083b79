#pragma once

#include <millrace/replay/match_stage.hpp>
#include <millrace/rules/revision.hpp>
#include <millrace/rules/router.hpp>
#include <millrace/topology/change_position.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

namespace millrace::replay {

/// Another revision of the rules on its way through a replay, with all that it needs, allocated beforehand: the source
/// takes its router and sends each shard its part, at one position of the sequence of events.
///
///     who asks ──► queue ──► source: routes by the new keys ──► a mark in every ring ──► shards: take their parts
struct rule_change {
  rule_change(std::shared_ptr<const rules::revision> revision, unsigned shard_count)
      : to(std::move(revision)), router(to, shard_count) {}

  /// Nobody needs it any more: every shard has taken its part, and has given back what has gone.
  [[nodiscard]] bool settled() const noexcept {
    return position->value() &&
           std::ranges::all_of(shards, [](const stage_change& each) { return each.engine->settled(); });
  }

  std::shared_ptr<const rules::revision> to;
  rules::router router;
  std::vector<stage_change> shards;
  std::uint64_t not_before = 0;  ///< record of the feed
  std::shared_ptr<change_position> position = std::make_shared<change_position>();
  rule_change* next = nullptr;
};

}  // namespace millrace::replay
