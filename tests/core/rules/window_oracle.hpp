#pragma once

// Windows as one would say what they are: lists of events, and aggregates computed from the whole list.

#include <millrace/rules/syntax.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace millrace::rules::oracle {

struct click {
  std::int64_t ts = 0;
  std::uint32_t user = 0;
  std::int32_t x = 0;
  double v = 0;
  std::string name;
  std::uint64_t sequence = 0;
  std::uint64_t record = 0;
};

struct extent {
  window_kind kind = window_kind::tumbling;
  std::int64_t size = 1;
  std::int64_t every = 1;
  std::int64_t grace = 0;
};

/// A window that went out, with its events.
struct window {
  std::uint32_t user = 0;
  std::int64_t start = 0;
  std::int64_t end = 0;
  std::int64_t due = 0;
  std::vector<click> events;
};

/// All windows of a feed, keyed by user. Time is moved by `move_time`, as the engine's is.
class windows {
 public:
  explicit windows(const extent& of) : of_(of) {}

  void add(const click& event) {
    switch (of_.kind) {
      case window_kind::session: return add_to_session(event);
      case window_kind::count: return add_to_count(event);
      case window_kind::sliding: all_[event.user].push_back(event); return;
      default: return add_to_aligned(event);
    }
  }
  void move_time(std::int64_t now) {
    now_ = std::max(now_, now);
    close_until(now_);
  }
  std::vector<window> finish() {
    close_until(std::numeric_limits<std::int64_t>::max());
    if (of_.kind == window_kind::count) finish_count();
    if (of_.kind == window_kind::sliding) finish_sliding();
    return std::move(closed_);
  }
  [[nodiscard]] std::uint64_t late_pairs() const { return late_; }

 private:
  void add_to_aligned(const click& event) {
    const std::int64_t last = event.ts - ((event.ts % of_.every) + of_.every) % of_.every;
    for (std::int64_t start = last; start > event.ts - of_.size; start -= of_.every) {
      const std::int64_t due = start + of_.size + of_.grace;
      if (due <= now_) {
        ++late_;
        continue;
      }
      window& into = open_[{event.user, start}];
      into.user = event.user;
      into.start = start;
      into.end = start + of_.size;
      into.due = due;
      into.events.push_back(event);
    }
  }

  [[nodiscard]] std::int64_t session_due(std::int64_t last) const { return last + of_.size + 1 + of_.grace; }

  void add_to_session(const click& event) {
    window made{event.user, event.ts, event.ts, 0, {event}};
    std::vector<std::pair<std::uint32_t, std::int64_t>> joined;
    for (const auto& [key, each] : open_) {
      if (each.user != event.user || each.start - event.ts > of_.size || event.ts - each.end > of_.size) continue;
      joined.push_back(key);
      made.start = std::min(made.start, each.start);
      made.end = std::max(made.end, each.end);
      made.events.insert(made.events.end(), each.events.begin(), each.events.end());
    }
    made.due = session_due(made.end);
    if (made.due <= now_) {
      ++late_;
      return;
    }
    for (const auto& key : joined) open_.erase(key);
    open_[{made.user, made.start}] = made;
  }

  void close_until(std::int64_t now) {
    for (auto at = open_.begin(); at != open_.end();) {
      if (at->second.due > now) {
        ++at;
        continue;
      }
      closed_.push_back(at->second);
      at = open_.erase(at);
    }
  }

  // --- windows of counted events: size and every are numbers

