#pragma once

#include <millrace/base/hash.hpp>
#include <millrace/expr/value.hpp>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace millrace::rules {

/// Values of one kind as bytes in a window's state: numbers, times and truth values in 16 bytes, text behind its
/// length. A stored text is read where it stands.
class stored_value {
 public:
  stored_value(expr::value_kind kind, std::size_t longest_text) : kind_(kind), longest_text_(longest_text) {}

  [[nodiscard]] std::size_t bytes() const noexcept {
    if (kind_ != expr::value_kind::text) return scalar_bytes;
    return (sizeof(std::uint16_t) + longest_text_ + 7) / 8 * 8;
  }

  void store(std::byte* at, const expr::value& v) const noexcept {
    if (kind_ == expr::value_kind::text) {
      const auto size = static_cast<std::uint16_t>(v.chars.size);
      std::memcpy(at, &size, sizeof size);
      if (size != 0) std::memcpy(at + sizeof size, v.chars.data, size);
      return;
    }
    const expr::wide bits = bits_of(v);
    std::memcpy(at, &bits, sizeof bits);
  }

  [[nodiscard]] expr::value load(const std::byte* at) const noexcept {
    if (kind_ == expr::value_kind::text) {
      std::uint16_t size;
      std::memcpy(&size, at, sizeof size);
      return expr::value::of_text({reinterpret_cast<const char*>(at + sizeof size), size});
    }
    expr::wide bits;
    std::memcpy(&bits, at, sizeof bits);
    switch (kind_) {
      case expr::value_kind::boolean: return expr::value::of_boolean(bits != 0);
      case expr::value_kind::floating:
        return expr::value::of_floating(std::bit_cast<double>(static_cast<std::uint64_t>(bits)));
      default: return expr::value::of_integer(bits);
    }
  }

  void copy(std::byte* into, const std::byte* from) const noexcept { store(into, load(from)); }

  /// An order, for kinds that have one. Requires: both are present, and numbers are finite.
  [[nodiscard]] bool before(const expr::value& a, const expr::value& b) const noexcept {
    switch (kind_) {
      case expr::value_kind::boolean: return !a.boolean && b.boolean;
      case expr::value_kind::floating: return a.floating < b.floating;
      case expr::value_kind::text: return a.text() < b.text();
      default: return a.integer < b.integer;
    }
  }

  /// 128 bits that are the same for equal values; of text, two hashes: 10^9 texts have two alike with a probability of
  /// 10^-21.
  struct fingerprint {
    std::uint64_t low;
    std::uint64_t high;
    friend bool operator==(const fingerprint&, const fingerprint&) = default;
  };
  [[nodiscard]] fingerprint fingerprint_of(const expr::value& v) const noexcept {
    if (kind_ == expr::value_kind::text) {
      const auto* const data = reinterpret_cast<const std::byte*>(v.chars.data);
      return {hash_bytes(data, v.chars.size, 0x51ed270b9f652295ULL),
              hash_bytes(data, v.chars.size, 0xc2b2ae3d27d4eb4fULL)};
    }
    const expr::wide bits = bits_of(v);
    return {static_cast<std::uint64_t>(bits), static_cast<std::uint64_t>(bits >> 64)};
  }

  static constexpr std::size_t scalar_bytes = sizeof(expr::wide);

 private:
  /// Equal numbers have equal bits: -0.0 is 0.0.
  [[nodiscard]] expr::wide bits_of(const expr::value& v) const noexcept {
    switch (kind_) {
      case expr::value_kind::boolean: return v.boolean ? 1 : 0;
      case expr::value_kind::floating:
        return static_cast<expr::wide>(std::bit_cast<std::uint64_t>(v.floating == 0 ? 0.0 : v.floating));
      default: return v.integer;
    }
  }

  expr::value_kind kind_;
  std::size_t longest_text_;
};

}  // namespace millrace::rules
