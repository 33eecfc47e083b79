#include "random_case.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace millrace::oracle {
namespace {

std::string stages_text(const std::vector<draft_stage>& stages, const std::string& indent, bool any_order = false) {
  std::string made;
  for (const draft_stage& s : stages) {
    if (any_order && &s != &stages.front()) made += indent + ",\n";
    made += indent + s.link + (s.link.empty() ? "" : " ");
    if (s.any_order) made += "all ";
    made += s.members.empty() ? s.name : "(\n" + stages_text(s.members, indent + "  ", s.any_order) + indent + ")";
    made += s.quantifier;
    for (const std::string& m : s.modifiers) made += " " + m;
    made += (s.condition.empty() ? "" : " : " + s.condition) + "\n";
  }
  return made;
}

class generator {
 public:
  explicit generator(std::uint64_t seed) : random_(seed) {}

  random_case run() {
    random_case made;
    made.rules = one_in(2) ? straight_draft() : any_draft();
    made.rules.by_id = one_in(3);
    made.feed = feed(made.rules.by_id || is_straight_);
    made.jitter_ms = between(1, 4);
    names_.clear();
    count_ = 0;
    made.beside = one_in(2) ? straight_draft() : any_draft();
    made.beside.by_id = one_in(2);
    return made;
  }

 private:
  draft any_draft() {
    draft made;
    is_straight_ = false;
    const bool ends_in_absence = one_in(6);
    if (ends_in_absence || one_in(2)) made.within = "within " + std::to_string(between(2, 8)) + "ms";
    const bool between_events = !ends_in_absence && one_in(10);
    if (between_events) made.within = "within " + std::to_string(between(1, 4)) + "ms between events";
    gaps_ = one_in(4) || between_events;
    made.stages = sequence(between(1, 4), 0);
    if (ends_in_absence) made.stages.push_back(absence(condition(), one_in(3) ? "not next" : "not then"));
    made.skip = skip(made.stages);
    made.reports_timeouts = one_in(2);
    return made;
  }

  /// Stages in a straight line, with conditions on the event alone.
  draft straight_draft() {
    draft made;
    is_straight_ = true;
    gaps_ = false;
    const bool ends_in_absence = one_in(4);
    if (ends_in_absence || !one_in(4)) made.within = "within " + std::to_string(between(2, 12)) + "ms";
    // Where no link branches, a skip strategy has one partial match a start.
    const bool branches = one_in(2);
    const int length = between(1, 5);
    for (int i = 0; i < length; ++i) {
      if (i > 0 && one_in(4)) made.stages.push_back(absence(plain_condition(), "not then"));
      made.stages.push_back(straight_stage(branches));
      if (i > 0) made.stages.back().link = branches ? one_of({"next", "then", "then any"}) : one_of({"next", "then"});
    }
    if (ends_in_absence) made.stages.push_back(absence(plain_condition(), "not then"));
    if (!branches && !ends_in_absence) made.skip = skip(made.stages);
    made.reports_timeouts = one_in(12);
    return made;
  }

  draft_stage straight_stage(bool branches) {
    draft_stage made;
    made.name = "s" + std::to_string(count_++);
    if (!one_in(10)) made.condition = plain_condition();
    if (!one_in(4)) return made;
    made.quantifier = one_of({"{2}", "{3}"});
    if (one_in(3))
      made.modifiers.push_back("strict");
    else if (branches && one_in(3))
      made.modifiers.push_back("any");
    return made;
  }

  // Not std::uniform_int_distribution: its numbers differ from library to library.
  int between(int least, int most) {
    return least + static_cast<int>(random_() % static_cast<std::uint64_t>(most - least + 1));
  }
  bool one_in(int n) { return between(1, n) == 1; }
  template <std::size_t N>
  std::string one_of(const char* const (&choices)[N]) {
    return choices[between(0, static_cast<int>(N) - 1)];
  }

  std::string letter() { return one_of({"\"a\"", "\"b\"", "\"c\"", "\"d\""}); }
  std::string earlier_stage() {
    return names_.empty() ? "s0" : names_[static_cast<std::size_t>(between(0, static_cast<int>(names_.size()) - 1))];
  }

