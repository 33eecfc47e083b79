#pragma once

#include "random_records.hpp"

#include <algorithm>
#include <limits>
#include <millrace/stream/stream_stream_join.hpp>
#include <tuple>
#include <vector>

namespace millrace::stream::testing {

/// Kafka Streams' join of two streams, read off its behaviour and as slow as it gets: it looks at all there is each
/// time.
class naive_stream_join {
 public:
  naive_stream_join(join_kind kind, join_window window) : kind_(kind), window_(window) {}

  void take(bool is_left, const number_record& from, outputs& out) {
    now_ = std::max(now_, from.time_ns);
    if (from.key) newest_[is_left] = std::max(newest_[is_left], from.time_ns);
    if (!from.value) return;
    if (!from.key) {
      if (is_outer(is_left)) give(is_left, {from.key, *from.value, from.time_ns}, out);
      return;
    }
    const kept made{from.key, *from.value, from.time_ns};
    if (from.time_ns == now_) give_up(is_left, out);
    const bool is_matched = match(is_left, made, out);
    if (from.time_ns > newest_[is_left] - length()) store_[is_left].push_back(made);
    if (is_matched || !is_outer(is_left)) return;
    if (from.time_ns + ahead(is_left) < now_) {
      give(is_left, made, out);
    } else {
      look_again_ = std::min(look_again_, from.time_ns);
      const auto behind = std::find_if(waiting_.begin(), waiting_.end(), [&](const auto& each) {
        return order(is_left, made) < order(each.first, each.second);
      });
      waiting_.insert(behind, {is_left, made});
    }
  }

 private:
  struct kept {
    std::optional<number> key;
    number value;
    std::int64_t time_ns;
  };

  [[nodiscard]] std::int64_t length() const { return window_.before_ns + window_.after_ns + window_.grace_ns; }
  [[nodiscard]] std::int64_t ahead(bool is_left) const { return is_left ? window_.after_ns : window_.before_ns; }
  [[nodiscard]] bool is_outer(bool is_left) const {
    return kind_ == join_kind::outer || (is_left && kind_ == join_kind::left);
  }
  /// Right before left.
  static std::tuple<std::int64_t, bool, number> order(bool is_left, const kept& of) {
    return {of.time_ns, is_left, *of.key};
  }

  static void give(bool is_left, const kept& of, outputs& out) {
    out.push_back({of.key, is_left ? std::optional(of.value) : std::nullopt,
                   is_left ? std::nullopt : std::optional(of.value), of.time_ns});
  }

  bool match(bool is_left, const kept& of, outputs& out) {
    std::vector<kept> partners;
    for (const kept& each : store_[!is_left]) {
      const std::int64_t left_ns = is_left ? of.time_ns : each.time_ns;
      const std::int64_t right_ns = is_left ? each.time_ns : of.time_ns;
      if (each.key == of.key && each.time_ns > newest_[!is_left] - length() &&
          right_ns >= left_ns - window_.before_ns && right_ns <= left_ns + window_.after_ns)
        partners.push_back(each);
    }
    std::stable_sort(partners.begin(), partners.end(), [](auto& a, auto& b) { return a.time_ns < b.time_ns; });
    for (const kept& each : partners) {
      std::erase_if(waiting_, [&](const auto& w) {
        return w.first != is_left && w.second.key == each.key && w.second.time_ns == each.time_ns;
      });
      out.push_back({of.key, is_left ? of.value : each.value, is_left ? each.value : of.value,
                     std::max(of.time_ns, each.time_ns)});
    }
    return !partners.empty();
  }

  void give_up(bool is_left, outputs& out) {
    if (look_again_ == never || look_again_ + ahead(is_left) + window_.grace_ns >= now_) return;
    look_again_ = never;
    bool is_open[2] = {false, false};
    for (std::size_t i = 0; i < waiting_.size();) {
      const auto [side, each] = waiting_[i];
      look_again_ = each.time_ns;
      if (is_open[0] && is_open[1]) return;
      if (each.time_ns + ahead(side) + window_.grace_ns >= now_) {
        is_open[side] = true;
        ++i;
        continue;
      }
      give(side, each, out);
      waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }

  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

  join_kind kind_;
  join_window window_;
  std::vector<kept> store_[2];
  std::vector<std::pair<bool, kept>> waiting_;
  std::int64_t newest_[2] = {-1'000'000, -1'000'000};
  std::int64_t now_ = -1'000'000;
  std::int64_t look_again_ = never;
};

}  // namespace millrace::stream::testing
