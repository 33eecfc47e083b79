#pragma once

#include <millrace/replay/match_stage.hpp>
#include <millrace/sink/text_output.hpp>
#include <millrace/stage/output_order.hpp>
#include <millrace/stats/histogram.hpp>
#include <millrace/time/cycle_clock.hpp>

#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::replay {

/// Takes the shards' matches and window results in order: counts matches by pattern, writes lines, and ends the run
/// when a limit is reached or nobody reads. Threads: one owner.
class match_sink {
 public:
  struct tally {
    std::uint64_t matches = 0;
    std::uint64_t timeouts = 0;
  };

  /// `limit`: the run ends with this many matches of one pattern; none: it does not.
  /// `on_dead` gets the line of each event that changed nothing in a pattern; see `full_policy::dead_letter`. `on_late`
  /// gets that of each event that came too late for some window.
  match_sink(sink::text_output& out, std::size_t patterns, std::optional<std::uint64_t> limit, const cycle_clock* clock,
             std::function<void(std::string_view)> on_dead, std::function<void(std::string_view)> on_late)
      : out_(out),
        tallies_(patterns),
        limit_(limit),
        clock_(clock),
        on_dead_(std::move(on_dead)),
        on_late_(std::move(on_late)) {}

  bool consume(const output_order& order, std::span<const std::byte> record) {
    match_head head;
    std::memcpy(&head, record.data(), sizeof head);
    if (head.kind == match_kind::dead || head.kind == match_kind::late) [[unlikely]]
      return take_left_out(order, head, record.subspan(sizeof head));
    if (head.kind == match_kind::window) return write(head, record.subspan(sizeof head));
    // A name that a change of the rules has brought.
    if (head.rule >= tallies_.size()) [[unlikely]]
      tallies_.resize(head.rule + 1);
    tally& of_rule = tallies_[head.rule];
    (head.kind == match_kind::timeout ? of_rule.timeouts : of_rule.matches) += head.count;
    const bool read = write(head, record.subspan(sizeof head));
    limit_reached_ = limit_ && of_rule.matches >= *limit_;
    return read && !limit_reached_;
  }

  void flush() { static_cast<void>(out_.flush()); }

  /// By rule number; names that had no match may be missing at the end.
  [[nodiscard]] std::span<const tally> tallies() const noexcept { return tallies_; }
  [[nodiscard]] bool limit_reached() const noexcept { return limit_reached_; }
  /// Events that changed nothing in one pattern or more, each counted once.
  [[nodiscard]] std::uint64_t dead() const noexcept { return dead_; }
  /// Events that came too late for all windows of a rule, and were not counted as late before; each counted once.
  [[nodiscard]] std::uint64_t late() const noexcept { return late_; }
  /// Nanoseconds from reading an event to handing its match to the output.
  [[nodiscard]] const histogram& latency() const noexcept { return latency_; }

 private:
  bool write(const match_head& head, std::span<const std::byte> text) {
    const bool read = out_.write({reinterpret_cast<const char*>(text.data()), text.size()});
    if (clock_ != nullptr && head.stamp != 0) latency_.record(clock_->ns_between(head.stamp, clock_->now()));
    return read;
  }

  /// An event is in one place, whatever many rules think of it: what the first of them says counts.
  bool take_left_out(const output_order& order, const match_head& head, std::span<const std::byte> text) {
    // Records come in order of their events, over all shards.
    const bool is_late = head.kind == match_kind::late;
    if (head.count != 0 && (!has_left_out_ || order.sequence != last_left_out_)) {
      ++(is_late ? late_ : dead_);
      has_left_out_ = true;
      last_left_out_ = order.sequence;
    }
    const std::string_view line{reinterpret_cast<const char*>(text.data()), text.size()};
    if (const auto& hears = is_late ? on_late_ : on_dead_) hears(line);
    return true;
  }

  sink::text_output& out_;
  std::vector<tally> tallies_;
  std::optional<std::uint64_t> limit_;
  const cycle_clock* clock_;
  std::function<void(std::string_view)> on_dead_;
  std::function<void(std::string_view)> on_late_;
  std::uint64_t dead_ = 0;
  std::uint64_t late_ = 0;
  std::uint64_t last_left_out_ = 0;  // sequence
  bool has_left_out_ = false;
  histogram latency_ = histogram::of_latencies();
  bool limit_reached_ = false;
};

}  // namespace millrace::replay
