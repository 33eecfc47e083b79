// NDJSON decoding against simdjson's own walk over the same bytes, in memory.
//
//   decode            bytes to checked events of four layouts, picked by the field "kind"
//   decode_one        the same, every record as one layout of two fields, the others ignored
//   iterate_by_line   simdjson on-demand, a parser run a line, every field visited, nothing converted
//   convert_by_line   the same, every scalar converted to what it is
//   iterate_many      simdjson's document stream, every field visited, nothing converted
//
// Each run counts its records and fails when the count differs. The feed: MILLRACE_FEED, or binance_ws of the shared
// feeds.
#include <millrace/base/error.hpp>
#include <millrace/feed/open_feed.hpp>

#include <benchmark/benchmark.h>
#include <simdjson.h>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace {

using namespace millrace;

std::string feed_path() {
  const char* const given = std::getenv("MILLRACE_FEED");
  return given != nullptr ? given : MILLRACE_SHARED_DIR "/feeds/binance_ws/feed.ndjson.gz";
}

/// The feed, decompressed, with simdjson's padding behind it. Empty when there is no such file.
const simdjson::padded_string& feed_text() {
  static const simdjson::padded_string text = [] {
    if (!std::filesystem::exists(feed_path())) return simdjson::padded_string();
    const auto source = feed::byte_source::open(feed_path());
    std::string all, piece(1 << 20, '\0');
    while (const std::size_t got = source->read(piece)) all.append(piece, 0, got);
    return simdjson::padded_string(all);
  }();
  return text;
}

std::size_t record_count() {
  static const auto lines =
      static_cast<std::size_t>(std::count(feed_text().data(), feed_text().data() + feed_text().size(), '\n'));
  return lines;
}

field make_field(std::string name, field_type type, std::uint32_t capacity = 0) {
  field f;
  f.name = std::move(name);
  f.type = type;
  f.capacity = capacity;
  return f;
}

std::shared_ptr<event_layout> make_layout(std::string name, const std::vector<field>& fields) {
  auto layout = std::make_shared<event_layout>(std::move(name));
  layout->add(make_field("ts", field_type::timestamp));
  layout->add(make_field("symbol", field_type::string, 12));
  for (const field& f : fields) layout->add(f);
  return layout;
}

class by_kind final : public feed::selector {
 public:
  std::optional<std::size_t> select(std::span<const feed::raw_value> probes) const override {
    constexpr std::array<std::string_view, 3> kinds{"trade", "quote", "depth"};
    const auto at = std::ranges::find(kinds, probes[0].text);
    return at == kinds.end() ? std::nullopt : std::optional(static_cast<std::size_t>(at - kinds.begin()));
  }
};

feed::layout_set market_layouts() {
  using enum field_type;
  const auto trade = make_layout("Trade", {make_field("ex", i64), make_field("id", u64), make_field("price", f64),
                                           make_field("qty", f64), make_field("maker", boolean)});
  const auto quote =
      make_layout("Quote", {make_field("ex", i64), make_field("id", u64), make_field("bid", f64),
                            make_field("bid_qty", f64), make_field("ask", f64), make_field("ask_qty", f64)});
  const auto depth =
      make_layout("Depth", {make_field("ex", i64), make_field("first_id", u64), make_field("last_id", u64),
                            make_field("prev_id", u64), make_field("bids", u32), make_field("asks", u32)});
  return feed::layout_set({trade, quote, depth}, std::make_shared<by_kind>(), {"kind"});
}

void decode_feed(benchmark::State& state, const feed::layout_set& layouts) {
  const std::span bytes = std::as_bytes(std::span(feed_text().data(), feed_text().size()));
  std::vector<event_header> slot(8);
  for (auto _ : state) {
    const auto decoder = feed::open_feed(feed::byte_source::over(bytes), feed::format::ndjson, layouts);
    std::size_t events = 0;
    for (feed::outcome what; (what = decoder->next(slot[0])) != feed::outcome::end;) {
      if (what == feed::outcome::dead) state.SkipWithError(std::string(decoder->reason()).c_str());
      ++events;
      benchmark::DoNotOptimize(slot.data());
    }
    if (events != record_count()) state.SkipWithError("a record was lost");
  }
}

void decode(benchmark::State& state) { decode_feed(state, market_layouts()); }
void decode_one(benchmark::State& state) {
  auto any = std::make_shared<event_layout>("Any");
  any->add(make_field("ts", field_type::timestamp));
  any->add(make_field("kind", field_type::string, 12));
  decode_feed(state, feed::layout_set({any}));
}

void visit(simdjson::ondemand::object object) {
  for (auto member : object) {
    auto key = member.key();
    benchmark::DoNotOptimize(key);
  }
}

void convert(simdjson::ondemand::object object) {
  for (auto member : object) {
    auto key = member.unescaped_key();
    benchmark::DoNotOptimize(key);
    simdjson::ondemand::value value = member.value();
    switch (value.type()) {
      case simdjson::ondemand::json_type::number: {
        auto number = value.get_number();
        benchmark::DoNotOptimize(number);
        break;
      }
      case simdjson::ondemand::json_type::string: {
        auto text = value.get_string();
        benchmark::DoNotOptimize(text);
        break;
      }
      case simdjson::ondemand::json_type::boolean: {
        auto truth = value.get_bool();
        benchmark::DoNotOptimize(truth);
        break;
      }
      default: break;
    }
  }
}

template <class Visit>
void by_line(benchmark::State& state, const Visit& each) {
  simdjson::ondemand::parser parser;
  const char* const end = feed_text().data() + feed_text().size();
  for (auto _ : state) {
    std::size_t documents = 0;
    for (const char* at = feed_text().data(); at < end;) {
      const auto* line_end = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
      if (line_end == nullptr) line_end = end;
      const auto bytes = static_cast<std::size_t>(line_end - at);
      auto document = parser.iterate(at, bytes, static_cast<std::size_t>(end - at) + simdjson::SIMDJSON_PADDING);
      each(document.get_object());
      at = line_end + 1;
      ++documents;
    }
    if (documents != record_count()) state.SkipWithError("a record was lost");
  }
}
void iterate_by_line(benchmark::State& state) { by_line(state, visit); }
void convert_by_line(benchmark::State& state) { by_line(state, convert); }

void iterate_many(benchmark::State& state) {
  simdjson::ondemand::parser parser;
  for (auto _ : state) {
    std::size_t documents = 0;
    simdjson::ondemand::document_stream stream = parser.iterate_many(feed_text());
    for (auto document : stream) {
      visit(document.get_object());
      ++documents;
    }
    if (documents != record_count()) state.SkipWithError("a record was lost");
  }
}

void run(benchmark::State& state, void (*body)(benchmark::State&)) {
  if (feed_text().size() == 0) {
    for (auto _ : state) benchmark::ClobberMemory();
    return state.SetLabel("skipped: no feed at " + feed_path() + "; name one in MILLRACE_FEED");
  }
  body(state);
  const auto records = static_cast<double>(state.iterations()) * static_cast<double>(record_count());
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(feed_text().size()));
  state.counters["ns_per_record"] =
      benchmark::Counter(records / 1e9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

BENCHMARK_CAPTURE(run, decode, decode);
BENCHMARK_CAPTURE(run, decode_one, decode_one);
BENCHMARK_CAPTURE(run, iterate_by_line, iterate_by_line);
BENCHMARK_CAPTURE(run, convert_by_line, convert_by_line);
BENCHMARK_CAPTURE(run, iterate_many, iterate_many);

}  // namespace