  std::string plain_condition() {
    switch (between(0, 9)) {
      case 0: return "price > 2";
      case 1: return "name != " + letter();
      case 2: return "not (name == " + letter() + " or price < 2)";
      case 3: return "name in (" + letter() + ", " + letter() + ") and price <= 3";
      case 4:
      case 5: return "name == " + letter() + " or name == " + letter();
      case 6: return "price > 1";
      default: return "name == " + letter();
    }
  }

  std::string history_condition() {
    const std::string s = earlier_stage();
    switch (between(0, 11)) {
      case 0: return "price > first(" + s + ".price)";
      case 1: return "count(" + s + ") < 2";
      case 2: return "sum(" + s + ".price) < 6";
      case 3: return "name not in " + s + ".name";
      case 4: return "name in " + s + ".name";
      case 5: return "price >= " + s + ".price";
      case 6: return "avg(" + s + ".price) <= 2 or name == " + letter();
      case 7: return "max(" + s + ".price) - min(" + s + ".price) < 2";
      case 8: return "distinct(" + s + ".name) <= 1";
      case 9: return "t - first(" + s + ".t) < 3ms";
      case 10: return "count(" + s + ") == 0 or price * 2 > last(" + s + ".price) + 1";
      default: return "not (price < last(" + s + ".price))";
    }
  }

  std::string condition() {
    if (one_in(12) && !gaps_) return "";
    if (!one_in(4)) return plain_condition();
    return one_in(2) ? history_condition() : "(" + plain_condition() + ") and " + history_condition();
  }

  std::string quantifier() {
    return one_of({"{2}", "{3}", "{1}", "{1,2}", "{2,3}", "{0,2}", "{1,}", "{2,}", "+", "*", "?", "?", "{2}?", "{1,2}?",
                   "{2,}?"});
  }
  static bool loops(const std::string& q) { return q == "+" || q == "*" || q.find(",}") != std::string::npos; }
  static bool may_be_absent(const std::string& q) { return q == "*" || q.ends_with("?") || q.starts_with("{0"); }

  static bool is_greedy(const draft_stage& s) {
    return std::ranges::find(s.modifiers, std::string("greedy")) != s.modifiers.end();
  }

  draft_stage absence(const std::string& condition, const std::string& link) {
    draft_stage made;
    made.link = link;
    made.name = "s" + std::to_string(count_++);
    made.condition = condition;
    return made;
  }

  draft_stage single() {
    draft_stage made;
    made.name = "s" + std::to_string(count_++);
    names_.push_back(made.name);  // a stage may read itself
    made.condition = condition();
    if (one_in(2)) made.quantifier = quantifier();
    if (made.quantifier.empty() || made.quantifier == "?") return made;
    const bool any = one_in(4);
    if (any) made.modifiers.push_back("any");
    if (!any && one_in(4)) made.modifiers.push_back("strict");
    if (!any && one_in(4)) made.modifiers.push_back("greedy");
    if (loops(made.quantifier) && one_in(4))
      made.modifiers.push_back("until (" + (one_in(4) ? history_condition() : plain_condition()) + ")");
    return made;
  }

  draft_stage group(int depth) {
    draft_stage made;
    made.members = sequence(between(1, 3), depth + 1);
    if (one_in(3)) return made;
    made.quantifier = quantifier();
    if (made.quantifier != "?" && one_in(3)) made.modifiers.push_back(one_of({"strict", "any"}));
    if (loops(made.quantifier) && one_in(4)) made.modifiers.push_back("until (" + plain_condition() + ")");
    return made;
  }

  draft_stage any_order() {
    draft_stage made;
    made.any_order = true;
    for (int left = one_in(4) ? 3 : 2; left > 0; --left) {
      draft_stage& member = made.members.emplace_back();
      member.name = "s" + std::to_string(count_++);
      names_.push_back(member.name);
      member.condition = condition();
      if (one_in(4)) member.quantifier = one_of({"{2}", "{1}", "{3}"});
    }
    return made;
  }

