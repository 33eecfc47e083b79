// Three rises in a row that together make 20 %, within an hour: each rise is compared with the tick before it, the
// third with the base as well.
//   example_price_surge < examples/feeds/invented/ticks.csv
#include <millrace/millrace.hpp>

#include <chrono>
#include <iomanip>
#include <iostream>
#include <string>

using namespace millrace;
using namespace std::chrono_literals;

struct tick {
  fixed_string<8> symbol;
  double price;
};

struct surge {
  fixed_string<8> symbol;
  double low;
  double high;
};

// Lines of ts,symbol,price on standard input.
struct ticks {
  poll_result poll(event<tick>& into) {
    std::string ts, symbol, price;
    for (std::string* cell : {&ts, &symbol}) std::getline(std::cin, *cell, ',');
    std::getline(std::cin, price);
    if (!std::cin) return poll_result::ended;
    if (!into.data.symbol.try_assign(symbol)) throw error("too long: " + symbol);
    into.header.time_ns = std::stoll(ts) * 1'000'000;
    into.data.price = std::stod(price);
    return poll_result::ready;
  }
};

int main() {
  auto rises = [](const tick& t, const cep::taken<tick>& so_far) {
    const tick& base = *so_far.first("base");
    const tick* before = so_far.last("rise");
    if (before == nullptr) return t.price > base.price;
    return t.price > before->price && (so_far.count("rise") < 2 || t.price >= base.price * 1.2);
  };
  // clang-format off
  auto pattern = cep::begin<tick>("base")
                     .next("rise").times(3).strict().where(rises)
                     .within(1h)
                     .skip_past_last();

  std::cin.ignore(100, '\n');                         // the header line
  topology{}
      .source(ticks{})
      .key_by(&tick::symbol)
      .match(pattern, [](const auto& m, auto& out) {
        out.emit(surge{m["base"].symbol, m["base"].price, m["rise"].price});
      })
      .sink([](const surge& s) {
        std::cout << std::fixed << s.symbol << ": " << std::setprecision(2) << s.low << " to " << s.high << ", +"
                  << std::setprecision(1) << 100 * (s.high / s.low - 1) << " %\n";
      })
      .build()
      .run();
  // clang-format on
}
