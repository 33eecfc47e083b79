#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <millrace/base/error.hpp>
#include <millrace/pool/slab_pool.hpp>
#include <millrace/stream/table_change.hpp>
#include <millrace/table/growing_table.hpp>
#include <millrace/time/timer_wheel.hpp>

namespace millrace::stream {

/// A table that knows what its rows were at any time of late, as a versioned store of Kafka Streams does. A key's
/// versions are in the order of their times, whatever the order in which they came; deletions are versions too.
///
/// Time is the latest of all updates. What stood before `time - history` is forgotten, and an update older than that is
/// late. A key's last version stays, unless it is a deletion.
///
/// Threads: one owner. Allocation: in the constructor. Complexity: O(1) expected for the latest version; for an older
/// one, linear in the versions of its key that are later; amortised, as one update may forget many. Memory:
/// `versions_max` versions of all keys; see `reserved_bytes`. Errors: the constructor throws `millrace::error` when the
/// memory is refused or the history is negative.
template <class Key, class Value>
class versioned_table {
 public:
  using key_type = Key;
  using value_type = Value;

  versioned_table(std::uint32_t versions_max, std::int64_t history_ns)
      : versions_(versions_max), keys_(versions_max), timers_(versions_max), history_ns_(history_ns) {
    if (history_ns < 0) throw error("a versioned table's history is negative");
  }

  /// Hands the change, a `table_change`, to `on_change`. For an update that is not the latest, `before` is the row's
  /// latest value all the same.
  template <class OnChange>
  void put(const record<Key, Value>& from, OnChange&& on_change) {
    if (!from.key) {
      ++counters_.null_key;
      return;
    }
    if (from.time_ns < oldest_ns()) {
      ++counters_.late;
      return;
    }
    const dated<Value>* const old = latest(*from.key);
    const auto before = old == nullptr ? std::nullopt : std::optional<Value>(old->value);
    advance(from.time_ns);
    const std::uint32_t made = insert(*from.key, from.value, from.time_ns);
    if (made == null_handle) {
      ++counters_.full;
      return;
    }
    const bool is_latest = versions_[made].newer == null_handle;
    on_change(table_change<Key, Value>{*from.key, before, from.value, from.time_ns, is_latest});
  }
  void put(const record<Key, Value>& from) {
    put(from, [](const auto&) {});
  }

  /// The key's last value and its time; null when it has none. Holds until the next `put`.
  [[nodiscard]] const dated<Value>* latest(const Key& key) const noexcept {
    const std::uint32_t newest = newest_of(key);
    return newest == null_handle ? nullptr : value_of(newest);
  }

  /// What the key's value was at `time_ns`, and since when; null when it had none, or that is forgotten.
  [[nodiscard]] const dated<Value>* as_of(const Key& key, std::int64_t time_ns) const noexcept {
    std::uint32_t at = newest_of(key);
    if (at == null_handle) return nullptr;
    if (versions_[at].row.time_ns > time_ns && time_ns < oldest_ns()) return nullptr;
    while (at != null_handle && versions_[at].row.time_ns > time_ns) at = versions_[at].older;
    return at == null_handle ? nullptr : value_of(at);
  }

  [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }
  [[nodiscard]] std::uint32_t version_count() const noexcept { return versions_.size(); }
  [[nodiscard]] const table_counters& counters() const noexcept { return counters_; }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept {
    return versions_.reserved_bytes() + keys_.reserved_bytes() + timers_.reserved_bytes();
  }

 private:
  struct version {
    dated<Value> row;
    std::uint32_t older;
    std::uint32_t newer;
    std::uint32_t timer;  // for when nothing can ask for it any more; null where that is not foreseen
    bool is_deletion;
    Key key;
  };
  struct newest_version {
    std::uint32_t handle = null_handle;
  };

  /// What was before is forgotten.
  [[nodiscard]] std::int64_t oldest_ns() const noexcept {
    return now_ns_ == std::numeric_limits<std::int64_t>::min() ? now_ns_ : earlier_by(now_ns_, history_ns_);
  }

  [[nodiscard]] std::uint32_t newest_of(const Key& key) const noexcept {
    const newest_version* const found = keys_.find(key);
    return found == nullptr ? null_handle : found->handle;
  }
  [[nodiscard]] const dated<Value>* value_of(std::uint32_t handle) const noexcept {
    return versions_[handle].is_deletion ? nullptr : &versions_[handle].row;
  }

  /// The version that the update became; null when there is no room.
  std::uint32_t insert(const Key& key, const std::optional<Value>& value, std::int64_t time_ns) noexcept {
    std::uint32_t newer = null_handle;
    std::uint32_t older = newest_of(key);
    while (older != null_handle && versions_[older].row.time_ns > time_ns) {
      newer = older;
      older = versions_[older].older;
    }
    if (older != null_handle && versions_[older].row.time_ns == time_ns) {
      write(older, value, time_ns);
      return older;
    }
    const std::uint32_t made = versions_.try_allocate();
    if (made == null_handle) return null_handle;
    versions_[made] = {{}, older, newer, null_handle, false, key};
    write(made, value, time_ns);
    if (newer == null_handle)
      keys_.find_or_insert(key).value->handle = made;  // there are never more keys than versions
    else
      versions_[newer].older = made;
    if (older != null_handle) {
      versions_[older].newer = made;
      foresee_end(older);
    }
    return made;
  }

  void write(std::uint32_t handle, const std::optional<Value>& value, std::int64_t time_ns) noexcept {
    version& of = versions_[handle];
    of.row = {value.value_or(Value{}), time_ns};
    of.is_deletion = !value;
    foresee_end(handle);
  }

  /// A version is asked for until the one behind it, a deletion until its own time, is older than the history.
  void foresee_end(std::uint32_t handle) noexcept {
    version& of = versions_[handle];
    if (of.timer != null_handle) timers_.cancel(of.timer);
    of.timer = null_handle;
    if (of.newer != null_handle)
      of.timer = timers_.schedule(later_by(versions_[of.newer].row.time_ns, history_ns_), handle);
    else if (of.is_deletion)
      of.timer = timers_.schedule(later_by(of.row.time_ns, history_ns_), handle);
  }

  void advance(std::int64_t time_ns) {
    if (time_ns <= now_ns_) return;
    now_ns_ = time_ns;
    timers_.advance(now_ns_, [&](std::uint32_t handle, std::int64_t) { forget(handle); });
  }

  void forget(std::uint32_t handle) noexcept {
    const version gone = versions_[handle];
    if (gone.older != null_handle) versions_[gone.older].newer = gone.newer;
    if (gone.newer != null_handle)
      versions_[gone.newer].older = gone.older;
    else if (gone.older == null_handle)
      keys_.erase(gone.key);
    else
      keys_.find(gone.key)->handle = gone.older;
    versions_.release(handle);
  }

  slab_pool<version> versions_;
  growing_table<Key, newest_version> keys_;
  timer_wheel timers_;
  std::int64_t history_ns_;
  std::int64_t now_ns_ = std::numeric_limits<std::int64_t>::min();
  table_counters counters_;
};

}  // namespace millrace::stream
