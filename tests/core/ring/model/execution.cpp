#include "core/ring/model/execution.hpp"

#include <fmt/format.h>

#include <millrace/base/check.hpp>

namespace millrace::model {

namespace {

// A run that takes more is a loop that nothing ends.
constexpr std::uint64_t steps_max = 20'000;

execution* the_current = nullptr;

const char* text_of(std::memory_order order) {
  switch (order) {
    case std::memory_order_relaxed: return "relaxed";
    case std::memory_order_acquire: return "acquire";
    case std::memory_order_release: return "release";
    case std::memory_order_acq_rel: return "acq_rel";
    default: return "seq_cst";
  }
}

}  // namespace

execution& execution::current() {
  MILLRACE_CHECK(the_current != nullptr, "the model's atomics live in an execution");
  return *the_current;
}

execution::execution() { the_current = this; }
execution::~execution() { the_current = nullptr; }

void execution::reset(std::uint64_t seed, bool is_traced) {
  memory_.clear();
  words_.clear();
  random_ = chance(seed);
  memory_.old_values = random_.below(8);
  switch_one_of_ = std::size_t{2} << random_.below(5);
  thread_count_ = 1;
  self_ = 0;
  steps_ = 0;
  is_traced_ = is_traced;
  failure_.clear();
  trace_.clear();
}

bool execution::run(std::initializer_list<std::function<void()>> bodies) {
  MILLRACE_CHECK(bodies.size() < threads_max, "too many threads in one scenario");
  for (const auto& body : bodies) {
    thread& added = threads_[thread_count_];
    added.body = body;
    added.now = state::ready;
    added.stack.start(enter_thread, this);
    memory_.start(0, thread_count_++);
  }
  go_on(1 + random_.below(bodies.size()));
  if (!failure_.empty()) return false;
  for (std::size_t i = 1; i < thread_count_; ++i) memory_.end(0, i);
  return true;
}

void execution::enter_thread(void* self) {
  auto& here = *static_cast<execution*>(self);
  here.threads_[here.self_].body();
  here.note("ends");
  here.threads_[here.self_].now = state::ended;
  here.hand_over(true);
}

void execution::fail(std::string reason) {
  if (!failure_.empty()) return;
  // Moved: what a thread that is never entered again still holds is lost.
  failure_ = std::move(reason);
  note(failure_);
  if (self_ != 0) go_on(0);
}

void execution::go_on(std::size_t next) {
  if (next == self_) return;
  fibre& from = threads_[self_].stack;
  self_ = next;
  threads_[next].stack.enter(from);
}

bool execution::can_go_on(std::size_t index) const {
  return threads_[index].now == state::ready || threads_[index].now == state::asleep_for_a_time;
}

void execution::hand_over(bool others_first) {
  std::array<std::size_t, threads_max> candidates{};
  std::size_t count = 0;
  bool all_ended = true;
  for (std::size_t i = 1; i < thread_count_; ++i) {
    all_ended &= threads_[i].now == state::ended;
    if (can_go_on(i) && !(others_first && i == self_)) candidates[count++] = i;
  }
  if (count == 0 && can_go_on(self_)) candidates[count++] = self_;
  if (all_ended) return go_on(0);
  if (count == 0) return fail("every thread sleeps: a wake-up was lost");
  const std::size_t next = candidates[random_.below(count)];
  if (threads_[next].now == state::asleep_for_a_time) {
    threads_[next].now = state::ready;
    threads_[next].is_out_of_time = true;
  }
  go_on(next);
}

void execution::step() {
  if (self_ == 0) return;
  if (++steps_ > steps_max) fail("no end: threads poll for what never comes");
  if (random_.happens(1, switch_one_of_)) hand_over(false);
}

void execution::rest() {
  if (++steps_ > steps_max) fail("no end: threads poll for what never comes");
  hand_over(true);
}

memory::location execution::location_of(const void* word, std::uint64_t value) {
  for (const auto& [known, at] : words_) {
    if (known == word) return at;
  }
  return words_.emplace_back(word, memory_.make(0, value)).second;
}

std::uint64_t execution::load(memory::location at, std::memory_order order, const char* name) {
  step();
  const std::uint64_t value = memory_.load(self_, at, order, random_);
  if (is_traced_) note(fmt::format("loads {:#x} from a{}, {} {}", value, at, text_of(order), name));
  return value;
}

void execution::store(memory::location at, std::uint64_t value, std::memory_order order, const char* name) {
  step();
  memory_.store(self_, at, value, order);
  if (is_traced_) note(fmt::format("stores {:#x} to a{}, {} {}", value, at, text_of(order), name));
}

std::uint64_t execution::change(memory::location at, const std::function<std::uint64_t(std::uint64_t)>& change,
                                std::memory_order order, const char* name) {
  step();
  const std::uint64_t old = memory_.last(at);
  memory_.exchange(self_, at, change(old), order);
  if (is_traced_) note(fmt::format("changes {:#x} at a{} to {:#x}, {} {}", old, at, change(old), text_of(order), name));
  return old;
}

bool execution::compare_exchange(memory::location at, std::uint64_t& expected, std::uint64_t desired,
                                 std::memory_order order, std::memory_order order_failed, const char* name) {
  step();
  if (memory_.last(at) == expected && !random_.happens(1, 8)) {
    memory_.exchange(self_, at, desired, order);
    if (is_traced_) note(fmt::format("exchanges {:#x} at a{} for {:#x}, {}", expected, at, desired, name));
    return true;
  }
  expected = memory_.load(self_, at, order_failed, random_);
  if (is_traced_) note(fmt::format("does not exchange: a{} is {:#x}, {}", at, expected, name));
  return false;
}

void execution::fence(std::memory_order order, const char* name) {
  step();
  memory_.fence(self_, order);
  if (is_traced_) note(fmt::format("fences, {} {}", text_of(order), name));
}

void execution::read_plain(const void* word) {
  if (std::string race = memory_.read_plain(self_, word); !race.empty()) fail(std::move(race));
  if (is_traced_) note("reads a plain word");
}

void execution::write_plain(const void* word) {
  if (std::string race = memory_.write_plain(self_, word); !race.empty()) fail(std::move(race));
  if (is_traced_) note("writes a plain word");
}

bool execution::sleep(memory::location at, std::uint64_t value, bool may_end) {
  step();
  if (memory_.last(at) != value || random_.happens(1, 8)) return true;
  note("sleeps");
  thread& self = threads_[self_];
  self.asleep_at = at;
  self.is_out_of_time = false;
  self.now = may_end ? state::asleep_for_a_time : state::asleep;
  hand_over(true);
  note(self.is_out_of_time ? "is out of time" : "is woken");
  return !self.is_out_of_time;
}

void execution::wake_one(memory::location at) {
  step();
  note("wakes one");
  for (std::size_t i = 1; i < thread_count_; ++i) {
    thread& other = threads_[i];
    if ((other.now == state::asleep || other.now == state::asleep_for_a_time) && other.asleep_at == at) {
      other.now = state::ready;
      return;
    }
  }
}

void execution::note(std::string_view what) {
  if (is_traced_) trace_ += fmt::format("  thread {} {}\n", self_, what);
}

}  // namespace millrace::model
