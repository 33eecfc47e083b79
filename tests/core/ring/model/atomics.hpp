#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <millrace/ring/std_atomics.hpp>

#include "core/ring/model/execution.hpp"
#include "core/ring/model/site.hpp"

namespace millrace::model {

/// An atomic of the current execution; so is whoever refers to its location.
template <std::unsigned_integral T>
class atomic {
 public:
  atomic(T value) : at_(execution::current().make(value)) {}
  atomic(const atomic&) = delete;
  atomic& operator=(const atomic&) = delete;

  [[nodiscard]] T load(ordering by) const { return static_cast<T>(execution::current().load(at_, by.order, by.name)); }
  void store(T value, ordering by) { execution::current().store(at_, value, by.order, by.name); }
  T fetch_or(T bits, ordering by) {
    return static_cast<T>(execution::current().change(
        at_, [bits](std::uint64_t old) { return old | bits; }, by.order, by.name));
  }
  T fetch_and(T bits, ordering by) {
    return static_cast<T>(execution::current().change(
        at_, [bits](std::uint64_t old) { return old & bits; }, by.order, by.name));
  }
  bool compare_exchange_weak(T& expected, T desired, ordering by, ordering by_failed) {
    std::uint64_t seen = expected;
    const bool is_done = execution::current().compare_exchange(at_, seen, desired, by.order, by_failed.order, by.name);
    expected = static_cast<T>(seen);
    return is_done;
  }

  [[nodiscard]] memory::location where() const noexcept { return at_; }

 private:
  memory::location at_;
};

/// A word in plain memory, used as an atomic of the current execution. The memory keeps the word's first value.
template <std::unsigned_integral T>
class atomic_ref {
 public:
  explicit atomic_ref(T& word) : at_(execution::current().location_of(&word, word)) {}

  [[nodiscard]] T load(ordering by) const { return static_cast<T>(execution::current().load(at_, by.order, by.name)); }
  void store(T value, ordering by) const { execution::current().store(at_, value, by.order, by.name); }

 private:
  memory::location at_;
};

/// In place of `std_atomics`: the structure called `Structure` runs in the current execution.
template <ordering_name Structure>
struct atomics {
  template <class T>
  using atomic = model::atomic<T>;
  template <class T>
  using atomic_ref = model::atomic_ref<T>;

  template <ordering_name Name>
  static inline listed_site<Structure> acquire{Name, std::memory_order_acquire, {std::memory_order_relaxed}};
  template <ordering_name Name>
  static inline listed_site<Structure> release{Name, std::memory_order_release, {std::memory_order_relaxed}};

  template <ordering_name Name>
  static inline listed_site<Structure> fence_site{
      Name, std::memory_order_seq_cst, {std::memory_order_acq_rel, std::memory_order_relaxed}};
  template <ordering_name Name>
  static void fence() {
    execution::current().fence(fence_site<Name>.order, fence_site<Name>.name.c_str());
  }

  static std::uint64_t read_word(const std::byte* from) {
    execution::current().read_plain(from);
    return std_atomics::read_word(from);
  }
  static void write_word(std::byte* to, std::uint64_t value) {
    execution::current().write_plain(to);
    std_atomics::write_word(to, value);
  }

  struct deadline {};
  static deadline deadline_after(std::chrono::nanoseconds) { return {}; }
  static void wait(const atomic<std::uint32_t>& word, std::uint32_t value) {
    execution::current().sleep(word.where(), value, false);
  }
  static bool wait_until(const atomic<std::uint32_t>& word, std::uint32_t value, deadline) {
    return execution::current().sleep(word.where(), value, true);
  }
  static void wake_one(const atomic<std::uint32_t>& word) { execution::current().wake_one(word.where()); }
};

}  // namespace millrace::model
