#pragma once

#include <millrace/base/cache_line.hpp>
#include <millrace/base/prefetch.hpp>
#include <millrace/cep/automaton.hpp>
#include <millrace/cep/held_events.hpp>
#include <millrace/cep/matcher_limits.hpp>
#include <millrace/expr/program.hpp>
#include <millrace/pool/slab_pool.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace millrace::cep {

/// One event of a partial match, behind the step of the event taken before it. Matches that branch share
/// their common beginning.
struct step {
  std::uint32_t parent;
  std::uint32_t event;
  std::uint32_t shares;
  stage_id stage;
  std::uint16_t unused;
};

/// A partial match: where it stands in the automaton and what it has taken. Also a complete match that waits
/// for an earlier one.
struct alignas(cache_line_bytes) run {
  std::uint32_t next;
  std::uint32_t path;   ///< last step
  std::uint64_t start;  ///< sequence of the first event
  std::uint64_t first;  ///< position of the first event in the feed (low word of its id)
  std::int64_t start_ns;
  std::int64_t last_ns;  ///< time of the last event taken
  node_id node;
  std::uint16_t number;  ///< for people, where the key is watched; wraps
  std::uint32_t length;  ///< events taken
};

/// Runs in order, linked through `run::next`.
struct run_list {
  std::uint32_t head = null_handle;
  std::uint32_t tail = null_handle;

  [[nodiscard]] bool empty() const noexcept { return head == null_handle; }
};

/// Pools of runs and steps of one matcher.
///
/// Beside the bounds, which are the capacities unless somebody else has a part of them, there are ceilings: how full
/// the pools may be while one key is in hand, which is how a bound of single keys costs one comparison. Threads: one
/// owner. Allocation: in the constructor.
class run_store {
 public:
  run_store(const matcher_limits& limits, held_events& events)
      : runs_(limits.runs),
        steps_(limits.steps),
        events_(events),
        length_max_(limits.match_events),
        run_bound_(limits.runs),
        step_bound_(limits.steps),
        run_ceiling_(limits.runs),
        step_ceiling_(limits.steps) {}

  [[nodiscard]] run& operator[](std::uint32_t handle) noexcept { return runs_[handle]; }
  [[nodiscard]] const run& operator[](std::uint32_t handle) const noexcept { return runs_[handle]; }

  /// Starts to load a run.
  void prefetch(std::uint32_t handle) const noexcept { prefetch_line(&runs_[handle]); }

  /// A new run; `null_handle` when a bound is met. Its path must be set by the caller.
  [[nodiscard]] std::uint32_t try_run() noexcept {
    return runs_.size() < run_ceiling_ ? runs_.try_allocate() : null_handle;
  }

  /// Gives back a run and its share in its path.
  void release(std::uint32_t handle) noexcept {
    release_path(runs_[handle].path);
    runs_.release(handle);
  }
  /// Gives back a run whose path somebody else has taken over.
  void release_shell(std::uint32_t handle) noexcept { runs_.release(handle); }

  /// The event in hand taken behind `parent` (or as the first, with `null_handle`), with one share for the
  /// caller; `null_handle` when a bound is met.
  [[nodiscard]] std::uint32_t try_step(std::uint32_t parent, stage_id stage, std::uint32_t length_before) noexcept {
    if (length_before >= length_max_ || steps_.size() >= step_ceiling_) return null_handle;
    const std::uint32_t handle = steps_.try_allocate();
    if (handle == null_handle) return null_handle;
    const std::uint32_t event = events_.try_share();
    if (event == null_handle) {
      steps_.release(handle);
      return null_handle;
    }
    if (parent != null_handle) ++steps_[parent].shares;
    steps_[handle] = {parent, event, 1, stage, 0};
    return handle;
  }

  /// The same behind a path whose share goes from the caller to the new step; `path` is then that one. False when a
  /// bound is met, and nothing has changed.
  [[nodiscard]] bool try_step_onto(std::uint32_t& path, stage_id stage, std::uint32_t length_before) noexcept {
    if (length_before >= length_max_ || steps_.size() >= step_ceiling_) return false;
    const std::uint32_t handle = steps_.try_allocate();
    if (handle == null_handle) return false;
    const std::uint32_t event = events_.try_share();
    if (event == null_handle) {
      steps_.release(handle);
      return false;
    }
    steps_[handle] = {path, event, 1, stage, 0};
    path = handle;
    return true;
  }

  /// The same with an event that is held already, of which the caller's share goes to the step.
  [[nodiscard]] bool try_held_step_onto(std::uint32_t& path, stage_id stage, std::uint32_t length_before,
                                        std::uint32_t event) noexcept {
    if (length_before >= length_max_ || steps_.size() >= step_ceiling_) return false;
    const std::uint32_t handle = steps_.try_allocate();
    if (handle == null_handle) return false;
    steps_[handle] = {path, event, 1, stage, 0};
    path = handle;
    return true;
  }

