#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/ring/model/chance.hpp"
#include "core/ring/model/fibre.hpp"
#include "core/ring/model/memory.hpp"

namespace millrace::model {

/// One run of a scenario's threads, taken in turns on one real thread: before each access to an atomic the seed
/// decides who goes on, and what a load returns. The first thing that is wrong ends the run.
///
/// Threads: one at a time; `current` is it.
class execution {
 public:
  static execution& current();

  execution();
  ~execution();
  execution(const execution&) = delete;
  execution& operator=(const execution&) = delete;

  /// Begins anew, with nobody but the thread that sets up.
  void reset(std::uint64_t seed, bool is_traced);

  /// Runs the threads to their ends; false when something was wrong.
  bool run(std::initializer_list<std::function<void()>> threads);

  /// Ends the run, for this reason. Returns only to the thread that sets up.
  void fail(std::string reason);
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

  /// A thread's poll found nothing: others go first.
  void rest();

  // What the atomics of the policy are made of. `name` is the ordering's, for the trace.
  memory::location make(std::uint64_t value) { return memory_.make(self_, value); }
  /// The location of a word in plain memory, made when it is first asked for; what the word holds then was there
  /// before the threads started.
  memory::location location_of(const void* word, std::uint64_t value);
  std::uint64_t load(memory::location at, std::memory_order order, const char* name);
  void store(memory::location at, std::uint64_t value, std::memory_order order, const char* name);
  /// Replaces the value by `change` of it and returns the old one.
  std::uint64_t change(memory::location at, const std::function<std::uint64_t(std::uint64_t)>& change,
                       std::memory_order order, const char* name);
  /// Weak: fails for no reason at times.
  bool compare_exchange(memory::location at, std::uint64_t& expected, std::uint64_t desired, std::memory_order order,
                        std::memory_order order_failed, const char* name);
  void fence(std::memory_order order, const char* name);
  void read_plain(const void* word);
  void write_plain(const void* word);

  /// Sleeps while the location holds `value`, or until its time is over when it `may_end`; false: it was.
  bool sleep(memory::location at, std::uint64_t value, bool may_end);
  void wake_one(memory::location at);

  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }
  [[nodiscard]] const std::string& trace() const noexcept { return trace_; }

 private:
  enum class state : std::uint8_t { ready, asleep, asleep_for_a_time, ended };
  struct thread {
    fibre stack;
    std::function<void()> body;
    state now = state::ended;
    memory::location asleep_at = 0;
    bool is_out_of_time = false;
  };

  static void enter_thread(void* self);
  void step();
  void go_on(std::size_t next);
  void hand_over(bool others_first);
  [[nodiscard]] bool can_go_on(std::size_t index) const;
  void note(std::string_view what);

  memory memory_;
  std::vector<std::pair<const void*, memory::location>> words_;
  chance random_{0};
  std::array<thread, threads_max> threads_;
  std::size_t thread_count_ = 1;
  std::size_t self_ = 0;
  std::size_t switch_one_of_ = 2;
  std::uint64_t steps_ = 0;
  bool is_traced_ = false;
  std::string failure_;
  std::string trace_;
};

/// Ends the run when a thread saw what must not be.
inline void expect(bool is_so, std::string_view what) {
  if (!is_so) execution::current().fail(std::string(what));
}

/// What a polling loop does when it found nothing.
inline void rest() { execution::current().rest(); }

}  // namespace millrace::model
