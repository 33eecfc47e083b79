#include <millrace/replay/replay.hpp>

#include <millrace/replay/record_selector.hpp>
#include <millrace/topology/inline_executor.hpp>
#include <millrace/topology/threaded_executor.hpp>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <utility>

namespace millrace::replay {

class replay_run::state {
 public:
  state(const std::shared_ptr<const rules::program>& rules, std::unique_ptr<feed::decoder> decoder,
        sink::text_output& out, const replay_options& options)
      : clock_(options.measures_latency ? std::make_unique<cycle_clock>() : nullptr),
        out_(out),
        in_force_(rules::first_revision(rules)),
        source_(std::move(decoder), in_force_, options.shards.value_or(1), with_clock(options.source)),
        sink_(out, rules->patterns.size(), options.limit, clock_.get(), options.on_dead_event, options.on_late_event),
        trace_(options.trace) {
    match_stage::options chosen{
        options.lines, options.source.final_watermark, options.limits, options.windows, clock_.get(), nullptr};
    chosen.limits.counts_only = !options.lines && !options.limit;
    if (trace_) {
      chosen.trace = &*trace_;
      chosen.limits.classes = cep::class_choice::runs_only;
      chosen.limits.shows_all = true;
      ++chosen.limits.matcher.partitions;  // the traced key has one of its own, from the first event to the last
    }
    std::vector<match_stage*> shards;
    for (unsigned i = 0; i < options.shards.value_or(1); ++i) {
      stages_.push_back(std::make_unique<match_stage>(in_force_, chosen));
      shards.push_back(stages_.back().get());
    }
    executor_options how = options.executor;
    how.event_bytes_max = sizeof(event_header) + rules->data_bytes_max;
    if (options.shards)
      threaded_ = std::make_unique<threaded>(source_, shards, sink_, how);
    else
      inline_ = std::make_unique<inlined>(source_, shards, sink_, how);
  }

  replay_summary run() {
    replay_summary made;
    const auto begin = std::chrono::steady_clock::now();
    try {
      made.end = (threaded_ ? threaded_->run() : inline_->run()).end;
    } catch (const std::exception& e) {
      made.failure = e.what();
    } catch (...) {
      made.failure = "unknown failure";
    }
    made.wall_ns = static_cast<std::uint64_t>((std::chrono::steady_clock::now() - begin).count());
    collect(made);
    return made;
  }

  /// The executor first: a read that ends finds it stopped.
  void stop() noexcept {
    if (threaded_) threaded_->stop();
    if (inline_) inline_->stop();
    source_.stop();
  }

  std::shared_ptr<const change_position> change(const rules::rules_change& wanted, std::uint64_t not_before) {
    const std::lock_guard lock(mutex_);
    std::erase_if(changes_, [](const auto& each) { return each->settled(); });
    auto made =
        std::make_unique<rule_change>(rules::next_revision(*in_force_, wanted), static_cast<unsigned>(stages_.size()));
    made->not_before = not_before;
    for (const auto& stage : stages_) made->shards.push_back(stage->prepare(made->to));
    changes_.push_back(std::move(made));
    rule_change& posted = *changes_.back();
    in_force_ = posted.to;
    source_.post(posted);
    return posted.position;
  }

  [[nodiscard]] std::shared_ptr<const rules::revision> in_force() const {
    const std::lock_guard lock(mutex_);
    return in_force_;
  }

  [[nodiscard]] const feed_source& source() const noexcept { return source_; }

 private:
  using threaded = threaded_executor<feed_source, match_stage, match_sink>;
  using inlined = inline_executor<feed_source, match_stage, match_sink>;

  source_options with_clock(source_options options) const {
    options.clock = clock_.get();
    return options;
  }

  void collect(replay_summary& into) const {
    into.limit_reached = sink_.limit_reached();
    into.output_closed = out_.closed();
    into.source = source_.counters();
    for (const auto& stage : stages_) {
      const rules::engine_counters of = stage->engine().counters();
      into.engine += of;
      into.engine.processed += of.processed + stage->windows().processed();
      into.select_faults += stage->select_faults();
      into.event_latency.merge(stage->latency());
    }
    const auto rules = in_force();
    const auto tallies = sink_.tallies();
    for (std::size_t i = 0; i < rules->names.size(); ++i) {
      const match_sink::tally of = i < tallies.size() ? tallies[i] : match_sink::tally{};
      into.patterns.push_back({rules->names[i], of.matches, of.timeouts, {}});
    }
    for (const auto& stage : stages_) {
      const auto of = stage->engine().counters_by_rule();
      for (std::size_t i = 0; i < of.size() && i < into.patterns.size(); ++i) into.patterns[i].counters += of[i];
    }
    collect_windows(into);
    into.dead_at_bound = sink_.dead();
    into.late_for_windows = sink_.late();
    into.engine.processed -= sink_.dead() + sink_.late();
    into.match_latency.merge(sink_.latency());
    into.output_bytes = out_.bytes();
    into.output_checksum = out_.checksum();
    const auto warnings = threaded_ ? threaded_->warnings() : inline_->warnings();
    into.warnings.assign(warnings.begin(), warnings.end());
  }

  void collect_windows(replay_summary& into) const {
    const auto rules = in_force();
    for (const rules::window_rule& window : rules->declarations->windows) into.windows.push_back({window.name, {}});
    for (const auto& stage : stages_) {
      const auto of = stage->windows().counters();
      for (std::size_t i = 0; i < of.size(); ++i) into.windows[i].counters += of[i];
    }
  }

  std::unique_ptr<cycle_clock> clock_;
  sink::text_output& out_;
  mutable std::mutex mutex_;  // among those who change the rules
  std::shared_ptr<const rules::revision> in_force_;
  std::vector<std::unique_ptr<rule_change>> changes_;  // not settled yet, as far as is known
  feed_source source_;
  match_sink sink_;
  std::optional<trace_request> trace_;
  std::vector<std::unique_ptr<match_stage>> stages_;
  std::unique_ptr<threaded> threaded_;
  std::unique_ptr<inlined> inline_;
};

replay_run::replay_run(const std::shared_ptr<const rules::program>& rules, std::unique_ptr<feed::decoder> decoder,
                       sink::text_output& out, const replay_options& options)
    : state_(std::make_unique<state>(rules, std::move(decoder), out, options)) {}

replay_run::~replay_run() = default;

replay_summary replay_run::run() { return state_->run(); }
void replay_run::stop() noexcept { state_->stop(); }
std::shared_ptr<const change_position> replay_run::change(const rules::rules_change& change, std::uint64_t not_before) {
  return state_->change(change, not_before);
}
std::shared_ptr<const rules::revision> replay_run::in_force() const { return state_->in_force(); }
std::uint64_t replay_run::bytes_read() const noexcept { return state_->source().progress(); }
std::optional<std::uint64_t> replay_run::bytes_total() const noexcept { return state_->source().bytes_total(); }

feed::layout_set layouts_of(const std::shared_ptr<const rules::program>& rules) {
  if (rules->layouts.size() == 1 && rules->selection.choices.front().when.empty())
    return feed::layout_set(rules->layouts);
  return feed::layout_set(rules->layouts, std::make_shared<record_selector>(rules), record_selector::probes(*rules));
}

std::unique_ptr<feed::decoder> open_rules_feed(const std::string& path, feed::format format,
                                               const std::shared_ptr<const rules::program>& rules) {
  return feed::open_feed(path, format, layouts_of(rules));
}

}  // namespace millrace::replay
