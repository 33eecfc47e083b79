// A server goes down and does not come up again for ten minutes. The source leaves out what is no event here.
//   example_server_down < examples/feeds/invented/servers.csv
#include <millrace/millrace.hpp>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>

using namespace millrace;
using namespace std::chrono_literals;

struct change {
  fixed_string<8> host;
  bool up;
};

struct outage {
  fixed_string<8> host;
  std::int64_t since_ns;
  std::int64_t at_ns;
};

// Lines of ts,host,state on standard input.
struct changes {
  poll_result poll(event<change>& into) {
    std::string ts, host, state;
    do {
      for (std::string* cell : {&ts, &host}) std::getline(std::cin, *cell, ',');
      std::getline(std::cin, state);
      if (!std::cin) return poll_result::ended;
    } while (state != "up" && state != "down");
    if (!into.data.host.try_assign(host)) throw error("too long: " + host);
    into.header.time_ns = std::stoll(ts) * 1'000'000;
    into.data.up = state == "up";
    return poll_result::ready;
  }
};

int main() {
  auto clock = [](std::int64_t ns) { return format_rfc3339(ns).substr(11, 8); };
  // clang-format off
  auto pattern = cep::begin<change>("down").where([](const change& c) { return !c.up; })
                     .not_then("up").where([](const change& c) { return c.up; })
                     .within(10min);

  std::cin.ignore(100, '\n');                         // the header line
  topology{}
      .source(changes{})
      .key_by(&change::host)
      .match(pattern, [](const auto& m, auto& out) {
        out.emit(outage{m["down"].host, m.first_time_ns(), m.at_ns()});
      })
      .sink([&](const outage& o) {
        std::cout << clock(o.at_ns) << ": " << o.host << " is down since " << clock(o.since_ns) << '\n';
      })
      .build()
      .run();
  // clang-format on
}