  std::vector<draft_stage> sequence(int length, int depth) {
    std::vector<draft_stage> made;
    for (int i = 0; i < length; ++i) {
      const bool can_be_negated = i > 0 && !may_be_absent(made.back().quantifier);
      if (can_be_negated && i + 1 < length && one_in(5)) {
        made.push_back(absence(condition(), one_of({"not then", "not then", "not next"})));
        continue;
      }
      draft_stage next = depth < 2 && one_in(5) ? group(depth) : one_in(7) ? any_order() : single();
      if (i > 0) next.link = one_of({"next", "then", "then", "then any"});
      // Refused right behind a greedy stage, but for {0,n}.
      if (i > 0 && is_greedy(made.back()) && may_be_absent(next.quantifier)) next.quantifier = "{0,2}";
      if (gaps_ && i > 0 && next.members.empty() && one_in(2))
        next.modifiers.push_back("within " + std::to_string(between(1, 4)) + "ms");
      made.push_back(std::move(next));
    }
    return made;
  }

  std::string skip(const std::vector<draft_stage>& stages) {
    const std::string how = one_of({"none", "none", "none", "next", "past last", "to first", "to last"});
    if (!how.starts_with("to")) return how;
    std::vector<std::string> names;
    for (const draft_stage& s : stages) {
      if (s.members.empty() && !s.link.starts_with("not")) names.push_back(s.name);
      if (!s.any_order) continue;
      for (const draft_stage& member : s.members) names.push_back(member.name);
    }
    return names.empty() ? "next"
                         : how + " " + names[static_cast<std::size_t>(between(0, static_cast<int>(names.size()) - 1))];
  }

  std::vector<shown> feed(bool is_long) {
    std::vector<shown> made;
    std::int64_t time = between(0, 2);
    for (int left = between(5, is_long ? 24 : 14); left > 0; --left) {
      shown& next = made.emplace_back();
      next.time_ms = time;
      next.id = between(1, 3);
      next.name = one_of({"a", "b", "c", "d"});
      next.price = between(1, 4);
      time += one_in(3) ? 0 : one_in(6) ? between(2, 5) : 1;
    }
    return made;
  }

  std::mt19937_64 random_;
  std::vector<std::string> names_;
  int count_ = 0;
  bool gaps_ = false;
  bool is_straight_ = false;
};

/// Calls `change` for each stage of the case, wherever it nests, on a copy of the case.
template <class Change>
void each_stage(std::vector<draft_stage>& stages, const Change& change) {
  for (std::size_t i = 0; i < stages.size(); ++i) {
    change(stages, i);
    each_stage(stages[i].members, change);
  }
}

std::size_t count(std::vector<draft_stage> stages) {
  std::size_t made = 0;
  each_stage(stages, [&](auto&, std::size_t) { ++made; });
  return made;
}

/// A copy of the case in which the stage with this number is changed.
template <class Change>
random_case with_stage(const random_case& from, std::size_t number, const Change& change) {
  random_case made = from;
  std::vector<draft_stage>* holder = nullptr;
  std::size_t place = 0;
  std::size_t seen = 0;
  each_stage(made.rules.stages, [&](std::vector<draft_stage>& stages, std::size_t i) {
    if (seen++ != number) return;
    holder = &stages;
    place = i;
  });
  change(*holder, place);
  return made;
}

/// Bounds on gaps. With them every stage has a condition: when a run is over that could go on only by events that
/// nothing can be (behind a greedy loop of everything, say) is left open, and of no use.
bool has_gaps(const std::string& text) {
  const std::size_t stages = text.find("{\n", text.find("pattern"));
  return text.find("between events") != std::string::npos || text.find(" within ", stages) != std::string::npos;
}

std::string line_of(const shown& s) {
  return fmt::format("{{\"t\":{},\"id\":{},\"name\":\"{}\",\"price\":{}}}\n", s.time_ms, s.id, s.name, s.price);
}

void drop_stage(std::vector<draft_stage>& stages, std::size_t i) {
  stages.erase(stages.begin() + static_cast<std::ptrdiff_t>(i));
  if (i == 0 && !stages.empty()) stages[0].link.clear();
}

}  // namespace

