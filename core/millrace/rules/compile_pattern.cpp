// A pattern to an automaton, its conditions and what its matches print.

#include <millrace/base/fixed_string.hpp>
#include <millrace/cep/pattern_error.hpp>
#include <millrace/expr/compile.hpp>
#include <millrace/rules/compile_parts.hpp>

#include <algorithm>
#include <bit>

namespace millrace::rules {
namespace {

class pattern_compiler {
 public:
  pattern_compiler(const pattern_syntax& written, const source_text& source, program& made)
      : written_(written), source_(source), made_(made) {
    for (const auto& layout : made.layouts) layouts_.push_back(layout.get());
  }

  pattern_rule run() {
    rule_.name = written_.name.text;
    resolve_types();
    rule_.group = compile_key(written_.by, on_, {written_.name, "pattern"}, source_, made_);
    scope_stages(written_.stages);
    cep::pattern pattern;
    pattern.name = rule_.name;
    pattern.stages = stages(written_.stages);
    bound(pattern);
    pattern.skip = written_.skip;
    if (written_.skip_to) pattern.skip_to = written_.skip_to->text;
    pattern.reports_timeouts = written_.on_timeout;
    compile_automaton(pattern);
    rule_.conditions = std::make_shared<const std::vector<condition>>(std::move(conditions_));
    if (written_.select) rule_.select = columns(*written_.select);
    rule_.has_select = written_.select.has_value();
    if (written_.timeout_select) rule_.timeout_select = columns(*written_.timeout_select);
    rule_.has_timeout_select = written_.timeout_select.has_value();
    return std::move(rule_);
  }

 private:
  // --- names --------------------------------------------------------------------------------------------

  [[nodiscard]] event_type type_named(const name_syntax& name) const {
    return compile_event_name(name, source_, made_);
  }

  void resolve_types() {
    for (const name_syntax& name : written_.on) {
      const event_type type = type_named(name);
      if ((rule_.types >> type & 1) != 0)
        throw rules_error(source_, name.where, "found event '" + name.text + "' twice, expected it once");
      rule_.types |= std::uint64_t{1} << type;
      on_.push_back(type);
    }
    const event_layout& first = *layouts_[on_.front()];
    rule_.unit = first.fields()[*first.time_field()].unit;
  }

  [[nodiscard]] std::vector<event_type> types_of(const stage_syntax& stage) const {
    if (!stage.type) return on_;
    const event_type type = type_named(*stage.type);
    if (std::ranges::find(on_, type) == on_.end())
      throw rules_error(source_, stage.type->where,
                        "found 'is " + stage.type->text + "', expected one of the pattern's events: " +
                            listed(on_, [&](event_type t) { return layouts_[t]->name(); }));
    return {type};
  }

  void scope_stages(const std::vector<stage_syntax>& sequence) {
    for (const stage_syntax& stage : sequence) {
      if (!stage.members.empty()) {
        scope_stages(stage.members);
      } else {
        stage_scopes_.push_back({stage.name.text, static_cast<std::uint16_t>(stage_scopes_.size()), types_of(stage)});
        places_.emplace_back(stage.name.text, stage.name.where);
      }
    }
  }

  // --- stages -------------------------------------------------------------------------------------------

  [[nodiscard]] expr::scope condition_scope(std::vector<event_type> current) const {
    return {layouts_, std::move(current), stage_scopes_, {}};
  }

  cep::condition_id add_condition(const expr::syntax* written, const std::vector<event_type>& types) {
    condition made;
    if (types.size() != on_.size()) {
      made.types = 0;
      for (const event_type type : types) {
        made.types |= std::uint64_t{1} << type;
        made.text = "is " + layouts_[type]->name();
      }
    } else if (written == nullptr) {
      return cep::no_condition;
    }
    try {
      if (written != nullptr) made.test = expr::compile_split(*written, condition_scope(types));
      if (written != nullptr) made.text += (made.text.empty() ? "" : " and ") + text_of(written->where);
    } catch (const expr::type_error& e) {
      throw rules_error(source_, e.where(), e.what());
    }
    conditions_.push_back(std::move(made));
    return static_cast<cep::condition_id>(conditions_.size() - 1);
  }

