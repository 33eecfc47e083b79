// One misuse of the pattern builder a number; 0 is the twin that compiles.
#include <millrace/cep/builder.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace cep = millrace::cep;
using namespace std::chrono_literals;

struct tick {
  std::int64_t x;
};
struct unfit {
  std::string text;
};

int main() {
  const auto fits = [](const tick& t) { return t.x == 1; };
  const auto a = cep::begin<tick>("a").where(fits);
  [[maybe_unused]] const auto both =
      cep::all_of(cep::member<tick>("b").where(fits).times(2), cep::member<tick>("c").where(fits).or_where(fits));
#if MISUSE == 0
  const auto wrong =
      a.or_where(fits).one_or_more().until(fits).greedy().then(cep::group(a.next(both))).times(2).within(1s);
#elif MISUSE == 1
  const auto wrong = a.where([](int, int) { return true; });
#elif MISUSE == 2
  const auto wrong = a.times(2).one_or_more();
#elif MISUSE == 3
  const auto wrong = a.until(fits);
#elif MISUSE == 4
  const auto wrong = a.greedy();
#elif MISUSE == 5
  const auto wrong = a.not_next("n").optional();
#elif MISUSE == 6
  const auto wrong = a.optional().not_then("n");
#elif MISUSE == 7
  const auto wrong = a.then(cep::group(a)).where(fits);
#elif MISUSE == 8
  const auto wrong = cep::group(a.within(1s));
#elif MISUSE == 9
  const auto wrong = a.within_previous(1s);
#elif MISUSE == 10
  const auto wrong = cep::begin<tick>("a").or_where(fits);
#elif MISUSE == 11
  const auto wrong = cep::begin<unfit>("a");
#elif MISUSE == 12
  const auto wrong = a.one_or_more().any().greedy();
#elif MISUSE == 13
  const auto wrong = cep::begin(cep::all_of(cep::member<tick>("b")));
#elif MISUSE == 14
  const auto wrong = a.then(both).times(2);
#elif MISUSE == 15
  const auto wrong = a.then(both).where(fits);
#elif MISUSE == 16
  const auto wrong = 0;
  cep::member<tick>("b").one_or_more();
#elif MISUSE == 17
  const auto wrong = 0;
  a.not_then(both);
#elif MISUSE == 18
  const auto wrong = a.then(both).within_previous(1s);
#elif MISUSE == 19
  const auto wrong = cep::member<tick>("b").times(2).times(2);
#elif MISUSE == 20
  const auto wrong = a.one_or_more().greedy().then("b").optional();
#elif MISUSE == 21
  const auto wrong = a.one_or_more().greedy().then("b").zero_or_more();
#elif MISUSE == 22
  const auto wrong = a.one_or_more().until(fits).until(fits);
#elif MISUSE == 23
  const auto wrong = a.one_or_more().strict().any();
#elif MISUSE == 24
  const auto wrong = a.optional().optional();
#elif MISUSE == 25
  const auto wrong = a.not_then("n").times(2);
#elif MISUSE == 26
  const auto wrong = a.then(cep::group(a)).within_previous(1s);
#elif MISUSE == 27
  const auto wrong = a.strict();
#endif
  static_cast<void>(wrong);
}
