#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/ring/model/chance.hpp"
#include "core/ring/model/knowledge.hpp"

namespace millrace::model {

/// The memory of one execution, as C++20 allows it to be seen: each atomic location keeps all of its stores, and a
/// load may return any of them that nothing which the thread knows has overwritten. Plain accesses that no
/// happens-before orders are races.
///
/// Exact for what the rings use: loads, stores and read-modify-writes up to acquire and release, release sequences,
/// and fences of all orders. Left out: a load never returns a store of the future (load buffering), stores by
/// several threads to one location take effect in the order in which they run, and only fences are sequentially
/// consistent.
class memory {
 public:
  using thread = std::size_t;
  using location = std::size_t;

  /// Forgets everything.
  void clear();
  /// `started` begins with what `by` knows; at its end `by` learns what it knew.
  void start(thread by, thread started) { known_[started] = known_[by]; }
  void end(thread by, thread ended) { known_[by].join(known_[ended]); }

  [[nodiscard]] location make(thread by, std::uint64_t value);

  std::uint64_t load(thread by, location at, std::memory_order order, chance& random);
  void store(thread by, location at, std::uint64_t value, std::memory_order order);
  /// The last store's value: what a read-modify-write changes, and the kernel compares.
  [[nodiscard]] std::uint64_t last(location at) const { return histories_[at].back().value; }
  /// Replaces the last store's value.
  void exchange(thread by, location at, std::uint64_t value, std::memory_order order);
  void fence(thread by, std::memory_order order);

  /// What it races with; empty: with nothing.
  [[nodiscard]] std::string read_plain(thread by, const void* word);
  [[nodiscard]] std::string write_plain(thread by, const void* word);

  /// How likely a load that may return an old value does, in 8 parts.
  std::size_t old_values = 4;

 private:
  struct stored {
    std::uint64_t value;
    knowledge carried;
  };
  struct plain_word {
    const void* word;
    thread writer;
    std::uint32_t written;
    std::array<std::uint32_t, threads_max> read;
  };

  void tick(thread by) { ++known_[by].clock[by]; }
  void learn(thread by, const stored& from, std::memory_order order);
  [[nodiscard]] const knowledge& handed_on(thread by, std::memory_order order) const;
  plain_word& plain(const void* word);
  [[nodiscard]] bool is_known(thread by, thread other, std::uint32_t step) const {
    return known_[by].clock[other] >= step;
  }

  std::vector<std::vector<stored>> histories_ = std::vector<std::vector<stored>>(locations_max);
  std::size_t locations_ = 0;
  std::vector<plain_word> plain_;
  std::array<knowledge, threads_max> known_;
  std::array<knowledge, threads_max> read_relaxed_;  // learned when an acquire fence follows
  std::array<knowledge, threads_max> released_;      // known at the last release fence
  knowledge fenced_;                                 // seen by the sequentially consistent fences so far
};

}  // namespace millrace::model
