#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <millrace/base/error.hpp>
#include <millrace/pool/slab_pool.hpp>
#include <millrace/stream/ordered_records.hpp>
#include <millrace/stream/record.hpp>
#include <millrace/table/growing_table.hpp>
#include <optional>

namespace millrace::stream {

/// Holds a table's updates back until a key's first one is `limit` old, and hands on the last one then, as Kafka
/// Streams' suppression until a time limit does: one update a key and limit instead of all. With more than `keys_max`
/// keys held the oldest leaves before its time, and is counted.
///
/// Time is the latest of all updates. What leaves does so in the order of the keys' first updates, then of the keys,
/// and has the last update's value and time. A deletion is an update like others. Threads: one owner. Allocation: in
/// the constructor. Complexity: O(1) expected for an update of a key that is held, else O(log n),
/// amortised: one update may hand on all that are held. Memory: `keys_max` updates. Errors: the constructor throws
/// `millrace::error` when the memory is refused or the limit is negative.
template <class Key, class Value, class KeyLess = std::less<Key>>
class table_suppression {
 public:
  table_suppression(std::int64_t limit_ns, std::uint32_t keys_max, KeyLess less = {})
      : handles_(std::size_t{checked(keys_max)} + 1), held_(keys_max + 1, less), limit_ns_(limit_ns) {
    if (limit_ns < 0) throw error("a suppression's time limit is negative");
  }

  /// Hands what leaves, a `record`, to `out`, which must not call this.
  template <class Out>
  void process(const record<Key, Value>& from, Out&& out) {
    if (!from.key) {
      ++null_key_;
      return;
    }
    hold(from);
    advance(from.time_ns, out);
    while (held_.size() >= held_.capacity()) {
      ++early_;
      release(out);
    }
  }

  /// Time is `time_ns`, as a clock or a watermark says while the table is quiet: hands on what is old enough.
  template <class Out>
  void advance(std::int64_t time_ns, Out&& out) {
    now_ns_ = std::max(now_ns_, time_ns);
    while (!held_.empty() && held_.first().time_ns <= earlier_by(now_ns_, limit_ns_)) release(out);
  }

  /// Hands on all that is held, in order: for the end of a stream.
  template <class Out>
  void flush(Out&& out) {
    while (!held_.empty()) release(out);
  }

  [[nodiscard]] std::size_t held() const noexcept { return held_.size(); }
  /// Updates that left before their time, because more keys than may be were held.
  [[nodiscard]] std::uint64_t early() const noexcept { return early_; }
  /// Updates that a later one of the same key took the place of.
  [[nodiscard]] std::uint64_t replaced() const noexcept { return replaced_; }
  /// Updates without a key, which were dropped.
  [[nodiscard]] std::uint64_t null_key() const noexcept { return null_key_; }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept {
    return handles_.reserved_bytes() + held_.reserved_bytes();
  }

 private:
  struct update {
    std::optional<Value> value;
    std::int64_t time_ns;
  };
  struct held_update {
    std::uint32_t handle = null_handle;
  };

  static std::uint32_t checked(std::uint32_t keys_max) {
    if (keys_max > null_handle - 2) throw error("a suppression holds at most 4,294,967,293 keys");
    return keys_max;
  }

  /// There is room for one more than may stay.
  void hold(const record<Key, Value>& from) noexcept {
    const auto found = handles_.find_or_insert(*from.key);
    if (found.inserted) {
      found.value->handle = held_.try_add(*from.key, {from.value, from.time_ns}, from.time_ns);
    } else {
      held_[found.value->handle].value = {from.value, from.time_ns};
      ++replaced_;
    }
  }

  template <class Out>
  void release(Out& out) {
    const auto first = held_.take_first();
    handles_.erase(first.key);
    out(record<Key, Value>{first.key, first.value.value, first.value.time_ns});
  }

  growing_table<Key, held_update> handles_;
  detail::ordered_records<Key, update, KeyLess> held_;
  std::int64_t limit_ns_;
  std::int64_t now_ns_ = std::numeric_limits<std::int64_t>::min();
  std::uint64_t early_ = 0;
  std::uint64_t replaced_ = 0;
  std::uint64_t null_key_ = 0;
};

}  // namespace millrace::stream
