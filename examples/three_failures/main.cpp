// Failures of three services of one region within two minutes, in whichever order they come.
//   example_three_failures < examples/feeds/invented/calls.csv
#include <millrace/millrace.hpp>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>

using namespace millrace;
using namespace std::chrono_literals;

struct call {
  fixed_string<4> region;
  fixed_string<8> service;
  bool ok;
};

struct alert {
  fixed_string<4> region;
  std::int64_t first_ns;
  std::int64_t last_ns;
};

// Lines of ts,region,service,latency_ms,ok on standard input.
struct calls {
  poll_result poll(event<call>& into) {
    std::string ts, region, service, latency_ms, ok;
    for (std::string* cell : {&ts, &region, &service, &latency_ms}) std::getline(std::cin, *cell, ',');
    std::getline(std::cin, ok);
    if (!std::cin) return poll_result::ended;
    if (!into.data.region.try_assign(region) || !into.data.service.try_assign(service))
      throw error("too long: " + region + ", " + service);
    into.header.time_ns = std::stoll(ts) * 1'000'000;
    into.data.ok = ok == "1";
    return poll_result::ready;
  }
};

int main() {
  auto clock = [](std::int64_t ns) { return format_rfc3339(ns).substr(11, 8); };
  auto failed = [](std::string_view service) {
    return [service](const call& c) { return !c.ok && c.service == service; };
  };
  // clang-format off
  auto pattern = cep::begin(cep::all_of(cep::member<call>("auth").where(failed("auth")),
                                        cep::member<call>("cart").where(failed("cart")),
                                        cep::member<call>("db").where(failed("db"))))
                     .within(2min)
                     .skip_past_last();

  std::cin.ignore(100, '\n');                         // the header line
  topology{}
      .source(calls{})
      .key_by(&call::region)
      .match(pattern, [](const auto& m, auto& out) {
        out.emit(alert{m["db"].region, m.first_time_ns(), m.last_time_ns()});
      })
      .sink([&](const alert& a) {
        std::cout << a.region << ": three services failed from " << clock(a.first_ns) << " to " << clock(a.last_ns) << '\n';
      })
      .build()
      .run();
  // clang-format on
}
