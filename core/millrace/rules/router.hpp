#pragma once

#include <millrace/cep/key_directory.hpp>
#include <millrace/event/event.hpp>
#include <millrace/rules/program.hpp>
#include <millrace/rules/revision.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace millrace::rules {

/// Bit of `event_header::route` in the one copy of an event that counts it as processed; the bits below it are
/// the key groups for which the shard shall look at the event.
inline constexpr std::uint16_t counts_here = 0x8000;

/// Packs the key of an event for one group: fields one behind the other, text behind its length.
/// Threads: one owner. Allocation: in the constructor.
class key_packer {
 public:
  explicit key_packer(const revision& rules);

  /// The key's bytes, valid until the next call and as long as the event. Requires: some pattern of the group sees the
  /// event's type.
  [[nodiscard]] std::span<const std::byte> pack(std::size_t group, const event_header& event) noexcept {
    const std::vector<piece>& pieces = pieces_[group][event.type];
    if (pieces.size() == 1 && pieces.front().is_plain)
      return {data_of(event) + pieces.front().offset, pieces.front().bytes};
    return pack_pieces(pieces, event);
  }

 private:
  struct piece {
    std::uint32_t offset;
    std::uint32_t bytes;
    bool is_text;
    bool is_floating;
    bool is_plain;  // its bytes as they are
  };
  [[nodiscard]] std::span<const std::byte> pack_pieces(const std::vector<piece>& pieces,
                                                       const event_header& event) noexcept;

  std::vector<std::vector<std::vector<piece>>> pieces_;  // by group and event type
  std::vector<std::byte> buffer_;
};

/// Decides which shards an event goes to: for each key group to the shard that owns the key.
/// Threads: one owner. Allocation: in the constructor. Complexity: linear in the key groups.
class router {
 public:
  router(std::shared_ptr<const program> rules, unsigned shards) : router(first_revision(std::move(rules)), shards) {}
  router(std::shared_ptr<const revision> rules, unsigned shards);

  /// The routes of an event, one a shard: 0 where the shard need not see it. Exactly one counts it.
  [[nodiscard]] std::span<const std::uint16_t> route(const event_header& event) noexcept;
  /// The same of an event that is late for patterns, and goes to windows only. None counts it unless `is_counted`.
  [[nodiscard]] std::span<const std::uint16_t> route_to_windows(const event_header& event, bool is_counted) noexcept;

 private:
  /// Returns the shard that counts the event.
  template <class Sees>
  std::size_t route_by(const event_header& event, Sees&& sees) noexcept;
  [[nodiscard]] std::size_t shard_of(std::size_t group, const event_header& event) noexcept;

  std::shared_ptr<const revision> rules_;
  key_packer packer_;
  std::vector<std::uint16_t> routes_;
};

}  // namespace millrace::rules
