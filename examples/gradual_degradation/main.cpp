// It gets worse step by step: an hour's samples are the baseline, then one of twice their mean, then one of five times,
// without a return below the mean. Conditions compute over a whole loop that was taken before.
//   zcat examples/feeds/nab/feed.csv.gz | example_gradual_degradation
#include <millrace/millrace.hpp>

#include <chrono>
#include <iomanip>
#include <iostream>
#include <string>

using namespace millrace;
using namespace std::chrono_literals;

struct sample {
  fixed_string<48> series;
  double value;
};

struct warning {
  fixed_string<48> series;
  double mean;
  double doubled;
  double critical;
};

// Lines of ts,series,value on standard input, times as RFC 3339.
struct samples {
  poll_result poll(event<sample>& into) {
    std::string ts, series, value;
    for (std::string* cell : {&ts, &series}) std::getline(std::cin, *cell, ',');
    std::getline(std::cin, value);
    if (!std::cin) return poll_result::ended;
    if (!into.data.series.try_assign(series)) throw error("too long: " + series);
    into.header.time_ns = parse_rfc3339(ts).value();
    into.data.value = std::stod(value);
    return poll_result::ready;
  }
};

/// Of the baseline, whether it is read while the match grows or when it is complete.
template <class Match>
double mean(const Match& match) {
  double sum = 0;
  double count = 0;
  for (const sample& each : match.events("baseline")) {
    sum += each.value;
    ++count;
  }
  return sum / count;
}

int main() {
  using so_far = cep::taken<sample>;
  auto doubled = [](const sample& s, const so_far& m) { return s.value >= 2 * mean(m) && s.value < 5 * mean(m); };
  auto recovered = [](const sample& s, const so_far& m) { return s.value < mean(m); };
  auto critical = [](const sample& s, const so_far& m) { return s.value >= 5 * mean(m); };
  // clang-format off
  auto pattern = cep::begin<sample>("baseline").times(12).strict()
                     .then("doubled").where(doubled)
                     .not_then("recovered").where(recovered)
                     .then("critical").where(critical)
                     .within(4h)
                     .skip_past_last();

  std::cin.ignore(100, '\n');                         // the header line
  topology{}
      .source(samples{})
      .key_by(&sample::series)
      .match(pattern, [](const auto& m, auto& out) {
        out.emit(warning{m["critical"].series, mean(m), m["doubled"].value, m["critical"].value});
      })
      .sink([](const warning& w) {
        std::cout << std::fixed << std::setprecision(2) << w.series << ": mean " << w.mean << ", then " << w.doubled
                  << ", then " << w.critical << '\n';
      })
      .build()
      .run();
  // clang-format on
}
