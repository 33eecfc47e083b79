#include "core/ring/model/memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <millrace/base/check.hpp>

namespace millrace::model {

namespace {

bool acquires(std::memory_order order) {
  return order == std::memory_order_acquire || order == std::memory_order_acq_rel || order == std::memory_order_seq_cst;
}
bool releases(std::memory_order order) {
  return order == std::memory_order_release || order == std::memory_order_acq_rel || order == std::memory_order_seq_cst;
}

}  // namespace

void memory::clear() {
  locations_ = 0;
  plain_.clear();
  known_.fill({});
  read_relaxed_.fill({});
  released_.fill({});
  fenced_ = {};
}

memory::location memory::make(thread by, std::uint64_t value) {
  MILLRACE_CHECK(locations_ < locations_max, "too many atomics in one scenario");
  histories_[locations_].assign(1, stored{value, known_[by]});
  return locations_++;
}

void memory::learn(thread by, const stored& from, std::memory_order order) {
  (acquires(order) ? known_ : read_relaxed_)[by].join(from.carried);
}

const knowledge& memory::handed_on(thread by, std::memory_order order) const {
  return releases(order) ? known_[by] : released_[by];
}

std::uint64_t memory::load(thread by, location at, std::memory_order order, chance& random) {
  MILLRACE_CHECK(order != std::memory_order_seq_cst, "a seq_cst load is not modelled");
  tick(by);
  const std::vector<stored>& history = histories_[at];
  const std::size_t oldest = known_[by].seen[at];
  std::size_t index = history.size() - 1;
  if (oldest != index && random.happens(old_values, 8)) index = oldest + random.below(history.size() - oldest);
  known_[by].seen[at] = static_cast<std::uint16_t>(index);
  learn(by, history[index], order);
  return history[index].value;
}

void memory::store(thread by, location at, std::uint64_t value, std::memory_order order) {
  MILLRACE_CHECK(order != std::memory_order_seq_cst, "a seq_cst store is not modelled");
  tick(by);
  std::vector<stored>& history = histories_[at];
  const auto index = static_cast<std::uint16_t>(history.size());
  known_[by].seen[at] = index;
  history.push_back({value, handed_on(by, order)});
  history.back().carried.seen[at] = index;
}

void memory::exchange(thread by, location at, std::uint64_t value, std::memory_order order) {
  MILLRACE_CHECK(order != std::memory_order_seq_cst, "a seq_cst read-modify-write is not modelled");
  tick(by);
  std::vector<stored>& history = histories_[at];
  learn(by, history.back(), order);
  const auto index = static_cast<std::uint16_t>(history.size());
  known_[by].seen[at] = index;
  stored next{value, handed_on(by, order)};
  // It continues the release sequence of the store that it replaces.
  next.carried.join(history.back().carried);
  next.carried.seen[at] = index;
  history.push_back(next);
}

void memory::fence(thread by, std::memory_order order) {
  tick(by);
  if (acquires(order)) known_[by].join(read_relaxed_[by]);
  if (order == std::memory_order_seq_cst) {
    known_[by].join_seen(fenced_);
    fenced_.join_seen(known_[by]);
  }
  if (releases(order)) released_[by] = known_[by];
}

memory::plain_word& memory::plain(const void* word) {
  for (plain_word& known : plain_) {
    if (known.word == word) return known;
  }
  return plain_.emplace_back(plain_word{word, 0, 0, {}});
}

std::string memory::read_plain(thread by, const void* word) {
  tick(by);
  plain_word& seen = plain(word);
  if (!is_known(by, seen.writer, seen.written)) {
    return fmt::format("data race: thread {} reads a word that thread {} wrote, unordered", by, seen.writer);
  }
  seen.read[by] = known_[by].clock[by];
  return {};
}

std::string memory::write_plain(thread by, const void* word) {
  tick(by);
  plain_word& seen = plain(word);
  if (!is_known(by, seen.writer, seen.written)) {
    return fmt::format("data race: threads {} and {} write one word, unordered", by, seen.writer);
  }
  for (thread other = 0; other < threads_max; ++other) {
    if (!is_known(by, other, seen.read[other])) {
      return fmt::format("data race: thread {} writes a word that thread {} read, unordered", by, other);
    }
  }
  seen.writer = by;
  seen.written = known_[by].clock[by];
  return {};
}

}  // namespace millrace::model
