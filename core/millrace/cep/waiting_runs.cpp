// Lists of waiting runs that have an index.

#include <millrace/cep/waiting_runs.hpp>

#include <algorithm>
#include <utility>

namespace millrace::cep {
namespace {

constexpr std::uint32_t indexes_max = 1U << 14;

}  // namespace

void waiting_runs::allow_indexes(std::uint32_t runs_min, std::vector<wait_kind> nodes) {
  runs_min_ = std::max(runs_min, waiting_leaf::capacity);
  leaves_min_ = runs_min_ / waiting_leaf::capacity;
  const std::uint32_t indexes = std::clamp<std::uint32_t>(runs_ / leaves_min_, 1, indexes_max);
  positions_ =
      reservation::for_items(leaves_.capacity(), sizeof(position), alignof(position), memory_content::undefined);
  index_ = waiting_index(runs_, indexes, std::move(nodes));
  sorted_.reserve(256);
}

void waiting_runs::try_index(waiting_list& list) noexcept {
  if (list.empty()) return;  // those that were walked along are gone
  const std::uint32_t index = index_.try_open();
  if (index == null_handle) return;
  list.index = index;
  std::uint32_t before = null_handle;
  for (std::uint32_t at = list.head; at != null_handle; before = std::exchange(at, leaves_[at].next)) {
    position_of(at).before = before;
    const waiting_leaf& leaf = leaves_[at];
    for (std::uint32_t i = leaf.begin; i < leaf.end; ++i)
      index_.add(index, leaf.runs[i], at, leaf.nodes[i], leaf.bounds[i]);
  }
  label_all(list);
}

void waiting_runs::drop_index(waiting_list& list) noexcept {
  index_.clear(list.index);
  index_.close(std::exchange(list.index, null_handle));
}

void waiting_runs::label_all(const waiting_list& list) noexcept {
  std::uint64_t label = 0;
  for (std::uint32_t at = list.head; at != null_handle; at = leaves_[at].next)
    position_of(at).label = label += label_step;
}

/// A new leaf, without runs.
std::uint32_t waiting_runs::fresh_behind(waiting_list& list, std::uint32_t leaf) noexcept {
  const std::uint32_t made = fresh();
  const std::uint32_t next = std::exchange(leaves_[leaf].next, made);
  leaves_[made].next = next;
  position_of(made).before = leaf;
  (next == null_handle ? list.tail : position_of(next).before) = made;
  const std::uint64_t low = position_of(leaf).label;
  const std::uint64_t high = next == null_handle ? low + 2 * label_step : position_of(next).label;
  position_of(made).label = low + (high - low) / 2;
  if (high - low < 2 || high > label_max) label_all(list);
  return made;
}

void waiting_runs::put_indexed(const waiting_list& list, const place& at, const waiting_entry& entry) noexcept {
  put(leaves_[at.leaf], at.slot, entry);
  index_.add(list.index, entry.run, at.leaf, entry.node, entry.bound);
}

void waiting_runs::append_indexed(waiting_list& list, const waiting_entry& entry) noexcept {
  // An index is given up with the last run, so there is a leaf.
  const bool is_full = leaves_[list.tail].end == waiting_leaf::capacity;
  const std::uint32_t leaf = is_full ? fresh_behind(list, list.tail) : list.tail;
  put_indexed(list, {leaf, leaves_[leaf].end++}, entry);
}

bool waiting_runs::try_find(const waiting_list& list, std::span<const node_probe> probes,
                            std::vector<std::uint32_t>& found) {
  index_.find(list.index, probes, found);
  if (found.size() < 2) return true;
  if (found.size() >= index_.size(list.index) / 4) return false;
  sorted_.clear();
  for (const std::uint32_t run : found) {
    const place at = place_of(run);
    sorted_.emplace_back(position_of(at.leaf).label << 2 | at.slot, run);
  }
  std::ranges::sort(sorted_);
  std::ranges::transform(sorted_, found.begin(), [](const auto& each) { return each.second; });
  return true;
}

waiting_runs::place waiting_runs::place_of(std::uint32_t run) const noexcept {
  const std::uint32_t at = index_.leaf_of(run);
  const waiting_leaf& leaf = leaves_[at];
  std::uint32_t i = leaf.begin;
  while (leaf.runs[i] != run) ++i;
  MILLRACE_ASSERT(i < leaf.end);
  return {at, i};
}

void waiting_runs::change(const waiting_list& list, const place& at, const waiting_entry& entry) noexcept {
  index_.remove(entry.run);
  put_indexed(list, at, entry);
}

void waiting_runs::replace(waiting_list& list, place at, waiting_list& by) noexcept {
  if (by.empty()) return erase(list, at);
  put_indexed(list, at, pop(by));
  while (!by.empty()) {
    at = room_behind(list, at);
    put_indexed(list, at, pop(by));
  }
}

/// Makes room for one more run behind a place; what is there is to be put.
waiting_runs::place waiting_runs::room_behind(waiting_list& list, place at) noexcept {
  waiting_leaf& leaf = leaves_[at.leaf];
  if (leaf.begin != 0) {
    for (std::uint32_t i = leaf.begin; i < leaf.end; ++i) copy(leaf, i, leaf, i - leaf.begin);
    at.slot -= leaf.begin;
    leaf.end = static_cast<std::uint16_t>(leaf.end - leaf.begin);
    leaf.begin = 0;
  }
  if (leaf.end == waiting_leaf::capacity) {
    // Those behind the place go into a leaf of their own.
    const std::uint32_t made = fresh_behind(list, at.leaf);
    waiting_leaf& behind = leaves_[made];
    for (std::uint32_t i = at.slot + 1; i < leaf.end; ++i) {
      copy(leaf, i, behind, behind.end++);
      index_.move(leaf.runs[i], made);
    }
    leaf.end = static_cast<std::uint16_t>(at.slot + 1);
    if (leaf.end == waiting_leaf::capacity) {
      behind.end = 1;
      return {made, 0};
    }
  }
  for (std::uint32_t i = leaf.end; i > at.slot + 1; --i) copy(leaf, i - 1, leaf, i);
  ++leaf.end;
  return {at.leaf, at.slot + 1};
}

void waiting_runs::erase(waiting_list& list, const place& at) noexcept {
  waiting_leaf& leaf = leaves_[at.leaf];
  for (std::uint32_t i = at.slot + 1; i < leaf.end; ++i) copy(leaf, i, leaf, i - 1);
  if (--leaf.end != leaf.begin) return;
  const std::uint32_t before = position_of(at.leaf).before;
  if (before == null_handle) return remove_first_leaf(list);
  const std::uint32_t next = leaf.next;
  leaves_[before].next = next;
  (next == null_handle ? list.tail : position_of(next).before) = before;
  leaves_.release(at.leaf);
}

}  // namespace millrace::cep
