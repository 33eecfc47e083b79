#include <millrace/cep/graph.hpp>

#include <algorithm>

namespace millrace::cep {

formula formula::of(condition_id condition) {
  formula made;
  if (condition != no_condition) made.clauses_.push_back({{condition, false}});
  return made;
}

formula formula::negated() const {
  formula made;
  std::vector<term> clause;
  for (const auto& single : clauses_) clause.push_back({single.front().condition, !single.front().negated});
  made.clauses_.push_back(std::move(clause));  // of nothing: the empty clause, which never holds
  made.normalise();
  return made;
}

formula operator&&(const formula& a, const formula& b) {
  formula made = a;
  made.clauses_.insert(made.clauses_.end(), b.clauses_.begin(), b.clauses_.end());
  made.normalise();
  return made;
}

void formula::normalise() {
  for (auto& clause : clauses_) {
    std::ranges::sort(clause);
    clause.erase(std::unique(clause.begin(), clause.end()), clause.end());
  }
  std::erase_if(clauses_, [](const std::vector<term>& clause) {  // x or not x
    return std::ranges::any_of(clause, [&](const term& t) {
      return std::ranges::binary_search(clause, term{t.condition, !t.negated});
    });
  });
  std::ranges::sort(clauses_);
  clauses_.erase(std::unique(clauses_.begin(), clauses_.end()), clauses_.end());
}

bool formula::impossible() const {
  const auto denied = [this](const term& t) {
    const std::vector<term> opposite{{t.condition, !t.negated}};
    return std::ranges::binary_search(clauses_, opposite);
  };
  return std::ranges::any_of(clauses_,
                             [&](const std::vector<term>& clause) { return std::ranges::all_of(clause, denied); });
}

}  // namespace millrace::cep
