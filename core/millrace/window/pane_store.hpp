#pragma once

#include <millrace/table/growing_table.hpp>
#include <millrace/window/key_panes.hpp>
#include <millrace/window/saturating_time.hpp>
#include <millrace/window/state_places.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <utility>

namespace millrace::window::detail {

/// The keys that have panes, their panes, and the states of these. A key without panes is forgotten.
///
/// Threads: one owner. Allocation: in the constructor only. A record holds until the next `find_or_begin`, or until its
/// key is forgotten.
template <bytewise_key Key, aggregator A>
class pane_store {
  using places = state_places<A>;

 public:
  using panes_type = key_panes<typename places::place>;
  using pane_type = typename panes_type::pane_type;
  using input_type = typename A::input_type;

  struct record {
    std::int64_t due_start;  // of the window that goes out next, where windows share panes
    panes_type panes;
  };
  struct found_pane {
    record* of;       // null: no room
    pane_type* pane;  // null: no room
    bool is_new;
    bool is_new_key;
  };

  /// `usual`: panes that a key has, as a rule.
  pane_store(A of, std::uint32_t keys, std::uint32_t panes, std::int64_t usual)
      : table_(keys), panes_(panes, keys, panes_each_for(usual)), places_(std::move(of), later_states(keys, panes)) {}

  [[nodiscard]] record* find(const Key& key) noexcept { return table_.find(key); }
  [[nodiscard]] pane_type* find_pane(record& of, std::int64_t start) noexcept { return of.panes.find(panes_, start); }
  void prefetch(const Key& key) const noexcept { table_.prefetch(key); }
  /// Starts to load all that belongs to these keys, where that may not be near.
  void prefetch_all(std::span<const Key> keys) noexcept {
    if (table_.size() < keys_near) return;
    std::array<record*, 16> found;
    for (std::size_t first = 0; first < keys.size(); first += found.size()) {
      const auto some = keys.subspan(first, std::min(found.size(), keys.size() - first));
      table_.find_all(some, found);
      for (std::size_t i = 0; i < some.size(); ++i)
        if (found[i] != nullptr) found[i]->panes.prefetch(panes_);
    }
  }

  /// The pane of the key that begins there, made where there is none.
  [[nodiscard]] [[gnu::always_inline]] found_pane find_or_begin(const Key& key, std::int64_t start) noexcept {
    record* const known = table_.find(key);
    if (known != nullptr && known->panes.newest().start == start) [[likely]]
      return {known, &known->panes.newest(), false, false};
    return begin(key, known, start);
  }

  [[gnu::always_inline]] void fold(pane_type& into, const input_type& input, std::int64_t time,
                                   std::uint64_t sequence) noexcept {
    into.time = std::max(into.time, time);
    into.first_sequence = std::min(into.first_sequence, sequence);
    places_.of().add(places_.bytes(into.state), input, time, sequence);
  }

  /// Ends the pane; forgets the key with its last one, and returns false then.
  bool drop(const Key& key, record& of, pane_type& gone) noexcept {
    places_.end(gone.state);
    if (of.panes.remove(panes_, gone.start)) return true;
    table_.erase(key);
    return false;
  }

  [[nodiscard]] pane_type& oldest(record& of) noexcept { return of.panes.oldest(panes_); }

  /// Puts the panes within [start, start + size) together and calls `f(time, first sequence, state)`. Requires: there
  /// is one. Complexity: linear in these panes and in older ones; those behind the window are not walked.
  template <class F>
  void combine(record& of, std::int64_t start, std::int64_t size, F&& f) {
    const pane_type* first = nullptr;
    bool is_merged = false;
    std::int64_t time = 0;
    std::uint64_t first_sequence = 0;
    const std::int64_t end = later_by(start, size);
    of.panes.for_each_while(panes_, [&](pane_type& each) {
      if (each.start >= end) return false;
      if (each.start < start) return true;
      if (first == nullptr) {
        first = &each;
        time = each.time;
        first_sequence = each.first_sequence;
        return true;
      }
      if (!std::exchange(is_merged, true)) copy_state(places_.of(), places_.scratch(), places_.bytes(first->state));
      places_.of().merge(places_.scratch(), places_.bytes(each.state));
      time = std::max(time, each.time);
      first_sequence = std::min(first_sequence, each.first_sequence);
      return true;
    });
    f(time, first_sequence, is_merged ? places_.scratch() : places_.bytes(first->state));
    if (is_merged) places_.of().end(places_.scratch());
  }

  template <class F>
  void for_each(record& of, F&& f) {
    of.panes.for_each_while(panes_, [&](pane_type& each) {
      f(each);
      return true;
    });
  }

  /// Calls `f(key, record)` for each key; it must not add or drop panes.
  template <class F>
  void for_each_key(F&& f) {
    table_.for_each(f);
  }

  [[nodiscard]] places& states() noexcept { return places_; }
  [[nodiscard]] const places& states() const noexcept { return places_; }
  [[nodiscard]] std::size_t keys() const noexcept { return table_.size(); }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept {
    return table_.reserved_bytes() + panes_.reserved_bytes() + places_.reserved_bytes();
  }

 private:
  /// So few keys stay in a second cache, where to look ahead costs more than it saves.
  static constexpr std::size_t keys_near = 4'096;

  static std::uint32_t later_states(std::uint32_t keys, std::uint32_t panes) noexcept {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(std::uint64_t{keys} + panes, null_handle - 1));
  }

  [[gnu::noinline]] found_pane begin(const Key& key, record* of, std::int64_t start) noexcept {
    const bool is_new_key = of == nullptr;
    if (is_new_key) {
      of = table_.find_or_insert(key).value;
      if (of == nullptr) return {nullptr, nullptr, false, false};
    } else {
      if (pane_type* const there = of->panes.find(panes_, start)) return {of, there, false, false};
    }
    typename places::place state;
    if (!places_.try_begin(state)) return refuse(key, is_new_key);
    pane_type* const made = is_new_key ? &of->panes.begin(start) : of->panes.try_insert(panes_, start);
    if (made == nullptr) {
      places_.end(state);
      return refuse(key, is_new_key);
    }
    made->state = state;
    return {of, made, true, is_new_key};
  }

  found_pane refuse(const Key& key, bool is_new_key) noexcept {
    if (is_new_key) table_.erase(key);
    return {nullptr, nullptr, false, false};
  }

  growing_table<Key, record> table_;
  pane_blocks<typename places::place> panes_;
  places places_;
};

}  // namespace millrace::window::detail
