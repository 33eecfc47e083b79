#include <millrace/rules/router.hpp>

#include <millrace/base/fixed_string.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace millrace::rules {

key_packer::key_packer(const revision& rules) {
  std::size_t bytes_max = 0;
  for (const group_in_force& group : rules.groups) {
    std::vector<std::vector<piece>> by_type;
    for (const auto& fields : group.key.fields_of) {
      std::vector<piece> pieces;
      for (const field* f : fields)
        pieces.push_back({f->offset, f->bytes, f->type == field_type::string, is_floating(f->type),
                          f->type != field_type::string && !is_floating(f->type)});
      by_type.push_back(std::move(pieces));
    }
    pieces_.push_back(std::move(by_type));
    bytes_max = std::max(bytes_max, group.key.key_bytes_max);
  }
  buffer_.resize(bytes_max + 8);
}

namespace {

/// Keys compare as bytes, numbers by value: -0.0 becomes 0.0.
void merge_zeroes(std::byte* at, std::size_t bytes) noexcept {
  const bool rest_is_zero = std::all_of(at, at + bytes - 1, [](std::byte b) { return b == std::byte{0}; });
  if (rest_is_zero && at[bytes - 1] == std::byte{0x80}) at[bytes - 1] = std::byte{0};
}

}  // namespace

std::span<const std::byte> key_packer::pack_pieces(const std::vector<piece>& pieces,
                                                   const event_header& event) noexcept {
  if (pieces.size() == 1 && pieces.front().is_text) {
    const std::byte* const at = data_of(event) + pieces.front().offset;
    return {at, sizeof(std::uint16_t) + read_fixed_string(at).size()};
  }
  std::size_t size = 0;
  for (const piece& p : pieces) {
    const std::byte* const from = data_of(event) + p.offset;
    std::size_t bytes = p.bytes;
    if (p.is_text) {
      std::uint16_t length;
      std::memcpy(&length, from, sizeof length);
      bytes = sizeof length + length;
    }
    std::memcpy(buffer_.data() + size, from, bytes);
    if (p.is_floating) merge_zeroes(buffer_.data() + size, bytes);
    size += bytes;
  }
  return {buffer_.data(), size};
}

router::router(std::shared_ptr<const revision> rules, unsigned shards)
    : rules_(std::move(rules)), packer_(*rules_), routes_(shards) {}

std::size_t router::shard_of(std::size_t group, const event_header& event) noexcept {
  if (rules_->groups[group].key.fields.empty()) return group % routes_.size();
  const std::uint64_t hash = cep::key_directory::hash(packer_.pack(group, event));
  return place_of(hash, routes_.size());
}

template <class Sees>
std::size_t router::route_by(const event_header& event, Sees&& sees) noexcept {
  std::ranges::fill(routes_, std::uint16_t{0});
  std::size_t counting = 0;
  for (std::size_t group = rules_->groups.size(); group-- > 0;) {
    if ((sees(rules_->groups[group]) >> event.type & 1) == 0) continue;
    counting = routes_.size() == 1 ? 0 : shard_of(group, event);
    routes_[counting] = static_cast<std::uint16_t>(routes_[counting] | 1U << group);
  }
  return counting;
}

std::span<const std::uint16_t> router::route(const event_header& event) noexcept {
  const std::size_t counting = route_by(event, [](const group_in_force& group) { return group.types(); });
  routes_[counting] = static_cast<std::uint16_t>(routes_[counting] | counts_here);
  return routes_;
}

std::span<const std::uint16_t> router::route_to_windows(const event_header& event, bool is_counted) noexcept {
  const std::size_t counting = route_by(event, [](const group_in_force& group) { return group.window_types; });
  if (is_counted) routes_[counting] = static_cast<std::uint16_t>(routes_[counting] | counts_here);
  return routes_;
}

}  // namespace millrace::rules
