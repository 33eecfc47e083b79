#pragma once

#include <millrace/rules/stored_value.hpp>

#include <cstddef>
#include <cstdint>

namespace millrace::rules {

/// The most frequent values of a window, by Space-Saving (Metwally, Agrawal, El Abbadi, "Efficient computation of
/// frequent and top-k elements in data streams", ICDT 2005): exact while there are at most `places` distinct ones;
/// beyond, a value that makes up more than one of `places` events is never missed, and the order of rare ones may be
/// wrong. Merged as Agarwal et al. ("Mergeable summaries", PODS 2012) show, with the same bound.
///
/// Threads: immutable; states belong to their operator. Complexity: O(places) a value, O(places^2) to merge.
class frequent_values {
 public:
  frequent_values(const stored_value& form, std::uint32_t most)
      : form_(form), places_(most * 8 < places_min ? places_min : most * 8) {}

  [[nodiscard]] std::size_t bytes() const noexcept { return sizeof(head) + places_ * (sizeof(place) + form_.bytes()); }

  void begin(std::byte* state) const noexcept;
  void add(std::byte* state, const expr::value& v) const noexcept;
  void merge(std::byte* into, const std::byte* later) const noexcept;

  /// Calls `f(value)` for the `most` most frequent ones; equal counts go by value. Allocation: none.
  template <class F>
  void each_of_top(const std::byte* state, std::uint32_t most, F&& f) const {
    std::uint64_t bound_count = UINT64_MAX;
    const std::byte* bound = nullptr;
    for (std::uint32_t taken = 0; taken < most; ++taken) {
      const auto next = best_below(state, bound_count, bound);
      if (next == nullptr) return;
      bound = value_at(state, static_cast<std::uint32_t>(next - places_of(state)));
      bound_count = next->count;
      f(form_.load(bound));
    }
  }

 private:
  static constexpr std::uint32_t places_min = 64;
  struct head {
    std::uint64_t used;
  };
  struct place {
    std::uint64_t hash;
    std::uint64_t count;
  };

  static const place* places_of(const std::byte* state) noexcept {
    return reinterpret_cast<const place*>(state + sizeof(head));
  }
  static place* places_of(std::byte* state) noexcept { return reinterpret_cast<place*>(state + sizeof(head)); }
  static std::uint64_t& used_of(std::byte* state) noexcept { return reinterpret_cast<head*>(state)->used; }
  static std::uint64_t used_of(const std::byte* state) noexcept { return reinterpret_cast<const head*>(state)->used; }
  [[nodiscard]] const std::byte* value_at(const std::byte* state, std::uint32_t index) const noexcept {
    return state + sizeof(head) + places_ * sizeof(place) + index * form_.bytes();
  }

  static bool counts_less(const place& a, const place& b) noexcept { return a.count < b.count; }
  static const place* find(const place* among, std::uint64_t used, std::uint64_t hash) noexcept;
  /// As often a value may have come that is in no place.
  [[nodiscard]] std::uint64_t unseen_count(const std::byte* state) const noexcept;
  void put(std::byte* state, const place& added, const expr::value& v) const noexcept;
  void set(std::byte* state, std::uint64_t index, const place& to, const expr::value& v) const noexcept;
  [[nodiscard]] const place* best_below(const std::byte* state, std::uint64_t count, const std::byte* value) const;

  stored_value form_;
  std::uint32_t places_;
};

}  // namespace millrace::rules
