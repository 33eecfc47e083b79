#pragma once

#include <millrace/pool/slab_pool.hpp>
#include <millrace/rules/stored_value.hpp>
#include <millrace/table/keyed_table.hpp>

#include <cstdint>

namespace millrace::rules {

/// Sets of distinct values, exact, of all windows of a shard in one place: a bound on all of them together, and a set
/// of few values costs little. A set that met the bound knows that it is not whole.
///
/// Threads: one owner. Allocation: in the constructor. Complexity: O(1) expected a value; linear in the set for `clear`
/// and `merge`. Errors: the constructor throws `millrace::error` when the memory is refused.
class distinct_values {
 public:
  /// A set as it stands in a state.
  struct set {
    std::uint64_t number = 0;  ///< 0: it has no values yet
    std::uint32_t first = null_handle;
    std::uint32_t count = 0;
    std::uint64_t is_short = 0;  ///< values were refused
  };

  explicit distinct_values(std::uint32_t values_max);

  void insert(set& into, const stored_value::fingerprint& value) noexcept;
  void merge(set& into, const set& from) noexcept;
  /// Gives back the values of a set.
  void clear(set& of) noexcept;

  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }
  [[nodiscard]] std::uint32_t size() const noexcept { return values_.size(); }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return values_.capacity(); }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept {
    return values_.reserved_bytes() + places_.reserved_bytes();
  }

 private:
  struct held {
    stored_value::fingerprint value;
    std::uint64_t set;
    std::uint32_t next;
    std::uint32_t unused;
  };

  [[nodiscard]] static std::uint64_t hash(std::uint64_t set, const stored_value::fingerprint& value) noexcept {
    return hash_word(value.low ^ hash_word(value.high, set), set);
  }

  slab_pool<held> values_;
  keyed_table<std::uint64_t, std::uint32_t> places_;  // of (set, value)
  std::uint64_t last_number_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace millrace::rules
