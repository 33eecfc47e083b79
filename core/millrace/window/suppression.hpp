#pragma once

#include <millrace/pool/slab_pool.hpp>
#include <millrace/table/growing_table.hpp>
#include <millrace/window/deadline_heap.hpp>
#include <millrace/window/saturating_time.hpp>
#include <millrace/window/window_result.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

namespace millrace::window {

/// For `suppression`.
struct suppression_options {
  std::int64_t wait = 0;                 // an update goes out when time is so far behind its own
  std::uint32_t records_max = 1U << 20;  // keys that are held back
  bool drops_deletions = false;          // a key whose last update is a deletion goes without a word
  bool sends_when_full = true;  // when too many are held back the first ones go out early; else new ones are refused
};

/// Holds back updates and lets the last one of each key out: when its window is closed, or after a time limit.
///
/// Kafka Streams' two are had so: until a window closes, an update's time is the end of its window, `wait` the grace
/// (of sessions, the gap more), and deletions are dropped; until a time limit, its time is its own, and `wait` the
/// limit. A key that is held back keeps the time of its first update.
///
/// `out(const Key&, const Value*, time)` takes the last value, null for a deletion, and the time of its update. What
/// has one time goes out by `Order`, or as it came.
/// Threads: one owner. Allocation: in the constructor only. Complexity: O(log n) an update. Units: any, the same for
/// all times. Errors: the constructor throws `millrace::error` when memory is refused.
template <bytewise_key Key, class Value, class Order = arrival_order>
class suppression {
  static_assert(std::is_trivially_copyable_v<Value>);

 public:
  explicit suppression(const suppression_options& options, Order order = {})
      : options_(options),
        order_(std::move(order)),
        numbers_(std::size_t{options.records_max} + 1),
        held_(options.records_max + 1),
        deadlines_(options.records_max + 1) {}

  /// An update of a key, null for a deletion. `waits_from` counts where the key is not held back yet; `time` is the
  /// update's own, and moves time. Returns false where it was refused.
  template <class Out>
  bool put(const Key& key, const Value* value, std::int64_t waits_from, std::int64_t time, Out&& out) {
    now_ = std::max(now_, time);
    const bool is_held = hold(key, value, waits_from, time);
    while (!deadlines_.is_empty() && deadlines_.top().deadline_ns <= earlier_by(now_, options_.wait)) send_first(out);
    while (options_.sends_when_full && held_.size() > options_.records_max) send_first(out);
    return is_held;
  }

  /// As `put` moves time.
  template <class Out>
  void advance_to(std::int64_t now, Out&& out) {
    now_ = std::max(now_, now);
    while (!deadlines_.is_empty() && deadlines_.top().deadline_ns <= earlier_by(now_, options_.wait)) send_first(out);
  }

  [[nodiscard]] std::size_t size() const noexcept { return held_.size(); }
  /// Updates of keys for which there was no room.
  [[nodiscard]] std::uint64_t refusals() const noexcept { return refusals_; }

 private:
  struct held {
    Key key;
    Value value;
    std::int64_t time;
    std::uint64_t number;
    bool is_deletion;
  };

  [[nodiscard]] auto by_order() const noexcept {
    return [this](std::uint32_t a, std::uint32_t b) noexcept {
      if constexpr (std::is_same_v<Order, arrival_order>)
        return held_[a].number < held_[b].number;
      else
        return order_(held_[a].key, held_[b].key);
    };
  }

  bool hold(const Key& key, const Value* value, std::int64_t waits_from, std::int64_t time) noexcept {
    std::uint32_t* found = numbers_.find(key);
    if (found == nullptr) {
      if (!options_.sends_when_full && held_.size() == options_.records_max) {
        ++refusals_;
        return false;
      }
      found = numbers_.find_or_insert(key).value;
      *found = held_.try_allocate();
      held_[*found].key = key;
      held_[*found].number = arrivals_++;
      deadlines_.push({waits_from, *found}, by_order());
    }
    held& of = held_[*found];
    of.is_deletion = value == nullptr;
    if (value != nullptr) of.value = *value;
    of.time = time;
    return true;
  }

  template <class Out>
  void send_first(Out& out) {
    const std::uint32_t handle = deadlines_.top().handle;
    deadlines_.pop(by_order());
    const held& first = held_[handle];
    if (!first.is_deletion)
      out(first.key, &first.value, first.time);
    else if (!options_.drops_deletions)
      out(first.key, static_cast<const Value*>(nullptr), first.time);
    numbers_.erase(first.key);
    held_.release(handle);
  }

  suppression_options options_;
  std::int64_t now_ = std::numeric_limits<std::int64_t>::min();
  std::uint64_t arrivals_ = 0;
  std::uint64_t refusals_ = 0;
  [[no_unique_address]] Order order_;
  growing_table<Key, std::uint32_t> numbers_;
  slab_pool<held> held_;
  detail::deadline_heap deadlines_;
};

}  // namespace millrace::window