std::string draft::text() const {
  return "event E {\n  t     : timestamp(ms)\n  id    : i64\n  name  : string(8)\n  price : f64\n}\n" +
         pattern_text("p");
}

std::string draft::pattern_text(const std::string& pattern_name) const {
  return "pattern " + pattern_name + " on E " + (by_id ? "by id " : "") + within + " {\n" + stages_text(stages, "  ") +
         "  skip " + skip + "\n" + (reports_timeouts ? "  on timeout\n" : "") + "}\n";
}

std::vector<record> random_case::records() const {
  std::vector<record> made;
  for (const shown& s : feed) {
    const std::int64_t time = s.time_ms * 1'000'000;
    made.push_back({time, {{"t", time}, {"id", s.id}, {"name", s.name}, {"price", s.price}}});
  }
  return made;
}

std::string random_case::in_order() const {
  std::string made;
  for (const shown& s : feed) made += line_of(s);
  return made;
}

std::string random_case::out_of_order() const {
  // A record comes where it would stand if it were this much later.
  std::vector<std::pair<std::int64_t, const shown*>> late;
  for (std::size_t i = 0; i < feed.size(); ++i)
    late.emplace_back(feed[i].time_ms + static_cast<std::int64_t>(i * 7919 % 13) * jitter_ms / 12, &feed[i]);
  std::ranges::stable_sort(late, {}, &std::pair<std::int64_t, const shown*>::first);
  std::string made;
  for (const auto& [at, s] : late) made += line_of(*s);
  return made;
}

random_case make_case(std::uint64_t seed) { return generator(seed).run(); }

std::vector<random_case> smaller(const random_case& from) {
  std::vector<random_case> made;
  for (std::size_t i = 0; i < from.feed.size(); ++i) {
    made.push_back(from);
    made.back().feed.erase(made.back().feed.begin() + static_cast<std::ptrdiff_t>(i));
  }
  for (std::size_t n = count(from.rules.stages); n-- > 0;) {
    made.push_back(with_stage(from, n, drop_stage));
    made.push_back(with_stage(
        from, n, [](auto& stages, std::size_t i) { stages[i].quantifier.clear(), stages[i].modifiers.clear(); }));
    made.push_back(with_stage(from, n, [](auto& stages, std::size_t i) { stages[i].modifiers.clear(); }));
    for (std::size_t m = 0; m < 4; ++m)
      made.push_back(with_stage(from, n, [m](auto& stages, std::size_t i) {
        auto& modifiers = stages[i].modifiers;
        if (m < modifiers.size()) modifiers.erase(modifiers.begin() + static_cast<std::ptrdiff_t>(m));
      }));
    if (!has_gaps(from.rules.text()))
      made.push_back(with_stage(from, n, [](auto& stages, std::size_t i) { stages[i].condition.clear(); }));
    made.push_back(with_stage(from, n, [](auto& stages, std::size_t i) {
      if (stages[i].condition.find("count") == std::string::npos && stages[i].condition != "price > 1" &&
          !stages[i].condition.empty())
        stages[i].condition = "price > 1";
    }));
    made.push_back(with_stage(from, n, [](auto& stages, std::size_t i) {
      if (stages[i].link.starts_with("then")) stages[i].link = "next";
    }));
  }
  if (from.rules.skip != "none") {
    made.push_back(from);
    made.back().rules.skip = "none";
  }
  made.push_back(from);
  made.back().rules.reports_timeouts = false;
  made.push_back(from);
  made.back().rules.within.clear();
  made.push_back(from);
  made.back().rules.by_id = false;
  return made;
}

std::string text_of(const random_case& each) {
  std::string made = each.rules.text();
  for (std::size_t i = 0; i < each.feed.size(); ++i) made += fmt::format("{}: {}", i, line_of(each.feed[i]));
  return made;
}

}  // namespace millrace::oracle
