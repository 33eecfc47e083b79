// Put into the cart, and no purchase in the half hour that follows: absence, told when the time is over.
//   example_cart_abandonment < examples/feeds/invented/shop.csv
#include <millrace/millrace.hpp>

#include <chrono>
#include <cstdint>
#include <iomanip>
#include <iostream>
#include <string>

using namespace millrace;
using namespace std::chrono_literals;

enum class action_kind : std::uint8_t { view, add, purchase };

struct action {
  fixed_string<8> user;
  fixed_string<8> item;
  double price;
  action_kind kind;
};

struct reminder {
  std::int64_t at_ns;
  action left;
};

// Lines of ts,user,kind,item,price on standard input.
struct actions {
  poll_result poll(event<action>& into) {
    std::string ts, user, kind, item, price;
    for (std::string* cell : {&ts, &user, &kind, &item}) std::getline(std::cin, *cell, ',');
    std::getline(std::cin, price);
    if (!std::cin) return poll_result::ended;
    if (!into.data.user.try_assign(user) || !into.data.item.try_assign(item))
      throw error("too long: " + user + ", " + item);
    into.header.time_ns = std::stoll(ts) * 1'000'000;
    into.data.price = std::stod(price);
    into.data.kind = kind == "add" ? action_kind::add : kind == "purchase" ? action_kind::purchase : action_kind::view;
    return poll_result::ready;
  }
};

int main() {
  auto is = [](action_kind wanted) { return [wanted](const action& a) { return a.kind == wanted; }; };
  // clang-format off
  auto pattern = cep::begin<action>("add").where(is(action_kind::add))
                     .not_then("purchase").where(is(action_kind::purchase))
                     .within(30min);

  std::cin.ignore(100, '\n');                         // the header line
  topology{}
      .source(actions{})
      .key_by(&action::user)
      .match(pattern, [](const auto& m, auto& out) { out.emit(reminder{m.at_ns(), m["add"]}); })
      .sink([](const reminder& r) {
        std::cout << format_rfc3339(r.at_ns).substr(11, 8) << ": " << r.left.user << " left " << r.left.item << " for "
                  << std::fixed << std::setprecision(2) << r.left.price << '\n';
      })
      .build()
      .run();                                         // at the end of the input every bound runs out
  // clang-format on
}
