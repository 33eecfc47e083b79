#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

namespace millrace::projection {

/// A row and what it scored.
template <class Key, class Row, class Score>
struct scored_row {
  Key key;
  Row row;
  Score score;
};

/// The rows with the highest scores, the highest first, into `room`; of equal ones those with the lowest keys. Says how
/// many there are. `score_of(const Key&, const Row&)` may depend on the time of asking, as where scores decay.
/// Threads: any, while the model is written. Allocation: none. Complexity: O(rows · log(room)). A row counts with the
/// score of the moment at which it was looked at.
template <class Model, class Score, class ScoreOf>
std::size_t top_rows(const Model& model,
                     std::span<scored_row<typename Model::key_type, typename Model::row_type, Score>> room,
                     ScoreOf&& score_of) {
  using scored = scored_row<typename Model::key_type, typename Model::row_type, Score>;
  const auto precedes = [](const scored& a, const scored& b) {
    return b.score < a.score || (!(a.score < b.score) && a.key < b.key);
  };
  std::size_t count = 0;
  model.for_each([&](const auto& key, const auto& row) {
    const scored each{key, row, score_of(key, row)};
    if (count < room.size()) {
      room[count++] = each;
    } else if (room.empty() || !precedes(each, room[0])) {
      return;
    } else {
      std::pop_heap(room.begin(), room.end(), precedes);
      room[count - 1] = each;
    }
    std::push_heap(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(count), precedes);
  });
  std::sort_heap(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(count), precedes);
  return count;
}

}  // namespace millrace::projection