  void add_to_count(const click& event) {
    auto& events = all_[event.user];
    events.push_back(event);
    if (static_cast<std::int64_t>(events.size()) % of_.every == 0) send_last(event.user, events);
  }
  void finish_count() {
    for (auto& [user, events] : all_)
      if (static_cast<std::int64_t>(events.size()) % of_.every != 0) {
        // The window that would have ended with the next multiple.
        const auto missing = of_.every - static_cast<std::int64_t>(events.size()) % of_.every;
        const auto keep = static_cast<std::size_t>(std::max<std::int64_t>(of_.size - missing, 0));
        send(user, {events.end() - static_cast<std::ptrdiff_t>(std::min(keep, events.size())), events.end()});
      }
  }
  void send_last(std::uint32_t user, const std::vector<click>& events) {
    const auto count = std::min(events.size(), static_cast<std::size_t>(of_.size));
    send(user, {events.end() - static_cast<std::ptrdiff_t>(count), events.end()});
  }
  void send(std::uint32_t user, std::vector<click> events) {
    const auto [low, high] =
        std::minmax_element(events.begin(), events.end(), [](const click& a, const click& b) { return a.ts < b.ts; });
    closed_.push_back({user, low->ts, high->ts, 0, std::move(events)});
  }

  // --- sliding windows: no event is late, and none is before one length

  void finish_sliding() {
    for (const auto& [user, events] : all_) {
      std::set<std::int64_t> starts;
      for (const click& each : events) {
        starts.insert(each.ts - of_.size);
        starts.insert(each.ts + 1);
      }
      for (const std::int64_t start : starts) {
        window made{user, start, start + of_.size, start + of_.size + of_.grace + 1, {}};
        for (const click& each : events)
          if (each.ts >= start && each.ts <= made.end) made.events.push_back(each);
        if (!made.events.empty()) closed_.push_back(made);
      }
    }
  }

  extent of_;
  std::int64_t now_ = std::numeric_limits<std::int64_t>::min();
  std::uint64_t late_ = 0;
  std::map<std::pair<std::uint32_t, std::int64_t>, window> open_;
  std::map<std::uint32_t, std::vector<click>> all_;
  std::vector<window> closed_;
};

// --- aggregates -----------------------------------------------------------------------------------------

inline std::vector<double> sorted_values(const std::vector<click>& events) {
  std::vector<double> made;
  for (const click& each : events) made.push_back(each.v);
  std::ranges::sort(made);
  return made;
}

inline const click& first_of(const std::vector<click>& events) {
  return *std::ranges::min_element(events, {}, [](const click& c) { return std::pair(c.ts, c.sequence); });
}
inline const click& last_of(const std::vector<click>& events) {
  return *std::ranges::max_element(events, {}, [](const click& c) { return std::pair(c.ts, c.sequence); });
}

inline double sum_of(const std::vector<click>& events) {
  double sum = 0;
  for (const click& each : events) sum += each.v;
  return sum;
}

/// Of the sample, in two passes.
inline std::optional<double> variance_of(const std::vector<click>& events) {
  if (events.size() < 2) return std::nullopt;
  const double mean = sum_of(events) / static_cast<double>(events.size());
  double squares = 0;
  for (const click& each : events) squares += (each.v - mean) * (each.v - mean);
  return squares / static_cast<double>(events.size() - 1);
}

inline double decayed_sum_of(const std::vector<click>& events, double half_life) {
  const std::int64_t newest = last_of(events).ts;
  double sum = 0;
  for (const click& each : events) sum += each.v * std::exp2(-static_cast<double>(newest - each.ts) / half_life);
  return sum;
}

inline std::vector<std::string> top_names_of(const std::vector<click>& events, std::size_t most) {
  std::map<std::string, std::uint64_t> counts;
  for (const click& each : events) ++counts[each.name];
  std::vector<std::pair<std::string, std::uint64_t>> order(counts.begin(), counts.end());
  std::ranges::stable_sort(order, [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> made;
  for (std::size_t i = 0; i < std::min(most, order.size()); ++i) made.push_back(order[i].first);
  return made;
}

inline std::size_t distinct_names_of(const std::vector<click>& events) {
  std::set<std::string> names;
  for (const click& each : events) names.insert(each.name);
  return names.size();
}

}  // namespace millrace::rules::oracle
