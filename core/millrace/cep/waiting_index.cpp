#include <millrace/cep/waiting_index.hpp>

#include <millrace/base/check.hpp>
#include <millrace/base/hash.hpp>

#include <algorithm>
#include <bit>
#include <utility>

namespace millrace::cep {

waiting_index::waiting_index(std::uint32_t runs, std::uint32_t indexes, std::vector<wait_kind> nodes)
    : nodes_(std::move(nodes)),
      entries_(reservation::for_items(runs, sizeof(entry), alignof(entry), memory_content::undefined)),
      buckets_(reservation::for_items(std::bit_ceil(std::max(runs, 2U)), sizeof(std::uint32_t), alignof(std::uint32_t),
                                      memory_content::zero)),
      bucket_mask_(std::bit_ceil(std::max(runs, 2U)) - 1),
      heads_(indexes, sizeof(head) + nodes_.size() * sizeof(std::uint32_t)) {
  MILLRACE_ASSERT(nodes_.size() <= nodes_max);
}

std::uint32_t waiting_index::try_open() noexcept {
  const std::uint32_t made = heads_.try_allocate();
  if (made == null_handle) return made;
  head& of = head_of(made);
  of.used = 0;
  of.size = 0;
  std::fill_n(roots_of(made), nodes_.size(), null_handle);
  return made;
}

void waiting_index::close(std::uint32_t index) noexcept {
  MILLRACE_ASSERT(size(index) == 0);
  heads_.release(index);
}

std::uint32_t& waiting_index::bucket_of(std::uint32_t index, node_id node, wait_bound bound) const noexcept {
  const std::uint64_t hash = hash_word(static_cast<std::uint64_t>(bound), std::uint64_t{index} << 16 | node);
  return buckets()[hash & bucket_mask_];
}

void waiting_index::add(std::uint32_t index, std::uint32_t run, std::uint32_t leaf, node_id node,
                        wait_bound bound) noexcept {
  head& of = head_of(index);
  ++of.size;
  of.used |= std::uint64_t{1} << node;
  std::uint32_t& root = roots_of(index)[node];
  entries()[run] = {bound, index, leaf, {null_handle, null_handle, null_handle}, null_handle, null_handle, node, 0};
  if (nodes_[node] == wait_kind::order) return meld(root, run, null_handle, left, root);
  link(root, run);
  if (nodes_[node] != wait_kind::equality) return;
  entry& made = entries()[run];
  std::uint32_t& bucket = bucket_of(index, node, bound);
  if (bucket != 0) {
    made.links[following] = bucket - 1;
    entries()[bucket - 1].links[previous] = run;
  }
  bucket = run + 1;
}

void waiting_index::remove(std::uint32_t run) noexcept {
  const entry& gone = entries()[run];
  head& of = head_of(gone.index);
  std::uint32_t& root = roots_of(gone.index)[gone.node];
  --of.size;
  if (nodes_[gone.node] == wait_kind::order) {
    const std::uint32_t above = gone.links[up];
    const bool is_left = above != null_handle && entries()[above].links[left] == run;
    meld(gone.links[left], gone.links[right], above, is_left ? left : right, root);
  } else {
    unlink(root, run);
    if (nodes_[gone.node] == wait_kind::equality) leave_bucket(gone);
  }
  if (root == null_handle) of.used &= ~(std::uint64_t{1} << gone.node);
}

void waiting_index::clear(std::uint32_t index) noexcept {
  head& of = head_of(index);
  for (std::uint64_t used = of.used; used != 0; used &= used - 1) {
    const auto node = static_cast<node_id>(std::countr_zero(used));
    std::uint32_t& root = roots_of(index)[node];
    if (nodes_[node] == wait_kind::equality)
      for (std::uint32_t at = root; at != null_handle; at = entries()[at].on) leave_bucket(entries()[at]);
    root = null_handle;
  }
  of = {0, 0};
}

void waiting_index::leave_bucket(const entry& gone) noexcept {
  const std::uint32_t before = gone.links[previous];
  const std::uint32_t behind = gone.links[following];
  if (behind != null_handle) entries()[behind].links[previous] = before;
  if (before != null_handle)
    entries()[before].links[following] = behind;
  else
    bucket_of(gone.index, gone.node, gone.bound) = behind == null_handle ? 0 : behind + 1;
}

void waiting_index::find(std::uint32_t index, std::span<const node_probe> probes,
                         std::vector<std::uint32_t>& found) const {
  const std::uint32_t* const roots = roots_of(index);
  for (std::uint64_t used = head_of(index).used; used != 0; used &= used - 1) {
    const auto node = static_cast<node_id>(std::countr_zero(used));
    const node_probe& probe = probes[node];
    if (nodes_[node] == wait_kind::equality && probe.is_equality) {
      for (std::uint32_t at = bucket_of(index, node, probe.number); at != 0;) {
        const entry& each = entries()[at - 1];
        if (each.bound == probe.number && each.index == index && each.node == node) found.push_back(at - 1);
        at = each.links[following] == null_handle ? 0 : each.links[following] + 1;
      }
    } else if (nodes_[node] != wait_kind::order) {
      // All of them, or none.
      if (!probe.passes(no_bound)) continue;
      for (std::uint32_t at = roots[node]; at != null_handle; at = entries()[at].on) found.push_back(at);
    } else {
      const auto add_if_passes = [&](std::uint32_t run) {
        if (run != null_handle && probe.passes(entries()[run].bound)) found.push_back(run);
      };
      std::size_t next = found.size();
      add_if_passes(roots[node]);
      for (; next < found.size(); ++next) {
        const entry& each = entries()[found[next]];
        add_if_passes(each.links[left]);
        add_if_passes(each.links[right]);
      }
    }
  }
}

// --- the list of a node ---------------------------------------------------------------------------------

void waiting_index::link(std::uint32_t& root, std::uint32_t run) noexcept {
  entries()[run].on = root;
  if (root != null_handle) entries()[root].back = run;
  root = run;
}

void waiting_index::unlink(std::uint32_t& root, std::uint32_t run) noexcept {
  const entry& gone = entries()[run];
  if (gone.on != null_handle) entries()[gone.on].back = gone.back;
  (gone.back != null_handle ? entries()[gone.back].on : root) = gone.on;
}

// --- heaps ----------------------------------------------------------------------------------------------

/// The sides of a walk are drawn, so that no order of arrival makes it long.
std::uint8_t waiting_index::draw_side() noexcept {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return (random_ >> 32 & 1) != 0 ? left : right;
}

void waiting_index::hang(std::uint32_t run, std::uint32_t below, std::uint8_t side, std::uint32_t& root) noexcept {
  (below == null_handle ? root : entries()[below].links[side]) = run;
  if (run != null_handle) entries()[run].links[up] = below;
}

/// Hangs the heap of all runs of two where it belongs.
void waiting_index::meld(std::uint32_t a, std::uint32_t b, std::uint32_t below, std::uint8_t side,
                         std::uint32_t& root) noexcept {
  while (a != null_handle && b != null_handle) {
    if (entries()[b].bound < entries()[a].bound) std::swap(a, b);
    hang(a, below, side, root);
    below = a;
    side = draw_side();
    a = entries()[a].links[side];
  }
  hang(a != null_handle ? a : b, below, side, root);
}

}  // namespace millrace::cep
