// One misuse of an operator or a read model a number; 0 is the twin that compiles.
#include <millrace/projection/projector.hpp>
#include <millrace/projection/published_ranking.hpp>
#include <millrace/projection/read_model.hpp>
#include <millrace/stream/delayed_table_join.hpp>
#include <millrace/stream/latest_table.hpp>
#include <millrace/stream/versioned_table.hpp>

#include <cstdint>
#include <string>

using namespace millrace;

struct opened {
  std::uint32_t account;
};
struct closed {
  std::uint32_t account;
};
struct account {
  std::uint32_t owner;
  double balance;
};

int main() {
  [[maybe_unused]] const projection::projector accounts(
      projection::on<opened>(&opened::account, [](account& row, const opened& e) { row.owner = e.account; }));
  const auto by_owner = [](const account& row) { return row.owner; };
  projection::read_model<std::uint32_t, account, decltype(by_owner)> rows(10, by_owner);
#if MISUSE == 0
  accounts.apply(rows, opened{1});
  stream::versioned_table<int, int> table(10, 10);
  const stream::delayed_table_join<int, int, stream::versioned_table<int, int>> join(stream::join_kind::left, table, 5,
                                                                                     10);
  const stream::record<int, int> right{1, 1, 1};
  const projection::published_ranking<int, int, 1> ranking(10);
#elif MISUSE == 1
  accounts.apply(rows, closed{1});
#elif MISUSE == 2
  stream::latest_table<int, int> table(10);
  const stream::delayed_table_join<int, int, stream::latest_table<int, int>> join(stream::join_kind::left, table, 5,
                                                                                  10);
#elif MISUSE == 3
  const stream::record<int, std::string> wrong{1, "text", 1};
#elif MISUSE == 4
  const auto by_balance = [](const account& row) { return row.balance; };
  const projection::read_model<std::uint32_t, account, decltype(by_balance)> wrong(10, by_balance);
#elif MISUSE == 5
  const projection::published_ranking<int, int, 0> wrong(10);
#endif
}
