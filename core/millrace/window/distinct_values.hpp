#pragma once

#include <millrace/pool/slab_pool.hpp>
#include <millrace/table/growing_table.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace millrace::window {

/// Bounds on exact sets of different values.
struct distinct_limits {
  std::uint32_t values = 1U << 20;       // in all sets together
  std::uint32_t values_each = 1U << 16;  // in one
};

/// How many different values there were, exactly. The values of all states stand in one table and one pool; a value
/// beyond a bound is left out and counted, and its state remembers that it is no longer exact.
///
/// Threads: one owner. Allocation: in the constructor only. Complexity: O(1) expected to add; O(values) to merge and to
/// end. Errors: the constructor throws `millrace::error` when memory is refused.
template <bytewise_key V>
class distinct_values {
 public:
  explicit distinct_values(const distinct_limits& limits = {})
      : limits_(limits), entries_(limits.values), nodes_(limits.values) {}

  [[nodiscard]] static constexpr std::size_t state_bytes() noexcept { return sizeof(set); }

  void begin(std::byte* state) noexcept { put(state, {next_id_++, null_handle, 0, false}); }
  void add(std::byte* state, const V& value) noexcept {
    set of = get(state);
    insert(of, value);
    put(state, of);
  }
  void merge(std::byte* into, const std::byte* later) noexcept {
    set of = get(into);
    const set with = get(later);
    of.is_short = of.is_short || with.is_short;
    for (std::uint32_t at = with.first; at != null_handle; at = nodes_[at].next) insert(of, nodes_[at].value);
    put(into, of);
  }
  void end(std::byte* state) noexcept {
    const set of = get(state);
    for (std::uint32_t at = of.first; at != null_handle;) {
      const std::uint32_t next = nodes_[at].next;
      entries_.erase(entry_of(of.id, nodes_[at].value));
      nodes_.release(at);
      at = next;
    }
  }

  [[nodiscard]] std::uint64_t value(const std::byte* state) const noexcept { return get(state).count; }
  /// Whether every value is in it.
  [[nodiscard]] bool is_exact(const std::byte* state) const noexcept { return !get(state).is_short; }
  /// Calls `f(const V&)` for each value, the latest first.
  template <class F>
  void for_each(const std::byte* state, F&& f) const {
    for (std::uint32_t at = get(state).first; at != null_handle; at = nodes_[at].next) f(nodes_[at].value);
  }
  /// Values for which there was no room, each time.
  [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_; }
  /// Values in all sets.
  [[nodiscard]] std::uint32_t size() const noexcept { return nodes_.size(); }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return nodes_.capacity(); }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept {
    return entries_.reserved_bytes() + nodes_.reserved_bytes();
  }

 private:
  struct set {
    std::uint64_t id;
    std::uint32_t first;
    std::uint32_t count;
    bool is_short;
  };
  struct node {
    V value;
    std::uint32_t next;
  };
  /// A set's value; all bytes count.
  struct entry {
    std::byte bytes[sizeof(std::uint64_t) + sizeof(V)];
  };
  struct nothing {};

  static set get(const std::byte* state) noexcept {
    set of;
    std::memcpy(&of, state, sizeof of);
    return of;
  }
  static void put(std::byte* state, const set& of) noexcept { std::memcpy(state, &of, sizeof of); }
  static entry entry_of(std::uint64_t id, const V& value) noexcept {
    entry made;
    std::memcpy(made.bytes, &id, sizeof id);
    std::memcpy(made.bytes + sizeof id, &value, sizeof value);
    return made;
  }

  void insert(set& of, const V& value) noexcept {
    const entry sought = entry_of(of.id, value);
    if (entries_.find(sought) != nullptr) return;
    const std::uint32_t made = of.count < limits_.values_each ? nodes_.try_allocate() : null_handle;
    if (made == null_handle) {
      ++left_out_;
      of.is_short = true;
      return;
    }
    static_cast<void>(entries_.find_or_insert(sought));
    nodes_[made] = {value, of.first};
    of.first = made;
    ++of.count;
  }

  distinct_limits limits_;
  std::uint64_t next_id_ = 0;
  std::uint64_t left_out_ = 0;
  growing_table<entry, nothing> entries_;
  slab_pool<node> nodes_;
};

}  // namespace millrace::window
