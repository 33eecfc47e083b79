#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <millrace/base/error.hpp>
#include <millrace/stream/record.hpp>
#include <millrace/stream/timed_records.hpp>

namespace millrace::stream {

/// What a deduplicator does with a new id when it remembers as many as it may.
enum class dedup_when_full {
  drop,  ///< the record goes: no repeat passes, but a first one may be lost
  pass,  ///< the record passes and is not remembered: nothing is lost, but a repeat of it passes too
};

struct dedup_options {
  std::int64_t within_ns = 0;  ///< how far from one that passed a repeat may be: less than this, before or behind
  std::int64_t grace_ns = 0;   ///< how far out of order records may come
  std::uint32_t ids_max = 0;   ///< how many are remembered, as many as pass within `within + grace`
  dedup_when_full when_full = dedup_when_full::drop;
};

/// Records by what became of them: all but `passed` were dropped.
struct dedup_counters {
  std::uint64_t passed = 0;
  std::uint64_t repeated = 0;
  std::uint64_t late = 0;          ///< further out of order than the grace: a repeat could not be told
  std::uint64_t full = 0;          ///< new, and no room to remember the id
  std::uint64_t unremembered = 0;  ///< of those that passed: no room to remember the id

  friend bool operator==(const dedup_counters&, const dedup_counters&) = default;
};

/// Drops repeats: of records with one id whose times are less than `within` apart, the one that came first passes.
/// Exact: no hash stands for an id. Time is the latest that was seen; an id is forgotten when no record that is not
/// late can repeat it.
///
/// Threads: one owner. Allocation: in the constructor. Complexity: O(1) expected in time order; out of order, linear in
/// what passed later with the same id; amortised, as one record may let go of all ids. Memory: `ids_max` ids, some 140
/// bytes of address space each where an id has eight; `reserved_bytes` says exactly. Errors: the constructor throws
/// `millrace::error` when the memory is refused or a length is negative.
template <class Id>
class deduplicator {
 public:
  explicit deduplicator(const dedup_options& options)
      : seen_(options.ids_max),
        within_ns_(options.within_ns),
        grace_ns_(options.grace_ns),
        when_full_(options.when_full) {
    if (within_ns_ < 0 || grace_ns_ < 0) throw error("a deduplicator's time or grace is negative");
  }

  /// Whether the record with this id passes.
  [[nodiscard]] bool passes(const Id& id, std::int64_t time_ns) {
    advance(time_ns);
    if (time_ns < earlier_by(now_ns_, grace_ns_)) {
      ++counters_.late;
      return false;
    }
    if (is_repeat(id, time_ns)) {
      ++counters_.repeated;
      return false;
    }
    if (within_ns_ != 0 && seen_.try_add(id, {}, time_ns, time_ns) == null_handle) {
      if (when_full_ == dedup_when_full::drop) {
        ++counters_.full;
        return false;
      }
      ++counters_.unremembered;
    }
    ++counters_.passed;
    return true;
  }

  /// Hands the record on when it passes.
  template <class Key, class Value, class Out>
  void process(const record<Key, Value>& from, const Id& id, Out&& out) {
    if (passes(id, from.time_ns)) out(from);
  }

  /// Time is `time_ns`, as a clock or a watermark says while the stream is quiet: forgets what nothing can repeat, for
  /// a record that is not late is at `now - grace` or later, and repeats what is younger than that less `within`.
  void advance(std::int64_t time_ns) {
    if (time_ns <= now_ns_) return;
    now_ns_ = time_ns;
    seen_.advance(earlier_by(earlier_by(now_ns_, grace_ns_), within_ns_), [](const auto&) {});
  }

  [[nodiscard]] const dedup_counters& counters() const noexcept { return counters_; }
  /// How many ids are remembered.
  [[nodiscard]] std::size_t remembered() const noexcept { return seen_.size(); }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept { return seen_.reserved_bytes(); }

 private:
  struct nothing {};

  [[nodiscard]] bool is_repeat(const Id& id, std::int64_t time_ns) noexcept {
    if (within_ns_ == 0) return false;
    const std::int64_t less_ns = within_ns_ - 1;
    return seen_.has_between(id, earlier_by(time_ns, less_ns), later_by(time_ns, less_ns));
  }

  detail::timed_records<Id, nothing> seen_;
  std::int64_t within_ns_;
  std::int64_t grace_ns_;
  dedup_when_full when_full_;
  std::int64_t now_ns_ = std::numeric_limits<std::int64_t>::min();
  dedup_counters counters_;
};

}  // namespace millrace::stream
