#pragma once

#include <millrace/cep/condition_memo.hpp>
#include <millrace/cep/matcher_state.hpp>
#include <millrace/pool/reservation.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

namespace millrace::cep {

/// Which partitions a matcher has been told of: a bit each, in memory that becomes resident with use.
/// Threads: one owner. Allocation: in the constructor.
class partition_set {
 public:
  explicit partition_set(std::uint32_t partitions)
      : words_(reservation::for_items(partitions / 64 + 1, sizeof(std::uint64_t), alignof(std::uint64_t),
                                      memory_content::zero)) {}

  void add(partition_id id) noexcept { word(id) |= std::uint64_t{1} << (id % 64); }
  [[nodiscard]] bool has(partition_id id) const noexcept { return (word(id) >> (id % 64) & 1) != 0; }
  /// None of the 64 from `id` on, which is a multiple of 64.
  [[nodiscard]] bool has_none_of_64(partition_id id) const noexcept { return word(id) == 0; }

 private:
  [[nodiscard]] std::uint64_t& word(partition_id id) const noexcept {
    return *(reinterpret_cast<std::uint64_t*>(words_.data()) + id / 64);
  }
  reservation words_;
};

/// A matcher that may come among keys that have state already, and may go before they do. Engines talk to matchers
/// through it.
///
/// A partition that was opened before the matcher came is opened in it by the first event that comes to it, so that
/// joining costs nothing a key; one that goes gives back what it holds a few partial matches at a time.
///
/// Threads: one owner. Allocation: in the constructor, and the matcher's own.
template <class Matcher>
class running_matcher {
 public:
  /// `joins`: some partitions are open already. The rest makes the matcher.
  template <class... Args>
  running_matcher(bool joins, std::uint32_t partitions, Args&&... args) : matcher_(std::forward<Args>(args)...) {
    if (joins) opened_.emplace(partitions);
    if (joins) reach_ = partitions;
  }

  void open(partition_id id) noexcept {
    if (opened_)
      opened_->add(id);
    else
      reach_ = std::max(reach_, id + 1);
    matcher_.open(id);
  }
  void close(partition_id id) noexcept {
    if (is_open(id)) matcher_.close(id);
  }
  [[nodiscard]] bool idle(partition_id id) noexcept { return !is_open(id) || matcher_.idle(id); }

  [[nodiscard]] bool has_only_expired(partition_id id, std::int64_t now_ns) noexcept {
    return is_open(id) && matcher_.has_only_expired(id, now_ns);
  }

  /// See `matcher_state`, and so the following.
  [[nodiscard]] partition_id next_idle() noexcept { return matcher_.next_idle(); }
  void drop_key(partition_id id, std::int64_t now_ns, releases& out) {
    if (is_open(id)) matcher_.drop_key(id, now_ns, out);
  }
  void refuse_key(releases& out) { matcher_.refuse_key(out); }
  void watch(partition_id id, run_watcher& watcher) noexcept {
    if (!is_open(id)) open(id);
    matcher_.watch(id, watcher);
  }

  [[nodiscard]] std::size_t due_by(std::int64_t until_ns, std::span<partition_id> into) const noexcept {
    return matcher_.due_by(until_ns, into);
  }
  [[nodiscard]] bool may_end(std::uint64_t possible) const noexcept { return matcher_.may_end(possible); }
  void prefetch(partition_id id) const noexcept { matcher_.prefetch(id); }
  void prefetch_matches(partition_id id, bool events) noexcept {
    if (is_open(id)) matcher_.prefetch_matches(id, events);
  }
  void prefetch_due(partition_id id) noexcept {
    if (is_open(id)) matcher_.prefetch_due(id);
  }

  [[nodiscard]] auto outline() noexcept { return matcher_.outline(); }

  void begin_event() noexcept { matcher_.begin_event(); }
  /// The same where so much is known of the event, and so below.
  void begin_event(const condition_bits& known) noexcept { matcher_.begin_event(known); }
  [[nodiscard]] bool may_start(const event_header& event) noexcept { return matcher_.may_start(event); }

  void process(partition_id id, const event_header& event, releases& out) {
    if (!is_open(id)) [[unlikely]]
      open(id);
    matcher_.process(id, event, out);
  }

  /// `begin_event` and `process`.
  void begin_and_process(partition_id id, const event_header& event, releases& out) {
    if (!is_open(id)) [[unlikely]]
      open(id);
    matcher_.begin_and_process(id, event, out);
  }
  void begin_and_process(partition_id id, const event_header& event, const condition_bits& known, releases& out) {
    if (!is_open(id)) [[unlikely]]
      open(id);
    matcher_.begin_and_process(id, event, known, out);
  }

  void advance(std::int64_t now_ns, releases& out) { matcher_.advance(now_ns, out); }
  void advance_partition(partition_id id, std::int64_t now_ns, releases& out) {
    if (is_open(id)) matcher_.advance_partition(id, now_ns, out);
  }
  [[nodiscard]] std::optional<std::int64_t> next_deadline() const noexcept { return matcher_.next_deadline(); }
  [[nodiscard]] std::int64_t next_move_ns() const noexcept { return matcher_.next_move_ns(); }

  /// Gives back what the matcher holds, without handing it out: at most about `steps` partial matches or keys a call.
  /// True: nothing is left. Requires: no event has come since the first call.
  [[nodiscard]] bool give_back(std::uint32_t steps) noexcept {
    while (steps != 0 && given_back_ < reach_) {
      if (opened_ && given_back_ % 64 == 0 && opened_->has_none_of_64(given_back_)) {
        given_back_ += 64;
        --steps;
        continue;
      }
      const std::uint32_t count = is_open(given_back_) ? matcher_.discard(given_back_, steps) : 0;
      if (count >= steps) return false;
      ++given_back_;
      steps -= count + 1;
    }
    return given_back_ >= reach_;
  }

  [[nodiscard]] auto state_parts() const { return matcher_.state_parts(); }

  [[nodiscard]] const automaton& compiled() const noexcept { return matcher_.compiled(); }
  [[nodiscard]] const matcher_counters& counters() const noexcept { return matcher_.counters(); }

  [[nodiscard]] std::uint64_t start_sequence(const release& r) noexcept { return matcher_.start_sequence(r); }
  /// Calls `f(expr::history)` for every match of a release, in order, and gives back what they held.
  template <class F>
  void hand_out(const release& r, F&& f) {
    matcher_.hand_out(r, f);
  }
  template <class F>
  void hand_out_counted(const release& r, F&& f) {
    matcher_.hand_out_counted(r, f);
  }

 private:
  [[nodiscard]] bool is_open(partition_id id) const noexcept { return !opened_ || opened_->has(id); }

  std::optional<partition_set> opened_;  // none: the matcher was there before its partitions; each event asks
  partition_id reach_ = 0;               // beyond every partition that was ever open
  partition_id given_back_ = 0;
  Matcher matcher_;
};

}  // namespace millrace::cep
