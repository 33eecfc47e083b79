#pragma once

#include <millrace/cep/matcher.hpp>
#include <millrace/cep/shift_matcher.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace millrace::cep {

/// Runs an automaton that begins with a `shift_prefix`: as long as partial matches are in that, they are the bits of a
/// word, and become runs behind it. The answers are those of `matcher`.
///
/// As the partial matches of a prefix reach its end in the order in which they began, those in it have begun after all
/// runs of their key: no match waits for one of them, and runs come in order.
///
/// Threads: one owner. Complexity: an event costs O(1) amortised for the prefix, a partial match that leaves it the
/// prefix's length; for the rest see `matcher`. Allocation: as `matcher`. Errors: bounds hold for both together, where
/// those in the prefix count as a `shift_matcher` counts them.
template <condition_set Conditions>
class prefixed_matcher {
 public:
  prefixed_matcher(std::shared_ptr<const automaton> compiled, shift_prefix prefix, Conditions conditions,
                   std::uint16_t rule, const matcher_limits& limits, held_events& events)
      : limits_(limits),
        behind_(prefix.behind),
        front_(compiled, std::move(prefix.links), conditions, rule, limits, events),
        back_(std::move(compiled), std::move(conditions), rule, limits, events) {
    back_.set_prefix(front_);
  }
  prefixed_matcher(const prefixed_matcher&) = delete;
  prefixed_matcher& operator=(const prefixed_matcher&) = delete;

  void open(partition_id id) noexcept {
    front_.open(id);
    back_.open(id);
  }
  [[nodiscard]] bool idle(partition_id id) noexcept { return front_.idle(id) && back_.idle(id); }
  void close(partition_id id) noexcept {
    front_.close(id);
    back_.close(id);
  }
  [[nodiscard]] partition_id next_idle() noexcept {
    const partition_id id = front_.next_idle();
    return id != null_handle ? id : back_.next_idle();
  }
  [[nodiscard]] bool has_only_expired(partition_id id, std::int64_t now_ns) noexcept {
    if (!back_.idle(id) && !back_.has_only_expired(id, now_ns)) return false;
    return front_.idle(id) || front_.has_only_expired(id, now_ns);
  }
  std::uint32_t discard(partition_id id, std::uint32_t count_max) noexcept {
    const std::uint32_t count = front_.discard(id, count_max);
    return count + (count < count_max ? back_.discard(id, count_max - count) : 0);
  }
  void drop_key(partition_id id, std::int64_t now_ns, releases& out) {
    front_.drop_key(id, now_ns, out);
    back_.drop_key(id, now_ns, out);
  }
  void refuse_key(releases& out) { back_.refuse_key(out); }
  /// Those of beginnings only.
  [[nodiscard]] std::size_t due_by(std::int64_t until_ns, std::span<partition_id> into) const noexcept {
    return front_.due_by(until_ns, into);
  }
  void prefetch(partition_id id) const noexcept {
    front_.prefetch(id);
    back_.prefetch(id);
  }
  void prefetch_matches(partition_id id, bool events) noexcept {
    front_.prefetch_matches(id, events);
    back_.prefetch_matches(id, events);
  }
  void prefetch_due(partition_id id) noexcept {
    front_.prefetch_due(id);
    back_.prefetch_matches(id, true);
  }

  void begin_event() noexcept { front_.begin_event(); }
  [[gnu::always_inline]] void begin_event(const condition_bits& known) noexcept { front_.begin_event(known); }
  [[nodiscard]] bool may_start(const event_header& event) noexcept { return front_.may_start(event); }

  void process(partition_id id, const event_header& event, releases& out) {
    const run_store& runs = back_.store();
    front_.set_bounds(limits_.runs - runs.run_count(), limits_.steps - runs.step_count());
    front_.process(id, event, whole_);
    back_.store().set_bounds(limits_.runs - front_.run_count(), limits_.steps - front_.step_count());
    // At most one: no other has taken as many events.
    const typename matcher<Conditions>::begun* begins = nullptr;
    whole_.drain([&](const release& r) {
      begun_ = {front_.held_by(r), front_.links().stages, behind_};
      begins = &begun_;
    });
    back_.process_behind(id, event, front_.known(), begins, out);
  }
  void advance(std::int64_t now_ns, releases& out) {
    front_.advance(now_ns, out);
    back_.advance(now_ns, out);
  }
  void advance_partition(partition_id id, std::int64_t now_ns, releases& out) {
    front_.advance_partition(id, now_ns, out);
    back_.advance_partition(id, now_ns, out);
  }
  [[nodiscard]] std::optional<std::int64_t> next_deadline() const noexcept {
    const auto a = front_.next_deadline();
    const auto b = back_.next_deadline();
    return a && b ? std::min(*a, *b) : a ? a : b;
  }
  [[nodiscard]] std::int64_t next_move_ns() const noexcept {
    return std::min(front_.next_move_ns(), back_.next_move_ns());
  }

  [[nodiscard]] std::uint64_t start_sequence(const release& r) noexcept { return back_.start_sequence(r); }
  template <class F>
  void hand_out(const release& r, F&& f) {
    back_.hand_out(r, f);
  }
  template <class F>
  void hand_out_counted(const release& r, F&& f) {
    back_.hand_out_counted(r, f);
  }

  [[nodiscard]] std::vector<state_part> state_parts() const {
    std::vector<state_part> made;
    for (const state_part& each : back_.state_parts()) made.push_back(each);
    for (state_part each : front_.state_parts()) {
      each.what = "keys, of the beginning";
      made.push_back(each);
    }
    return made;
  }
  [[nodiscard]] const automaton& compiled() const noexcept { return back_.compiled(); }
  /// Of both parts. Threads: the owner, as a sum is made.
  [[nodiscard]] const matcher_counters& counters() const noexcept {
    counters_ = back_.counters();
    counters_ += front_.counters();
    return counters_;
  }

 private:
  matcher_limits limits_;
  node_id behind_;
  shift_matcher<Conditions> front_;
  matcher<Conditions> back_;
  releases whole_{1};  // the partial match that leaves the prefix by the event in hand
  typename matcher<Conditions>::begun begun_{};
  mutable matcher_counters counters_;  // of both
};

}  // namespace millrace::cep
