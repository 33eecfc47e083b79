#pragma once

#include <millrace/event/event.hpp>
#include <millrace/expr/program.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <new>
#include <span>
#include <string>
#include <string_view>

namespace millrace::cep {

/// The data of a typed event. Requires: the header is the first part of an `event<T>`.
template <event_data T>
[[nodiscard]] const T& data_as(const event_header& header) noexcept {
  return *std::launder(reinterpret_cast<const T*>(data_of(header)));
}

/// The events that a match has under one stage, in the order of taking: a forward range of `const T&`.
///
/// Threads: as its owner. Allocation: none. Complexity: a step passes over the events of other stages.
template <event_data T>
class stage_events {
 public:
  class iterator {
   public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::forward_iterator_tag;
    using reference = const T&;
    using pointer = const T*;

    iterator() = default;
    iterator(expr::history left, std::uint16_t stage) noexcept : left_(left), stage_(stage) { pass(); }

    reference operator*() const noexcept { return data_as<T>(*left_.front().event); }
    pointer operator->() const noexcept { return &**this; }
    iterator& operator++() noexcept {
      left_ = left_.subspan(1);
      pass();
      return *this;
    }
    iterator operator++(int) noexcept {
      const iterator before = *this;
      ++*this;
      return before;
    }
    // Of one range, what is left tells the place.
    friend bool operator==(const iterator& a, const iterator& b) noexcept { return a.left_.size() == b.left_.size(); }

   private:
    void pass() noexcept {
      while (!left_.empty() && left_.front().stage != stage_) left_ = left_.subspan(1);
    }

    expr::history left_;
    std::uint16_t stage_ = 0;
  };

  stage_events(expr::history all, std::uint16_t stage) noexcept : all_(all), stage_(stage) {}

  [[nodiscard]] iterator begin() const noexcept { return {all_, stage_}; }
  [[nodiscard]] iterator end() const noexcept { return {all_.last(0), stage_}; }
  [[nodiscard]] bool empty() const noexcept { return begin() == end(); }

 private:
  expr::history all_;
  std::uint16_t stage_;
};

/// What a partial match has taken so far, as an iterative condition reads it; the event in hand is not in it.
/// A stage that has taken nothing, comes later or does not exist has no events.
///
/// Threads: one owner, during the call. Allocation: none. Complexity: linear in the events taken.
template <event_data T>
class taken {
 public:
  taken(expr::history all, std::span<const std::string> stage_names) noexcept : all_(all), names_(stage_names) {}

  [[nodiscard]] std::size_t count(std::string_view stage) const noexcept {
    const std::uint16_t id = id_of(stage);
    std::size_t found = 0;
    for (const expr::taken_event& each : all_) found += each.stage == id ? 1 : 0;
    return found;
  }

  /// Its first event; null where it has none.
  [[nodiscard]] const T* first(std::string_view stage) const noexcept {
    const std::uint16_t id = id_of(stage);
    for (const expr::taken_event& each : all_)
      if (each.stage == id) return &data_as<T>(*each.event);
    return nullptr;
  }

  /// Its last event; null where it has none.
  [[nodiscard]] const T* last(std::string_view stage) const noexcept {
    const std::uint16_t id = id_of(stage);
    for (std::size_t i = all_.size(); i > 0; --i)
      if (all_[i - 1].stage == id) return &data_as<T>(*all_[i - 1].event);
    return nullptr;
  }

  [[nodiscard]] stage_events<T> events(std::string_view stage) const noexcept { return {all_, id_of(stage)}; }

 private:
  static constexpr std::uint16_t unknown = 0xFFFF;

  [[nodiscard]] std::uint16_t id_of(std::string_view stage) const noexcept {
    for (std::size_t i = 0; i < names_.size(); ++i)
      if (names_[i] == stage) return static_cast<std::uint16_t>(i);
    return unknown;
  }

  expr::history all_;
  std::span<const std::string> names_;
};

}  // namespace millrace::cep
