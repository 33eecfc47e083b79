#include "html_report.hpp"

#include "plot_library.hpp"

#include <millrace/placement/host_facts.hpp>
#include <millrace/placement/machine.hpp>
#include <millrace/sink/json_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace millrace::tools {
namespace {

constexpr std::string_view page_style = R"(
:root { color-scheme: light dark; --ink: #1d2733; --soft: #5c6b7a; --line: #d8dee6; --page: #fbfcfd; --note: #8a5a00; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e3e8ee; --soft: #9aa7b5; --line: #36414d; --page: #14191f; --note: #e0b060; --bad: #ff8a80; }
  .dygraph-legend { background: #1f262e !important; }
}
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin-bottom: 0; }
h2 { font-size: 1.05rem; margin-top: 2rem; }
p.path, p.soft, footer { color: var(--soft); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .25rem .7rem; border-bottom: 1px solid var(--line); font-weight: normal; }
th { color: var(--soft); }
td { font-size: 1.15rem; }
.plot { width: 100%; height: 20rem; }
.dygraph-axis-label, .dygraph-label, .dygraph-legend { color: var(--ink); }
li.note { color: var(--note); }
.p50 { color: light-dark(#1f6fb2, #6cb6ff); } .p99 { color: light-dark(#b8860b, #e0b060); } .max { color: light-dark(#b3261e, #ff8a80); }
.wrong { color: var(--bad); font-weight: bold; }
pre { white-space: pre-wrap; color: var(--soft); }
footer { margin-top: 2rem; border-top: 1px solid var(--line); padding-top: .5rem; font-size: .85rem; }
)";

constexpr std::string_view page_script = R"(
const data = JSON.parse(document.getElementById('data').textContent);
const short = (x, unit) => Number(x.toPrecision(3)) + ' ' + unit;
const time = ns => ns < 1e3 ? short(ns, 'ns') : ns < 1e6 ? short(ns / 1e3, 'us') : ns < 1e9 ? short(ns / 1e6, 'ms') : short(ns / 1e9, 's');
const decades = (from, to) => {
  const made = [];
  for (let k = Math.floor(Math.log10(Math.max(from, 1))); Math.pow(10, k) <= to * 1.0001; ++k)
    for (const step of [1, 2, 5]) {
      const v = step * Math.pow(10, k);
      if (v >= from && v <= to) made.push({ v: v, label: step == 1 || to < 20 * from ? time(v) : '' });
    }
  return made;
};
const dark = matchMedia('(prefers-color-scheme: dark)').matches;
const colors = dark ? ['#6cb6ff', '#e0b060', '#ff8a80'] : ['#1f6fb2', '#b8860b', '#b3261e'];
const common = { logscale: true, gridLineColor: dark ? '#36414d' : '#d8dee6', axisLineColor: dark ? '#9aa7b5' : '#5c6b7a',
                 colors: colors, strokeWidth: 1.8, legend: 'follow', labelsKMB: false };
const axis = { axisLabelFormatter: time, valueFormatter: time, axisLabelWidth: 60, ticker: decades };
const nines = x => x < 0.5 ? '0 %' : (100 - 100 / Math.pow(10, x)).toFixed(Math.max(0, Math.round(x) - 2)) + ' %';
if (data.percentiles.length > 0) {
  const last = Math.ceil(data.percentiles[data.percentiles.length - 1][0]);
  new Dygraph(document.getElementById('percentiles'), data.percentiles, { ...common, labels: ['percentile', 'latency'],
    axes: { y: axis, x: { valueFormatter: x => (100 - 100 / Math.pow(10, x)).toPrecision(7).replace(/\.?0+$/, '') + ' %', axisLabelFormatter: nines, axisLabelWidth: 80,
                          ticker: () => [...Array(last + 1).keys()].map(v => ({ v: v, label: nines(v) })) } } });
  new Dygraph(document.getElementById('times'), data.times, { ...common, labels: ['seconds', 'p50', 'p99', 'max'], connectSeparatedPoints: true,
    drawPoints: data.times.length < 200, pointSize: 2,
    axes: { y: axis, x: { valueFormatter: x => x.toFixed(2) + ' s', axisLabelFormatter: x => short(x, 's') } } });
}
)";

std::string escaped(std::string_view text) {
  std::string made;
  for (const char c : text) {
    switch (c) {
      case '&': made += "&amp;"; break;
      case '<': made += "&lt;"; break;
      case '>': made += "&gt;"; break;
      case '"': made += "&quot;"; break;
      default: made += c;
    }
  }
  return made;
}

/// Points of both plots. The percentile axis counts nines: x = -log10(1 - p).
std::string data_json(const bench_report& of) {
  std::string text;
  sink::json_text json(text);
  const char* comma = "";
  json.raw("{\"percentiles\":[");
  for (const auto& row : of.result.latencies.percentile_rows(5)) {
    if (row.percentile >= 100 || row.value <= 0) continue;
    json.raw(comma).raw("[").floating(-std::log10(1 - row.percentile / 100)).raw(",").integer(row.value).raw("]");
    comma = ",";
  }
  json.raw("],\"times\":[");
  comma = "";
  for (const measure::latency_interval& each : of.result.intervals) {
    if (each.latencies.count() == 0) continue;
    json.raw(comma).raw("[").floating(static_cast<double>(each.begin_ns) / 1e9);
    for (const double percentile : {50.0, 99.0, 100.0})
      json.raw(",").integer(std::max<std::int64_t>(1, each.latencies.value_at_percentile(percentile)));
    json.raw("]");
    comma = ",";
  }
  json.raw("]}");
  return text;
}

}  // namespace

