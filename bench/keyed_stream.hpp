#pragma once

#include "matching.hpp"

#include <millrace/base/hash.hpp>
#include <millrace/event/event.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <span>

namespace millrace::bench {

/// What happened to a key; laid out as the text rules' `event Step` is.
struct step {
  std::int64_t ts;
  std::uint64_t key;
  std::uint32_t kind;  ///< 0, 1, 2: what stages ask for; 3: something else
  double amount;       ///< 80 to 130
  std::uint64_t place;
};

inline constexpr const char* step_text =
    "event Step { ts : timestamp(ns)  key : u64  kind : u32  amount : f64  place : u64 }\n";

/// Random bits that belong to a number: the output step of SplitMix64 (Steele, Lea, Flood 2014).
inline std::uint64_t scrambled(std::uint64_t number) noexcept {
  std::uint64_t z = number * 0x9e37'79b9'7f4a'7c15;
  z = (z ^ z >> 30) * 0xbf58'476d'1ce4'e5b9;
  z = (z ^ z >> 27) * 0x94d0'49bb'1331'11eb;
  return z ^ z >> 31;
}

/// An endless stream of steps that is the same each time: the event at a place depends on nothing but the place. Keys
/// are equally frequent and come in no order; all times differ.
class keyed_stream {
 public:
  struct shape {
    std::uint64_t keys;
    std::uint32_t fit_percent;         ///< of the events that fit one stage; at most 33
    std::chrono::nanoseconds key_gap;  ///< between two events of one key, in the mean
  };

  explicit keyed_stream(const shape& of)
      : keys_(of.keys),
        fit_(of.fit_percent * 10'000),
        gap_ns_(of.key_gap.count() / static_cast<std::int64_t>(of.keys)) {}

  [[nodiscard]] step at(std::uint64_t place) const noexcept {
    const std::uint64_t bits = scrambled(place);
    const std::uint64_t more = scrambled(~place);
    const auto draw = static_cast<std::uint32_t>(place_of(more, 1'000'000));
    const std::int64_t time_ns = begin_ns + static_cast<std::int64_t>(place) * gap_ns_;
    const double amount = 80 + 50 * (static_cast<double>(more & 0xFFFF'FFFF) / 0x1p32);
    return {time_ns, place_of(bits, keys_), draw < 3 * fit_ ? draw / fit_ : 3, amount, place};
  }

  /// As the shard sees it.
  void fill(std::uint64_t place, event<step>& into) const noexcept {
    into.data = at(place);
    into.header = {};
    into.header.sequence = place + 1;
    into.header.id.low = place;
    into.header.time_ns = into.data.ts;
    into.header.key = cep::key_directory::hash(std::as_bytes(std::span(&into.data.key, 1)));
    into.header.route = text_matcher::route;
  }

 private:
  static constexpr std::int64_t begin_ns = 1'700'000'000'000'000'000;

  std::uint64_t keys_;
  std::uint32_t fit_;  // in a million
  std::int64_t gap_ns_;
};

}  // namespace millrace::bench
