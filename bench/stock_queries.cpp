#include "stock_queries.hpp"

#include <millrace/base/error.hpp>
#include <millrace/base/fixed_string.hpp>
#include <millrace/replay/replay.hpp>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

namespace millrace::bench {
namespace {

std::string contents_of(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw error("cannot read " + path);
  std::ostringstream all;
  all << file.rdbuf();
  return all.str();
}

std::vector<stock_stage> stages_of(const std::string& text) {
  static const std::regex stage(R"re(s\d+ : (?:event_type == "(\w+)" and )?name == "(\w+)")re");
  std::vector<stock_stage> found;
  for (std::sregex_iterator at(text.begin(), text.end(), stage), end; at != end; ++at)
    found.push_back({(*at)[1], (*at)[2]});
  return found;
}

std::string condition_of(const stock_stage& stage) {
  const std::string ticker = "name == \"" + stage.ticker + '"';
  return stage.side.empty() ? ticker : "event_type == \"" + stage.side + "\" and " + ticker;
}

/// The text with the stages after the first `kept` ones replaced.
std::string with_stages(const std::string& text, std::size_t kept, const std::vector<stock_stage>& stages) {
  std::size_t end = text.find('{', text.find("\npattern "));
  for (std::size_t i = 0; i <= kept; ++i) end = text.find('\n', end + 1);
  std::string made = text.substr(0, end + 1);
  for (std::size_t i = kept; i < stages.size(); ++i)
    made +=
        std::string(i == 0 ? "  s" : "  then any s") + std::to_string(i + 1) + " : " + condition_of(stages[i]) + '\n';
  return made + "}\n";
}

std::uint32_t offset_of(const event_layout& layout, std::string_view name) {
  const auto at = layout.find(name);
  if (!at) throw error("the stock rules declare no field '" + std::string(name) + "'");
  return layout.fields()[*at].offset;
}

stock_feed decode() {
  const auto rules = compiled(contents_of(stock_folder() + "/q1_10s.mr"));
  const event_layout& layout = *rules->layouts.front();
  if (layout.bytes() > sizeof(stock_event::data)) throw error("a trade is larger than expected");
  const auto decoder = replay::open_rules_feed(stock_folder() + "/feed.csv.gz", feed::format::automatic, rules);
  stock_feed made;
  made.side_offset = offset_of(layout, "event_type");
  made.ticker_offset = offset_of(layout, "name");
  stock_event each{};
  for (feed::outcome what; (what = decoder->next(each.header)) != feed::outcome::end;) {
    if (what != feed::outcome::event) throw error("the stock feed has a record that is no trade");
    each.header.route = text_matcher::route;
    made.events.push_back(each);
  }
  return made;
}

/// Paths that the events behind one start make, by stage: how many, and the sum of their events' places.
struct paths {
  std::uint64_t count = 0;
  std::uint64_t places = 0;
};

stock_answers count_paths(const stock_query& query) {
  const stock_feed& feed = stocks();
  const std::size_t last = query.stages.size() - 1;
  std::vector<std::uint64_t> fits(feed.events.size());  // bit by stage
  for (std::size_t i = 0; i < fits.size(); ++i)
    for (std::size_t s = 0; s <= last; ++s) fits[i] |= std::uint64_t{feed.fits(i, query.stages[s])} << s;
  std::vector<paths> completed(fits.size());
  for (std::size_t start = 0; start < fits.size(); ++start) {
    if ((fits[start] & 1) == 0) continue;
    std::vector<paths> to(query.stages.size());
    to[0] = {1, start};
    const std::int64_t end_ns = feed.events[start].header.time_ns + query.within_ms * 1'000'000;
    for (std::size_t i = start + 1; i < fits.size() && feed.events[i].header.time_ns < end_ns; ++i) {
      for (std::size_t s = last; s > 0; --s) {
        if ((fits[i] >> s & 1) == 0) continue;
        paths& grown = s == last ? completed[i] : to[s];
        grown.count += to[s - 1].count;
        grown.places += to[s - 1].places + to[s - 1].count * i;
      }
    }
  }
  stock_answers made{{0}, {0}};
  for (const paths& each : completed) {
    made.matches.push_back(made.matches.back() + each.count);
    made.places.push_back(made.places.back() + each.places);
  }
  return made;
}

/// Compares with the published count, if there is one: of a text that a rules file of `counts.tsv` has.
void compare_with_published(const stock_query& query, std::uint64_t found) {
  std::istringstream lines(contents_of(stock_folder() + "/counts.tsv"));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream columns(line);
    std::string name;
    std::uint64_t published = 0;
    if (line.starts_with('#') || !(columns >> name >> published)) continue;
    if (contents_of(stock_folder() + '/' + name + ".mr") == query.text && published != found)
      throw error(name + ": counted " + std::to_string(found) + " matches, counts.tsv has " +
                  std::to_string(published));
  }
}

}  // namespace

std::string_view stock_feed::side(std::size_t event) const noexcept {
  return read_fixed_string(events[event].data.data() + side_offset);
}
std::string_view stock_feed::ticker(std::size_t event) const noexcept {
  return read_fixed_string(events[event].data.data() + ticker_offset);
}
bool stock_feed::fits(std::size_t event, const stock_stage& stage) const noexcept {
  return (stage.side.empty() || side(event) == stage.side) && ticker(event) == stage.ticker;
}

const std::string& stock_folder() {
  static const std::string folder = MILLRACE_SHARED_DIR "/feeds/core_stocks";
  return folder;
}
bool has_stocks() { return std::filesystem::exists(stock_folder() + "/feed.csv.gz"); }

const stock_feed& stocks() {
  static const stock_feed feed = decode();
  return feed;
}

stock_query read_query(const std::string& name, std::int64_t within_ms) {
  static const std::regex window(R"(within \d+ms)");
  const std::string text = contents_of(stock_folder() + '/' + name + ".mr");
  const auto stages = stages_of(text);
  if (stages.size() < 2 || !std::regex_search(text, window))
    throw error(name + ".mr: expected stages on event_type and name, and a window in ms");
  return {std::regex_replace(text, window, "within " + std::to_string(within_ms) + "ms"), stages, within_ms};
}

stock_query extended(stock_query query, const std::vector<stock_stage>& more) {
  const std::size_t kept = query.stages.size();
  query.stages.insert(query.stages.end(), more.begin(), more.end());
  query.text = with_stages(query.text, kept, query.stages);
  return query;
}

stock_query never_complete(const stock_query& query) {
  stock_query made = query;
  made.stages.back() = {"BUY", "Never"};
  made.text = with_stages(query.text, query.stages.size() - 1, made.stages);
  return made;
}

const stock_answers& answers_of(const stock_query& query) {
  static std::map<std::string, stock_answers> known;
  const auto at = known.find(query.text);
  if (at != known.end()) return at->second;
  auto answers = count_paths(query);
  compare_with_published(query, answers.matches.back());
  return known.emplace(query.text, std::move(answers)).first->second;
}

}  // namespace millrace::bench
