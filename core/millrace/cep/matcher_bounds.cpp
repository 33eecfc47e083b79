// What a matcher does when a bound on its state is met.

#include <millrace/cep/matcher_state.hpp>

#include <algorithm>
#include <limits>

namespace millrace::cep {

void matcher_state::set_ceilings(partition_id id) noexcept {
  entered_ = mark();
  const auto ceiling = [](std::uint32_t in_use, std::uint32_t of_key, std::uint32_t bound) {
    return bound == 0 ? std::numeric_limits<std::uint64_t>::max() : std::uint64_t{in_use} - of_key + bound;
  };
  run_ceiling_ = ceiling(entered_.runs, usage()[id].runs, limits_.runs_per_key);
  step_ceiling_ = ceiling(entered_.steps, usage()[id].steps, limits_.steps_per_key);
  store_.set_ceilings(run_ceiling_, step_ceiling_);
}

std::uint32_t matcher_state::run_at_bound() {
  const bound met = store_.bound_of_run();
  note(met);
  if (limits_.when_full == full_policy::drop_oldest && drop_for(met)) {
    const std::uint32_t handle = store_.try_run();
    if (handle != null_handle) return handle;
  }
  ++counters_.refused;
  return null_handle;
}

std::uint32_t matcher_state::step_at_bound(std::uint32_t parent, stage_id stage, std::uint32_t length_before) {
  for (std::uint32_t drops = 0;; ++drops) {
    const bound met = store_.bound_of_step(length_before);
    note(met);
    if (met == bound::match_events || limits_.when_full != full_policy::drop_oldest || drops == drops_max ||
        !drop_for(met))
      break;
    const std::uint32_t handle = store_.try_step(parent, stage, length_before);
    if (handle != null_handle) return handle;
  }
  ++counters_.refused;
  return null_handle;
}

bool matcher_state::drop_for(bound met) {
  const bool of_key = met == bound::runs_per_key || met == bound::steps_per_key;
  return drop_from(of_key ? in_hand_ : key_with_an_old_run());
}

std::uint32_t matcher_state::oldest_run(partition_id id) const noexcept {
  const partition& p = partitions()[id];
  if (p.idle_link == never_opened) return null_handle;
  // Of the key in hand, those that have seen the event began first.
  const waiting_list& list = p.runs.empty() && id == in_hand_ ? before_ : p.runs;
  return list.empty() ? null_handle : waiting_.front(list);
}

partition_id matcher_state::key_with_an_old_run() noexcept {
  partition_id found = in_hand_;
  std::uint64_t first = std::numeric_limits<std::uint64_t>::max();
  std::uint32_t olds = 0;
  for (std::uint32_t looks = std::min(looks_max, opened_); looks != 0 && olds != olds_max; --looks) {
    hand_ = hand_ + 1 < opened_ ? hand_ + 1 : 0;
    const std::uint32_t oldest = oldest_run(hand_);
    if (oldest == null_handle) continue;
    ++olds;
    if (store_[oldest].start >= first) continue;
    first = store_[oldest].start;
    found = hand_;
  }
  return found;
}

bool matcher_state::drop_from(partition_id id) {
  partition& p = partitions()[id];
  waiting_list& list = p.runs.empty() && id == in_hand_ ? before_ : p.runs;
  if (list.empty()) return false;
  const usage_mark before = mark();
  const std::uint32_t handle = waiting_.pop(list).run;
  // Its path may be gone with it, and the handle another's. What `seen_` says of steps and matches stays true: their
  // paths are held until the event is done with.
  if (automaton_->may_duplicate) seen_.erase(number_of_run(store_[handle].node, store_[handle].path));
  if (watched(id)) [[unlikely]]
    tell({.what = run_fate::dropped, .number = store_[handle].number, .time_ns = now_ns_, .bound = last_met_},
         store_[handle].path);
  store_.release(handle);
  ++counters_.dropped;
  if (id == in_hand_) return true;
  release_completed(p, now_ns_, *out_);
  settle_usage(id, before);
  if (p.empty()) list_idle(id, p);
  // The ceilings of the key in hand count what the pools hold in all.
  const std::uint32_t runs = before.runs - store_.run_count();
  const std::uint32_t steps = before.steps - store_.step_count();
  entered_.runs -= runs;
  entered_.steps -= steps;
  if (!counts_keys_) return true;
  if (limits_.runs_per_key != 0) run_ceiling_ -= runs;
  if (limits_.steps_per_key != 0) step_ceiling_ -= steps;
  store_.set_ceilings(run_ceiling_, step_ceiling_);
  return true;
}

void matcher_state::drop_key(partition_id id, std::int64_t now_ns, releases& out) {
  partition& p = partitions()[id];
  const usage_mark before = mark();
  note(bound::keys);
  for (; !p.runs.empty(); ++counters_.dropped) store_.release(waiting_.pop(p.runs).run);
  release_completed(p, now_ns, out);
  settle_usage(id, before);
}

void matcher_state::refuse_event(bound met) {
  note(met);
  ++counters_.dead;
  out_->add(dead_letter{rule_, met});
}

void matcher_state::refuse_key(releases& out) {
  out_ = &out;
  if (limits_.when_full == full_policy::dead_letter) return refuse_event(bound::keys);
  note(bound::keys);
  ++counters_.refused;
}

void matcher_state::give_back(const release& r) noexcept {
  const usage_mark before = mark();
  store_.release_path(r.path);
  if (!counts_keys_) return;
  settle_usage(r.partition, before);
  partition& p = partitions()[r.partition];
  if (p.empty()) list_idle(r.partition, p);
}

}  // namespace millrace::cep
