#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace millrace::bench {

/// A message of `8 * Words` bytes, each word made from its sequence.
template <std::size_t Words>
struct message {
  std::array<std::uint64_t, Words> words;
};

template <std::size_t Words>
message<Words> message_of(std::uint64_t sequence) {
  message<Words> made;
  for (std::uint64_t i = 0; i < Words; ++i) made.words[i] = sequence + i;
  return made;
}

/// What a consumer saw; compared with the closed form.
template <std::size_t Words>
struct tally {
  std::uint64_t received = 0;
  std::uint64_t sum = 0;
  bool in_order = true;

  void take(const message<Words>& seen) {
    in_order &= seen.words[0] == received;
    for (const std::uint64_t word : seen.words) sum += word;
    ++received;
  }
  [[nodiscard]] bool is_right(std::uint64_t sent) const {
    return in_order && received == sent && sum == Words * (sent * (sent - 1) / 2) + sent * (Words * (Words - 1) / 2);
  }
};

}  // namespace millrace::bench
