#pragma once

#include <cstdint>
#include <millrace/stream/record.hpp>
#include <optional>
#include <ostream>
#include <random>
#include <tuple>
#include <vector>

namespace millrace::stream::testing {

using number = std::uint32_t;
using number_record = record<number, number>;

/// A seeded stream of few keys: out of order, with repeated times, gaps, and records without a key or a value. Every
/// value is another one.
class random_records {
 public:
  explicit random_records(std::uint64_t seed) : random_(seed) {
    keys_ = 1 + below(4);
    disorder_ = below(3) == 0 ? 0 : below(40);
    step_ = 1 + below(8);
  }

  number_record next() {
    now_ += below(3) == 0 ? 0 : below(step_ + 1);
    if (below(40) == 0) now_ += 5 * below(20);
    number_record made{below(keys_), value_++, std::int64_t{now_} - (disorder_ == 0 ? 0 : below(disorder_))};
    if (below(25) == 0) made.key.reset();
    if (below(15) == 0) made.value.reset();
    return made;
  }

  /// Zero to `count - 1`.
  number below(number count) { return static_cast<number>(random_() % count); }

 private:
  std::mt19937_64 random_;
  number keys_;
  number disorder_;
  number step_;
  number now_ = 50;
  number value_ = 1;
};

/// What a join handed on, by value.
struct output {
  std::optional<number> key;
  std::optional<number> left;
  std::optional<number> right;
  std::int64_t time_ns = 0;

  friend bool operator==(const output&, const output&) = default;
  friend std::ostream& operator<<(std::ostream& out, const output& o) {
    const auto show = [&](const auto& each) -> std::ostream& { return each ? out << *each : out << "-"; };
    show(o.key) << ": ";
    show(o.left) << "+";
    return show(o.right) << " @" << o.time_ns;
  }
};

/// Writes down what a join hands on.
struct outputs : std::vector<output> {
  void operator()(const joined<number, number, number>& from) {
    push_back({from.key, from.left == nullptr ? std::nullopt : std::optional(*from.left),
               from.right == nullptr ? std::nullopt : std::optional(*from.right), from.time_ns});
  }
};

}  // namespace millrace::stream::testing
