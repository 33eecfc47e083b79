#pragma once

#include <millrace/cep/link_test.hpp>

#include <bit>
#include <cstdint>

namespace millrace::cep {

/// The links of a chain, where each asks for one condition of its own, the one behind that of the link before: what is
/// known of an event says of all links at once whether they take it, and no branch is taken.
class link_row {
 public:
  static constexpr std::size_t links_max = 32;

  link_row() = default;
  /// `takes(i)`: what link `i` of so many asks for, a `link_test`.
  template <class Takes>
  link_row(std::size_t links, const Takes& takes) {
    const auto first = static_cast<std::uint32_t>(std::countr_zero(takes(0).asks | std::uint64_t{1} << 63));
    if (links > links_max || first + links > condition_bits_max) return;
    for (std::size_t i = 0; i < links; ++i) {
      const link_test& t = takes(i);
      if (!t.is_plain || t.asks != std::uint64_t{1} << (first + i) || t.wants != t.asks) return;
    }
    asked_ = (~std::uint64_t{0} >> (64 - links)) << first;
    first_ = first;
  }

  /// Whether so much is known that `fits` can tell.
  [[nodiscard]] bool is_told_by(const condition_bits& known) const noexcept {
    return asked_ != 0 && (asked_ & ~known.known) == 0;
  }
  /// Bit by link: it takes the event of which that is known.
  [[nodiscard]] std::uint32_t fits(const condition_bits& known) const noexcept {
    return static_cast<std::uint32_t>((known.holds & asked_) >> first_);
  }

 private:
  std::uint64_t asked_ = 0;  // conditions; none: links are not like that
  std::uint32_t first_ = 0;
};

}  // namespace millrace::cep
