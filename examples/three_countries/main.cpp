// A card that is used in three countries within an hour: a loop whose condition reads what the loop has taken so far.
//   example_three_countries < examples/feeds/invented/payments.csv
#include <millrace/millrace.hpp>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>

using namespace millrace;
using namespace std::chrono_literals;

struct payment {
  fixed_string<8> user;
  fixed_string<2> country;
};

struct alert {
  fixed_string<8> user;
  fixed_string<2> from;
  fixed_string<2> to;
  std::int64_t minutes;
};

// Lines of ts,user,country,amount on standard input.
struct payments {
  poll_result poll(event<payment>& into) {
    std::string ts, user, country, amount;
    for (std::string* cell : {&ts, &user, &country}) std::getline(std::cin, *cell, ',');
    std::getline(std::cin, amount);
    if (!std::cin) return poll_result::ended;
    if (!into.data.user.try_assign(user) || !into.data.country.try_assign(country))
      throw error("too long: " + user + ", " + country);
    into.header.time_ns = std::stoll(ts) * 1'000'000;
    return poll_result::ready;
  }
};

int main() {
  auto elsewhere = [](const payment& p, const cep::taken<payment>& so_far) {
    for (const payment& before : so_far.events("seen"))
      if (before.country == p.country) return false;
    return true;
  };
  // clang-format off
  auto pattern = cep::begin<payment>("seen").times(3).where(elsewhere)
                     .within(1h)
                     .skip_past_last();

  std::cin.ignore(100, '\n');                         // the header line
  topology{}
      .source(payments{})
      .key_by(&payment::user)
      .shards(2)                                      // two shards, three threads; the same output as without
      .match(pattern, [](const auto& m, auto& out) {
        const std::int64_t took_ns = m.last_time_ns() - m.first_time_ns();
        out.emit(alert{m["seen"].user, m.events("seen").begin()->country, m["seen"].country, took_ns / 60'000'000'000});
      })
      .sink([](const alert& a) {
        std::cout << a.user << ": " << a.from << " to " << a.to << " in " << a.minutes << " min\n";
      })
      .build()
      .run();
  // clang-format on
}