  void share_path(std::uint32_t path) noexcept {
    if (path != null_handle) ++steps_[path].shares;
  }

  void release_path(std::uint32_t path) noexcept {
    while (path != null_handle) {
      step& last = steps_[path];
      if (--last.shares != 0) return;
      const std::uint32_t parent = last.parent;
      events_.release(last.event);
      steps_.release(path);
      path = parent;
    }
  }

  /// The events of a path in the order of taking. Allocates only until `into` has grown to the longest path.
  expr::history unfold(std::uint32_t path, std::vector<expr::taken_event>& into) const {
    into.clear();
    for (; path != null_handle; path = steps_[path].parent)
      into.push_back({&events_[steps_[path].event], steps_[path].stage});
    std::reverse(into.begin(), into.end());
    return into;
  }

  /// The held event of a path's last step.
  [[nodiscard]] std::uint32_t last_event(std::uint32_t path) const noexcept { return steps_[path].event; }

  /// Sequence of the first or the last event that the path has under `stage`; nothing where it has none.
  [[nodiscard]] std::optional<std::uint64_t> sequence_of(std::uint32_t path, stage_id stage,
                                                         bool first) const noexcept {
    std::optional<std::uint64_t> found;
    for (; path != null_handle; path = steps_[path].parent) {
      if (steps_[path].stage != stage) continue;
      found = events_[steps_[path].event].sequence;
      if (!first) return found;
    }
    return found;
  }

  void append(run_list& list, std::uint32_t handle) noexcept {
    runs_[handle].next = null_handle;
    if (list.empty()) {
      list.head = handle;
    } else {
      runs_[list.tail].next = handle;
    }
    list.tail = handle;
  }

  /// Takes the first run off a list that is not empty.
  [[nodiscard]] std::uint32_t pop(run_list& list) noexcept {
    const std::uint32_t handle = list.head;
    list.head = runs_[handle].next;
    if (list.head == null_handle) list.tail = null_handle;
    return handle;
  }

  /// Puts ceilings, in runs and steps of the pools; the bounds at most.
  void set_ceilings(std::uint64_t runs, std::uint64_t steps) noexcept {
    run_ceiling_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(runs, run_bound_));
    step_ceiling_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(steps, step_bound_));
  }
  /// Sets bounds on runs and steps, and ceilings at them: what others with the same bounds leave. Requires: capacities
  /// at most.
  void set_bounds(std::uint32_t runs, std::uint32_t steps) noexcept {
    run_bound_ = run_ceiling_ = runs;
    step_bound_ = step_ceiling_ = steps;
  }

  /// What `try_run` met when it gave none.
  [[nodiscard]] bound bound_of_run() const noexcept {
    return runs_.size() >= run_bound_ ? bound::runs : bound::runs_per_key;
  }
  /// What `try_step` met when it gave none.
  [[nodiscard]] bound bound_of_step(std::uint32_t length_before) const noexcept {
    if (length_before >= length_max_) return bound::match_events;
    if (steps_.size() >= step_bound_) return bound::steps;
    return steps_.size() >= step_ceiling_ ? bound::steps_per_key : bound::events;
  }

  /// What of a demand does not fit; `none` when all of it does.
  [[nodiscard]] bound bound_of(std::uint64_t runs, std::uint64_t steps, std::uint32_t length) const noexcept {
    if (length > length_max_) return bound::match_events;
    if (runs_.size() + runs > run_ceiling_) return runs_.size() + runs > run_bound_ ? bound::runs : bound::runs_per_key;
    if (steps_.size() + steps > step_ceiling_)
      return steps_.size() + steps > step_bound_ ? bound::steps : bound::steps_per_key;
    return steps != 0 && !events_.has_room() ? bound::events : bound::none;
  }

  [[nodiscard]] std::uint32_t run_count() const noexcept { return runs_.size(); }
  [[nodiscard]] std::uint32_t step_count() const noexcept { return steps_.size(); }
  [[nodiscard]] std::uint32_t run_capacity() const noexcept { return runs_.capacity(); }
  [[nodiscard]] std::uint32_t step_capacity() const noexcept { return steps_.capacity(); }
  [[nodiscard]] std::size_t reserved_bytes_of_runs() const noexcept { return runs_.reserved_bytes(); }
  [[nodiscard]] std::size_t reserved_bytes_of_steps() const noexcept { return steps_.reserved_bytes(); }
  [[nodiscard]] held_events& events() noexcept { return events_; }
  [[nodiscard]] const held_events& events() const noexcept { return events_; }

 private:
  slab_pool<run> runs_;
  slab_pool<step> steps_;
  held_events& events_;
  std::uint32_t length_max_;
  std::uint32_t run_bound_;
  std::uint32_t step_bound_;
  std::uint32_t run_ceiling_;
  std::uint32_t step_ceiling_;
};

}  // namespace millrace::cep