std::string report_html(const bench_report& of) {
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width\">\n<title>millrace bench {}</title>\n<style>{}{}</style>\n</head>\n<body>\n",
      escaped(of.what->name), plot_library::style, page_style);
  html += fmt::format("<h1>{}</h1>\n<p class=\"path\">{}</p>\n<p>{}</p>\n", escaped(of.what->name),
                      escaped(of.what->path), escaped(load_text(of)));
  if (!of.result.wrong.empty())
    html +=
        fmt::format("<p class=\"wrong\">Wrong answers: {}. The figures mean nothing.</p>\n", escaped(of.result.wrong));
  html += "<table><tr>";
  const auto figures = figures_of(of.result.latencies);
  for (const figure& each : figures) html += fmt::format("<th>{}</th>", each.name);
  html += "</tr><tr>";
  for (const figure& each : figures) html += fmt::format("<td>{}</td>", duration_text(each.ns));
  html += fmt::format("</tr></table>\n<p class=\"soft\">Latency of {} events, {}.</p>\n", of.result.latencies.count(),
                      escaped(of.what->latency));
  const auto notes = remarks(of);
  if (!notes.empty()) html += "<ul>\n";
  for (const std::string& each : notes) html += fmt::format("<li class=\"note\">{}</li>\n", escaped(each));
  if (!notes.empty()) html += "</ul>\n";
  html +=
      "<h2>Latency by percentile</h2>\n<div id=\"percentiles\" class=\"plot\"></div>\n"
      "<h2>Latency over the run: <span class=\"p50\">p50</span>, <span class=\"p99\">p99</span>, <span "
      "class=\"max\">max</span></h2>\n<div id=\"times\" class=\"plot\"></div>\n<h2>Machine and build</h2>\n<pre>";
  html += escaped(host_facts::detect().describe() + machine::detect().describe() + build_text());
  html += "</pre>\n<footer>Drag to zoom, double-click to see all again. Plots by dygraphs (MIT licence).</footer>\n";
  html += fmt::format(
      "<script type=\"application/json\" id=\"data\">{}</script>\n<script>{}</script>\n<script>{}</script>\n",
      data_json(of), plot_library::script, page_script);
  return html + "</body>\n</html>\n";
}

}  // namespace millrace::tools
