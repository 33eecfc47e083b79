// Three payments of more than 1000 in a row by one user within ten minutes.
#include <millrace/millrace.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <vector>

using namespace millrace;
using namespace std::chrono_literals;

struct txn {
  std::uint64_t user;
  double amount;
  fixed_string<2> country;
};

struct alert {
  std::uint64_t user;
  double amount;
};

// A morning's payments, invented: 1002's second large one is followed by a small one, and 1003 takes too long.
static std::vector<event<txn>> payments() {
  std::vector<event<txn>> made;
  const auto paid = [&](std::chrono::nanoseconds when, txn what) {
    auto& each = made.emplace_back();
    each.header.time_ns = when.count();
    each.data = what;
  };
  paid(8h + 58min + 12s, {1001, 24.90, "DE"});
  paid(9h + 0min + 5s, {1001, 1250.00, "DE"});
  paid(9h + 0min + 31s, {1002, 4999.99, "FR"});
  paid(9h + 1min + 40s, {1003, 1010.00, "ES"});
  paid(9h + 2min + 2s, {1001, 1899.00, "DE"});
  paid(9h + 3min + 15s, {1002, 2100.00, "FR"});
  paid(9h + 4min + 59s, {1002, 3.20, "FR"});
  paid(9h + 6min + 20s, {1003, 1500.00, "ES"});
  paid(9h + 7min + 44s, {1001, 5400.50, "NL"});
  paid(9h + 8min + 1s, {1002, 1750.00, "FR"});
  paid(9h + 9min + 30s, {1001, 1000.01, "NL"});
  paid(9h + 11min + 40s, {1003, 2000.00, "ES"});
  paid(9h + 12min + 3s, {1003, 1300.00, "ES"});
  return made;
}

int main() {
  auto feed = from_range(payments());
  auto alerts = [](const alert& a) {
    std::printf("user %llu, third payment %.2f\n", static_cast<unsigned long long>(a.user), a.amount);
  };

  auto big = [](const txn& t) { return t.amount > 1000; };

  // A pattern and a topology read best one step a line.
  // clang-format off
  auto pattern = cep::begin<txn>("first").where(big)
                     .next("second").where(big)
                     .next("third").where(big)
                     .within(10min);

  auto engine = topology{}
      .source(feed)                                   // anything with poll()
      .key_by(&txn::user)
      .shards(4, placement::one_core_each())
      .match(pattern, [](const auto& m, auto& out) { out.emit(alert{m["first"].user, m["third"].amount}); })
      .sink(alerts)
      .build();                                       // checks and allocates everything, or says what is wrong

  const topology_report report = engine.run();        // or start() / drain() / stop()
  // clang-format on
  std::printf("%llu payments in, %llu processed, %llu late\n", static_cast<unsigned long long>(report.in),
              static_cast<unsigned long long>(report.processed), static_cast<unsigned long long>(report.late));
}
