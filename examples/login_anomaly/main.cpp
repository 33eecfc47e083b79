// Break-in: three failed logins of a user, then one that is accepted from an address that none of them came from.
// Two conditions on one stage: the first looks at the event alone, the second at what the match has taken so far.
#include <millrace/millrace.hpp>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>

using namespace millrace;
using namespace std::chrono_literals;

struct login {
  fixed_string<48> user;
  fixed_string<40> ip;
  bool ok;
};

struct alert {
  fixed_string<48> user;
  fixed_string<40> from;
  std::uint64_t attempts;
};

// Lines of ts,user,ip,ok on standard input.
struct logins {
  poll_result poll(event<login>& into) {
    std::string ts, user, ip, ok;
    for (std::string* cell : {&ts, &user, &ip}) std::getline(std::cin, *cell, ',');
    std::getline(std::cin, ok);
    if (!std::cin) return poll_result::ended;
    if (!into.data.user.try_assign(user) || !into.data.ip.try_assign(ip)) throw error("too long: " + user + ", " + ip);
    into.header.time_ns = std::stoll(ts) * 1'000'000;
    into.data.ok = ok == "1";
    return poll_result::ready;
  }
};

int main() {
  auto accepted = [](const login& l) { return l.ok; };
  auto from_elsewhere = [](const login& l, const cep::taken<login>& so_far) {
    for (const login& failed : so_far.events("failed"))
      if (failed.ip == l.ip) return false;
    return true;
  };
  // clang-format off
  auto pattern = cep::begin<login>("failed").times(3).where([](const login& l) { return !l.ok; })
                     .then("success").where(accepted).where(from_elsewhere)
                     .within(24h)
                     .skip_past_last();

  std::cin.ignore(100, '\n');                         // the header line
  topology{}
      .source(logins{})
      .key_by(&login::user)
      .match(pattern, [](const auto& m, auto& out) {
        out.emit(alert{m["success"].user, m["success"].ip, m.count("failed")});
      })
      .sink([](const alert& a) {
        std::cout << a.user << ": " << a.attempts << " failures, then in from " << a.from << '\n';
      })
      .build()
      .run();
  // clang-format on
}
