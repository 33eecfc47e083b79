#include "peers/burst.hpp"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

namespace millrace::bench {

namespace {

long switches() {
  rusage used{};
  ::getrusage(RUSAGE_THREAD, &used);
  return used.ru_nivcsw;
}

void pin(std::size_t index) {
  static const cpu_set_t allowed = [] {
    cpu_set_t set;
    ::sched_getaffinity(0, sizeof set, &set);
    return set;
  }();
  if (CPU_COUNT(&allowed) < 2) return;
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed) || index-- > 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    ::pthread_setaffinity_np(::pthread_self(), sizeof one, &one);
    return;
  }
}

// Refused without the right to it: samples are then interrupted more often, and say so.
void schedule(int policy, int priority) {
  const sched_param with{.sched_priority = priority};
  ::pthread_setschedparam(::pthread_self(), policy, &with);
}

}  // namespace

burst::burst(std::size_t index) {
  pin(index);
  schedule(SCHED_FIFO, 50);
  switches_at_start_ = switches();
}

burst::~burst() { schedule(SCHED_OTHER, 0); }

bool burst::was_interrupted() const { return switches() != switches_at_start_; }

}  // namespace millrace::bench
