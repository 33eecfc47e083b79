#pragma once

#include <millrace/cep/taken.hpp>
#include <millrace/stage/output_order.hpp>
#include <millrace/topology/stages.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace millrace {

namespace detail {

/// Says which stage a match was asked for and which ones its pattern has, then aborts.
[[noreturn]] void no_event_of_stage(std::string_view stage, std::span<const std::string> stages) noexcept;

}  // namespace detail

/// A match, or a partial match that timed out, while its handler looks at it. Nothing of it outlives the call.
/// Threads: one owner. Allocation: none. Complexity: linear in the events of the match.
template <event_data T>
class typed_match {
 public:
  typed_match(expr::history events, std::span<const std::string> stages, std::int64_t at_ns, bool timeout) noexcept
      : all_(events), stages_(stages), view_(events, stages), at_ns_(at_ns), timeout_(timeout) {}

  /// The last event of a stage. Requires: it has one; see `count` for optional stages and timeouts.
  [[nodiscard]] const T& operator[](std::string_view stage) const noexcept {
    const T* const found = view_.last(stage);
    if (found == nullptr) [[unlikely]]
      detail::no_event_of_stage(stage, stages_);
    return *found;
  }

  /// All events of a stage, in the order of taking; none where the stage is unknown.
  [[nodiscard]] cep::stage_events<T> events(std::string_view stage) const noexcept { return view_.events(stage); }
  [[nodiscard]] std::size_t count(std::string_view stage) const noexcept { return view_.count(stage); }

  /// Event time of the first and the last event, and of the release: that of the event that released the match, or
  /// the time that passed; of a timeout, when it timed out.
  [[nodiscard]] std::int64_t first_time_ns() const noexcept { return all_.front().event->time_ns; }
  [[nodiscard]] std::int64_t last_time_ns() const noexcept { return all_.back().event->time_ns; }
  [[nodiscard]] std::int64_t at_ns() const noexcept { return at_ns_; }

  /// A partial match that ran out of time; only where the pattern says `report_timeouts`.
  [[nodiscard]] bool is_timeout() const noexcept { return timeout_; }

 private:
  expr::history all_;
  std::span<const std::string> stages_;
  cep::taken<T> view_;
  std::int64_t at_ns_;
  bool timeout_;
};

/// Where a handler puts what it makes of a match: any number of records, which reach the sink in this order.
/// Threads: one owner. Allocation: none. Progress: blocks while the output ring is full.
template <class Record, record_output Out>
class emitter {
 public:
  using record_type = Record;

  emitter(Out& out, const output_order& order) noexcept : out_(out), order_(order) {}

  void emit(const Record& record) {
    std::memcpy(out_.claim(order_, sizeof record), &record, sizeof record);
    out_.publish();
  }

 private:
  Out& out_;
  const output_order& order_;
};

}  // namespace millrace