  /// The source text of an expression, on one line.
  [[nodiscard]] std::string text_of(source_range where) const {
    std::string made;
    for (const char c : std::string_view(source_.text).substr(where.begin, where.end - where.begin)) {
      const bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
      if (!blank)
        made += c;
      else if (!made.empty() && made.back() != ' ')
        made += ' ';
    }
    return made;
  }

  std::vector<cep::stage> stages(const std::vector<stage_syntax>& sequence) {
    std::vector<cep::stage> made;
    for (const stage_syntax& written : sequence) made.push_back(stage(written));
    return made;
  }

  cep::stage stage(const stage_syntax& written) {
    cep::stage made;
    made.name = written.name.text;
    made.link = written.link;
    made.quantifier = written.quantifier;
    made.gap_ns = written.gap_ns;
    made.any_order = written.any_order;
    if (!written.members.empty()) {
      if (written.type)
        throw rules_error(source_, written.type->where, "found 'is' behind a group, expected it on the stages inside");
      made.members = stages(written.members);
    } else {
      made.condition = add_condition(written.condition ? &*written.condition : nullptr, types_of(written));
    }
    if (written.until) made.until = add_condition(&*written.until, written.members.empty() ? types_of(written) : on_);
    return made;
  }

  void bound(cep::pattern& pattern) const {
    if (!written_.within_ns) return;
    if (*written_.within_ns == 0)
      throw rules_error(source_, written_.within_where, "found within 0, expected a positive duration");
    (written_.within_between_events ? pattern.between_ns : pattern.within_ns) = *written_.within_ns;
  }

  void compile_automaton(const cep::pattern& pattern) {
    try {
      rule_.automaton = std::make_shared<const cep::automaton>(cep::compile(pattern));
    } catch (const cep::pattern_error& e) {
      const auto at = std::ranges::find(places_, e.stage(), &std::pair<std::string, source_range>::first);
      const bool about_skip = written_.skip_to && std::string_view(e.what()).starts_with("found skip to");
      if (about_skip) throw rules_error(source_, written_.skip_to->where, e.what());
      throw rules_error(source_, at == places_.end() ? written_.name.where : at->second, e.what());
    }
  }

  // --- what matches print -------------------------------------------------------------------------------

  std::vector<column> columns(const std::vector<select_syntax>& written) const {
    std::vector<column> made;
    std::vector<std::string> by;
    for (const name_syntax& name : written_.by) by.push_back(name.text);
    const expr::scope scope{layouts_, {}, stage_scopes_, by};
    for (const select_syntax& item : written) {
      if (std::ranges::find(made, item.name.text, &column::name) != made.end())
        throw rules_error(source_, item.name.where,
                          "found a second '" + item.name.text + "' in select, expected a name of its own");
      expr::syntax bare;
      bare.kind = expr::syntax_kind::name;
      bare.name = item.name.text;
      bare.where = item.name.where;
      try {
        made.push_back({item.name.text, expr::compile(item.value ? *item.value : bare, scope)});
      } catch (const expr::type_error& e) {
        throw rules_error(source_, e.where(), e.what());
      }
    }
    return made;
  }

  const pattern_syntax& written_;
  const source_text& source_;
  program& made_;
  pattern_rule rule_;
  std::vector<const event_layout*> layouts_;
  std::vector<event_type> on_;
  std::vector<expr::stage_scope> stage_scopes_;
  std::vector<std::pair<std::string, source_range>> places_;
  std::vector<condition> conditions_;
};

}  // namespace

void compile_pattern(const pattern_syntax& pattern, const source_text& source, program& made) {
  pattern_rule rule = pattern_compiler(pattern, source, made).run();
  made.patterns.push_back(std::move(rule));
}

}  // namespace millrace::rules
