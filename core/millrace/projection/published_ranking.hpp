#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <millrace/pool/slab_pool.hpp>
#include <millrace/table/growing_table.hpp>
#include <millrace/table/published_table.hpp>
#include <millrace/table/slot_tree.hpp>
#include <span>
#include <type_traits>

namespace millrace::projection {

/// The `top_max` keys with the highest scores, the highest first, of equal ones those with the lowest keys: kept by one
/// thread and read by any others. It orders all keys, so that one which falls out of the top lets the next one in.
///
/// Where scores decay by one half-life, the order stays if an increment at time t counts 2^(t / half-life) times:
/// forward decay (Cormode, Shkapenyuk, Srivastava and Xu, ICDE 2009).
///
/// Threads: `put` and `erase` belong to one, `read` to all. Progress: the writer is wait-free; readers begin again
/// while the writer writes the top. Allocation: in the constructor. Complexity: O(log n) expected a change, and
/// O(top_max) where it concerns the top. Memory: `keys_max` keys; a key beyond, or a score that is not a number, is
/// refused and counted. Errors: the constructor throws `millrace::error` when the memory is refused.
template <class Key, class Score, std::size_t top_max>
class published_ranking {
  static_assert(top_max != 0, "a ranking publishes a top of at least one key: top_max is 0");

 public:
  struct ranked {
    Key key;
    Score score;
  };

  explicit published_ranking(std::uint32_t keys_max) : entries_(keys_max), handles_(keys_max), published_(1) {
    publish();
  }

  /// Sets the key's score; false when it was refused.
  bool put(const Key& key, const Score& score) noexcept {
    if (!is_number(score)) return refuse();
    if (const handle* const found = handles_.find(key)) {
      bool is_in_top = concerns_top(found->value);
      tree_.remove(slots{*this}, found->value);
      entries_[found->value].of.score = score;
      tree_.add(slots{*this}, found->value);
      is_in_top = is_in_top || concerns_top(found->value);
      if (is_in_top) publish();
      return true;
    }
    const std::uint32_t added = entries_.try_allocate();
    if (added == null_handle) return refuse();
    handles_.find_or_insert(key).value->value = added;
    entries_[added] = {{key, score}, {}};
    tree_.add(slots{*this}, added);
    if (concerns_top(added)) publish();
    return true;
  }

  /// False when there is no such key.
  bool erase(const Key& key) noexcept {
    const handle* const found = handles_.find(key);
    if (found == nullptr) return false;
    const std::uint32_t gone = found->value;
    const bool is_in_top = concerns_top(gone);
    tree_.remove(slots{*this}, gone);
    handles_.erase(key);
    entries_.release(gone);
    if (is_in_top) publish();
    return true;
  }

  /// Copies the first of the top, as many as there is room for, and says how many they are: all of one moment.
  std::size_t read(std::span<ranked> room) const noexcept {
    const top now = published_.read(0).value_or(top{});
    const std::size_t count = std::min({std::size_t{now.count}, top_max, room.size()});
    std::copy_n(now.first.begin(), count, room.begin());
    return count;
  }

  /// The writer's.
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept {
    return entries_.reserved_bytes() + handles_.reserved_bytes() + published_.reserved_bytes();
  }

 private:
  struct entry {
    ranked of;
    millrace::detail::tree_links links;
  };
  struct handle {
    std::uint32_t value = null_handle;
  };
  struct top {
    std::uint32_t count;
    std::array<ranked, top_max> first;
  };
  struct slots {
    published_ranking& of;
    [[nodiscard]] bool precedes(std::uint32_t a, std::uint32_t b) const noexcept {
      return is_before(of.entries_[a].of, of.entries_[b].of);
    }
    millrace::detail::tree_links& links(std::uint32_t slot) const noexcept { return of.entries_[slot].links; }
  };

  static bool is_before(const ranked& a, const ranked& b) noexcept {
    return b.score < a.score || (!(a.score < b.score) && a.key < b.key);
  }

  static bool is_number(const Score& score) noexcept {
    if constexpr (std::is_floating_point_v<Score>)
      return score == score;
    else
      return true;
  }

  bool refuse() noexcept {
    ++refused_;
    return false;
  }

  /// Whether the entry is in the published top, or would be.
  [[nodiscard]] bool concerns_top(std::uint32_t slot) const noexcept {
    return now_.count < top_max || !is_before(now_.first[top_max - 1], entries_[slot].of);
  }

  void publish() noexcept {
    now_.count = 0;
    for (std::uint32_t slot = tree_.first(); slot != millrace::detail::no_slot && now_.count < top_max;
         slot = tree_.next(slots{*this}, slot))
      now_.first[now_.count++] = entries_[slot].of;
    published_.put(0, now_);
  }

  slab_pool<entry> entries_;
  growing_table<Key, handle> handles_;
  millrace::detail::slot_tree tree_;
  top now_{};
  published_table<std::uint32_t, top> published_;
  std::uint64_t refused_ = 0;
};

}  // namespace millrace::projection
