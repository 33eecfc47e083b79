// Ten million events through an engine, and not one allocation on the way.
#include <millrace/millrace.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <random>
#include <vector>

namespace {

std::atomic<std::uint64_t> allocations{0};

void* counted(std::size_t bytes) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* const memory = std::malloc(bytes); memory != nullptr) return memory;
  throw std::bad_alloc();
}

void* counted(std::size_t bytes, std::align_val_t alignment) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  const auto unit = static_cast<std::size_t>(alignment);
  if (void* const memory = std::aligned_alloc(unit, (bytes + unit - 1) / unit * unit); memory != nullptr) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t bytes) { return counted(bytes); }
void* operator new[](std::size_t bytes) { return counted(bytes); }
void* operator new(std::size_t bytes, std::align_val_t alignment) { return counted(bytes, alignment); }
void* operator new[](std::size_t bytes, std::align_val_t alignment) { return counted(bytes, alignment); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace millrace {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t event_count = 10'000'000;
constexpr std::size_t warm_up = 1'000'000;
constexpr std::uint32_t user_count = 100'000;
constexpr std::int64_t step_ns = 1'000'000;  // a user's events are 100 s apart: about six in ten minutes
constexpr std::int64_t within_ns = 600'000'000'000;

struct login {
  std::uint32_t user;
  std::uint16_t ip;
  bool ok;
};

struct anomaly {
  std::uint32_t user;
  std::int64_t first_ns;
  std::int64_t last_ns;

  friend bool operator==(const anomaly&, const anomaly&) = default;
  friend auto operator<=>(const anomaly&, const anomaly&) = default;
};

std::vector<login> random_logins() {
  std::mt19937_64 random(2026);
  std::vector<login> made(event_count);
  for (login& each : made) {
    const std::uint64_t bits = random();
    each = {static_cast<std::uint32_t>((bits >> 32) * user_count >> 32), static_cast<std::uint16_t>(bits % 3),
            bits >> 8 & 1U ? true : false};
  }
  return made;
}

std::int64_t time_of(std::size_t index) { return static_cast<std::int64_t>(index) * step_ns; }

// --- the same by hand -----------------------------------------------------------------------------------

/// One user's partial matches, as slowly and plainly as can be.
class slow_user {
 public:
  void take(const login& event, std::int64_t now_ns, std::vector<anomaly>& out) {
    expire(now_ns, out);
    for (attempt& each : attempts_) {
      if (each.ips.size() < 3) {
        if (!event.ok) each.ips.push_back(event.ip);
      } else if (event.ok && std::ranges::find(each.ips, event.ip) == each.ips.end()) {
        each.done = true;
        complete_.push_back({event.user, each.start_ns, now_ns});
      }
    }
    std::erase_if(attempts_, [](const attempt& each) { return each.done; });
    if (!event.ok) attempts_.push_back({now_ns, {event.ip}, false});
    hand_out(out);
  }

  void expire(std::int64_t now_ns, std::vector<anomaly>& out) {
    std::erase_if(attempts_, [&](const attempt& each) { return now_ns - each.start_ns >= within_ns; });
    hand_out(out);
  }

 private:
  struct attempt {
    std::int64_t start_ns;
    std::vector<std::uint16_t> ips;
    bool done;
  };

  /// A match waits for attempts that began before it, and drops all that began up to its end.
  void hand_out(std::vector<anomaly>& out) {
    while (!complete_.empty()) {
      const anomaly first = *std::ranges::min_element(complete_, {}, &anomaly::first_ns);
      if (std::ranges::any_of(attempts_, [&](const attempt& each) { return each.start_ns < first.first_ns; })) return;
      out.push_back(first);
      std::erase_if(attempts_, [&](const attempt& each) { return each.start_ns <= first.last_ns; });
      std::erase_if(complete_, [&](const anomaly& each) { return each.first_ns <= first.last_ns; });
    }
  }

  std::vector<attempt> attempts_;
  std::vector<anomaly> complete_;
};

std::vector<anomaly> slow_anomalies(const std::vector<login>& logins) {
  std::vector<slow_user> users(user_count);
  std::vector<anomaly> made;
  for (std::size_t i = 0; i < logins.size(); ++i) users[logins[i].user].take(logins[i], time_of(i), made);
  for (slow_user& each : users) each.expire(INT64_MAX, made);
  return made;
}

// --- the engine -----------------------------------------------------------------------------------------

/// Reads the count of allocations at the end of the warm-up and at the end.
struct logins_feed {
  poll_result poll(event<login>& into) noexcept {
    if (next == warm_up) before = allocations.load();
    if (next == logins.size()) {
      after = allocations.load();
      return poll_result::ended;
    }
    into.header.time_ns = time_of(next);
    into.data = logins[next++];
    return poll_result::ready;
  }

  const std::vector<login>& logins;
  std::size_t next = 0;
  std::uint64_t before = 0;
  std::uint64_t after = 0;
};

TEST(allocation, ten_million_events_of_a_hundred_thousand_keys_allocate_nothing) {
  const std::vector<login> logins = random_logins();
  const auto pattern = cep::begin<login>("failed")
                           .where([](const login& e) { return !e.ok; })
                           .times(3)
                           .then("success")
                           .where([](const login& e, const cep::taken<login>& so_far) {
                             if (!e.ok) return false;
                             for (const login& failed : so_far.events("failed"))
                               if (failed.ip == e.ip) return false;
                             return true;
                           })
                           .within(10min)
                           .skip_past_last();
  logins_feed feed{logins};
  std::vector<anomaly> found;
  found.reserve(event_count / 4);
  auto engine = topology{}
                    .source(feed)
                    .key_by(&login::user)
                    .match(pattern,
                           [](const auto& m, auto& out) {
                             out.emit(anomaly{m["success"].user, m.first_time_ns(), m.last_time_ns()});
                           })
                    .sink([&](const anomaly& each) { found.push_back(each); })
                    .build();
  const auto start = std::chrono::steady_clock::now();
  const topology_report report = engine.run();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  EXPECT_GT(feed.before, 0U);
  EXPECT_EQ(feed.after - feed.before, 0U);
  EXPECT_EQ(report.in, event_count);
  EXPECT_EQ(report.processed, event_count);
  EXPECT_EQ(report.refused, 0U);

  std::vector<anomaly> expected = slow_anomalies(logins);
  EXPECT_GT(expected.size(), 100'000U);
  EXPECT_EQ(report.matches, expected.size());
  std::ranges::sort(found);
  std::ranges::sort(expected);
  EXPECT_TRUE(found == expected);
  RecordProperty("events_per_second", std::to_string(static_cast<double>(event_count) / seconds));
  RecordProperty("matches", std::to_string(report.matches));
}

}  // namespace
}  // namespace millrace
