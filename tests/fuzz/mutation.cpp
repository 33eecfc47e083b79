#include "mutation.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <string_view>

namespace millrace::fuzz {
namespace {

using std::string_view;

constexpr std::array<string_view, 6> links{"next ", "then ", "then ", "then any ", "not then ", "not next "};
constexpr std::array<string_view, 12> quantifiers{"",  "{2}", "{1,2}", "{0,2}", "{1,}", "{2,}",
                                                  "+", "*",   "?",     "{2}?",  "+?",   "{3}"};
constexpr std::array<string_view, 8> modifiers{
    " strict", " any", " greedy", " within 2ms", " until (price > 2)", " until (name == \"b\")", " is E", ""};
constexpr std::array<string_view, 10> conditions{"price > 1",
                                                 "name == \"a\"",
                                                 "name == \"b\" or price < 2",
                                                 "price > first(@.price)",
                                                 "count(@) < 2",
                                                 "not (price < @.price)",
                                                 "name in @.name",
                                                 "sum(@.price) < 6",
                                                 "price * 2 > @.price + 1",
                                                 "avg(@.price) <= 2 and name != \"c\""};
constexpr std::array<string_view, 7> more_stages{"then all ( #a : $, #b : $ )\n",
                                                 "next all ( #a : $, #b{2} : $, #c : $ )\n",
                                                 "then any all ( #a : $, #b )\n",
                                                 "then ( #a : $\n then all ( #b : $, #c : $ )\n)+\n",
                                                 "then ( all ( #a : $, #b : $ )\n next #c : $\n){2}\n",
                                                 "then #a+ : $\n",
                                                 "not then #a : $\n"};
constexpr std::array<string_view, 6> skips{"skip none\n",       "skip next\n",      "skip past last\n",
                                           "skip to first @\n", "skip to last @\n", ""};
constexpr std::array<string_view, 5> bounds{"", "within 3ms ", "within 6ms ", "within 2ms between events ", "by name "};
constexpr std::array<string_view, 12> noise{"(", ")", "{", "}", "\"", ",", ":", "all (", "1000", "`", "#", "-"};

/// A pattern in lines, most of which are a stage.
class mutator {
 public:
  mutator(const std::vector<std::string>& seeds, std::uint64_t number) : seeds_(seeds), random_(number) {}

  std::string run() {
    const std::string& seed = one_of(seeds_);
    const std::size_t end = seed.find('\0');
    const std::size_t body = std::min(seed.find("pattern"), end);
    split(seed.substr(body, end - body));
    for (std::size_t left = 1 + below(3); left > 0; --left) change();
    std::string made = seed.substr(0, body);
    for (const std::string& line : lines_) made += line;
    made += seed.substr(end);
    if (below(5) == 0) made.insert(below(made.size() + 1), one_of(noise));
    if (below(10) == 0) made.insert(below(made.size() + 1), 1, static_cast<char>(below(256)));
    if (below(10) == 0) made.erase(below(made.size()), below(20));
    return made;
  }

 private:
  std::size_t below(std::size_t n) { return n == 0 ? 0 : static_cast<std::size_t>(random_() % n); }
  template <class Choices>
  const typename Choices::value_type& one_of(const Choices& of) {
    return of[below(of.size())];
  }

  void split(const std::string& text) {
    for (std::size_t i = 0; i < text.size();) {
      const std::size_t end = std::min(text.find('\n', i), text.size() - 1) + 1;
      lines_.push_back(text.substr(i, end - i));
      i = end;
    }
  }

  /// A line inside the braces.
  std::size_t place() { return lines_.size() < 3 ? 0 : 1 + below(lines_.size() - 2); }

  /// The name of some line's stage.
  std::string stage() {
    std::string line = lines_[place()];
    for (const string_view link : links)
      if (const auto at = line.find(link); at != std::string::npos) line = line.substr(at + link.size());
    const std::size_t begin = line.find_first_not_of(" (");
    if (begin == std::string::npos) return "a";
    return line.substr(begin, line.find_first_of(" {+*?:\n", begin) - begin);
  }

  /// A template with its signs filled in: '#' a name's start, '$' a condition, '@' some stage.
  std::string filled(string_view form) {
    const std::string fresh = std::string("x").append(std::to_string(made_++));
    std::string made;
    for (const char c : form)
      made += c == '#' ? fresh : c == '$' ? filled(one_of(conditions)) : c == '@' ? stage() : std::string(1, c);
    return made;
  }

  static void put(std::string& line, std::size_t from, std::size_t to, string_view what) {
    line.replace(from, to - from, what);
  }

  void change() {
    std::string& line = lines_[place()];
    const std::size_t text = std::min(line.find_first_not_of(' '), line.size());
    const std::size_t colon = std::min(line.find(" : "), line.size() - 1);
    switch (below(9)) {
      case 0: line.assign(1, '\n'); break;
      case 1: line += filled(one_of(more_stages)); break;
      case 2: put(line, colon, line.size(), std::string(" : ").append(filled(one_of(conditions))).append("\n")); break;
      case 3: put(line, colon, colon, one_of(modifiers)); break;
      case 4: {
        const std::size_t old = std::min(line.find_first_of("{+*?"), colon);
        put(line, old, old == colon ? old : std::min(line.find_first_of(" \n", old), colon), one_of(quantifiers));
        break;
      }
      case 5:
        for (const string_view link : links)
          if (line.substr(text).starts_with(link)) return put(line, text, text + link.size(), one_of(links));
        break;
      case 6: {
        const std::size_t brace = lines_.front().find('{');
        const std::size_t within = std::min(lines_.front().find("within"), brace);
        if (brace != std::string::npos) put(lines_.front(), within, brace, one_of(bounds));
        break;
      }
      case 7: {
        const std::string added = filled(one_of(skips));
        for (std::string& each : lines_)
          if (each.find("skip ") != std::string::npos) each.assign(1, '\n');
        lines_.back() = added + lines_.back();
        break;
      }
      default: std::swap(line, lines_[place()]);
    }
  }

  const std::vector<std::string>& seeds_;
  std::mt19937_64 random_;
  std::vector<std::string> lines_;
  int made_ = 0;
};

}  // namespace

std::string mutation(const std::vector<std::string>& seeds, std::uint64_t number) {
  return mutator(seeds, number).run();
}

}  // namespace millrace::fuzz
