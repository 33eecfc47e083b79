#include "described.hpp"

#include <millrace/rules/parse.hpp>

namespace millrace::oracle {
namespace {

cep::condition_id add(const std::optional<expr::syntax>& written, described& made) {
  if (!written) return cep::no_condition;
  made.conditions.push_back(*written);
  return static_cast<cep::condition_id>(made.conditions.size() - 1);
}

std::vector<cep::stage> stages_of(const std::vector<rules::stage_syntax>& written, described& into) {
  std::vector<cep::stage> made;
  for (const rules::stage_syntax& w : written) {
    cep::stage& s = made.emplace_back();
    s.name = w.name.text;
    s.link = w.link;
    s.quantifier = w.quantifier;
    s.gap_ns = w.gap_ns;
    s.any_order = w.any_order;
    s.members = stages_of(w.members, into);
    s.condition = add(w.condition, into);
    s.until = add(w.until, into);
  }
  return made;
}

void bound_gaps(std::vector<cep::stage>& stages, std::int64_t gap_ns) {
  for (cep::stage& s : stages) {
    bound_gaps(s.members, gap_ns);
    if (!s.is_group() && !s.gap_ns) s.gap_ns = gap_ns;
  }
}

}  // namespace

described describe(const std::string& rules) {
  const rules::pattern_syntax written = rules::parse({"oracle", rules}).patterns.at(0);
  described made;
  made.pattern.name = written.name.text;
  made.pattern.stages = stages_of(written.stages, made);
  made.pattern.skip = written.skip;
  if (written.skip_to) made.pattern.skip_to = written.skip_to->text;
  made.pattern.reports_timeouts = written.on_timeout;
  if (written.within_ns && written.within_between_events) bound_gaps(made.pattern.stages, *written.within_ns);
  if (written.within_ns && !written.within_between_events) made.pattern.within_ns = *written.within_ns;
  return made;
}

}  // namespace millrace::oracle
