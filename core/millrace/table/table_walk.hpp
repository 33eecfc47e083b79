#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace {

/// A walk over a growing table in steps, while the table is written between them: for snapshots that stop nobody.
///
/// It goes by hash: each step visits the keys whose hashes lie in the next stretch. A key's hash stays, wherever growth
/// moves the key. Hence a key that is in the table during the whole walk is visited exactly once, with the value of
/// that moment; one that comes, goes, or does both meanwhile, at most once. Threads: the table's owner. Allocation:
/// none. Complexity: a step of so many homes looks at as many groups, and at those that their keys passed on to.
template <class Table>
class table_walk {
 public:
  explicit table_walk(Table& table) noexcept : table_(&table) {}

  /// Calls `f(const Key&, Value&)` for each key of the next homes, `homes_max` at most. `f` must not insert or erase.
  /// False once all were visited.
  template <class F>
  bool step(std::size_t homes_max, F&& f) {
    for (; homes_max != 0 && !is_done_; --homes_max) {
      next_hash_ = table_->visit_home(next_hash_, f);
      is_done_ = next_hash_ == 0;
    }
    return !is_done_;
  }

  [[nodiscard]] bool is_done() const noexcept { return is_done_; }

 private:
  Table* table_;
  std::uint64_t next_hash_ = 0;
  bool is_done_ = false;
};

}  // namespace millrace
