#include <millrace/replay/feed_source.hpp>

#include <utility>

namespace millrace::replay {

feed_source::feed_source(std::unique_ptr<feed::decoder> decoder, const std::shared_ptr<const rules::revision>& rules,
                         unsigned shards, source_options options)
    : decoder_(std::move(decoder)),
      options_(std::move(options)),
      router_(rules, shards),
      clock_(rules->declarations->time, rules->declarations->disorder_ns, options_.reorder_capacity,
             rules->declarations->data_bytes_max),
      pacer_(options_.speed),
      room_(1 + (rules->declarations->data_bytes_max + sizeof(event_header) - 1) / sizeof(event_header)),
      event_(room_.data()),
      time_(rules->declarations->time) {
  for (const auto& layout : rules->declarations->layouts) data_bytes_.push_back(layout->bytes());
  heed(*rules);
}

void feed_source::heed(const rules::revision& rules) noexcept {
  released_by_time_ = rules.released_by_time();
  window_types_ = rules.types_of_windows();
  pattern_types_ = rules.types_of_patterns();
  tells_each_event_ = released_by_time_ && time_ == rules::time_mode::arrival;
}

void feed_source::count_dead() {
  ++counters_.records;
  ++counters_.events;
  ++counters_.dead;
  if (options_.on_dead)
    options_.on_dead({decoder_->line_number(), decoder_->record_index(), decoder_->reason(), decoder_->record_text()});
}

void feed_source::count_late() {
  ++counters_.late;
  if (options_.on_late) options_.on_late(decoder_->record_index());
}

void feed_source::count_unheld() {
  ++counters_.dead;
  if (options_.on_dead)
    options_.on_dead({decoder_->line_number(), decoder_->record_index(),
                      "the reorder buffer is full: more events within the disorder bound than it holds",
                      decoder_->record_text()});
}

}  // namespace millrace::replay
