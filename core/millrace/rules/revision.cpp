#include <millrace/rules/revision.hpp>

#include <millrace/base/error.hpp>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace millrace::rules {
namespace {

using layouts = std::vector<std::shared_ptr<const event_layout>>;

std::size_t key_bytes(const field& f) {
  return f.type == field_type::string ? f.capacity + sizeof(std::uint16_t) : f.bytes;
}

/// The key of every event type that has its fields, whether a pattern sees the type yet or not: a pattern that comes
/// later finds room for its keys.
key_group keyed_by(const std::vector<std::string>& fields, const layouts& of) {
  key_group made{fields, std::vector<std::vector<const field*>>(of.size()), 0, 0};
  for (std::size_t type = 0; type < of.size(); ++type) {
    std::vector<const field*> found;
    std::size_t bytes = 0;
    for (const std::string& name : fields) {
      const auto index = of[type]->find(name);
      if (!index) break;
      found.push_back(&of[type]->fields()[*index]);
      bytes += key_bytes(*found.back());
    }
    if (found.size() != fields.size()) continue;
    made.fields_of[type] = std::move(found);
    made.key_bytes_max = std::max(made.key_bytes_max, bytes);
  }
  return made;
}

bool same_field(const field& a, const field& b) {
  return a.name == b.name && a.type == b.type && a.capacity == b.capacity && a.offset == b.offset && a.unit == b.unit &&
         a.nullable == b.nullable && a.presence == b.presence && a.has_default == b.has_default;
}

bool same_layout(const event_layout& a, const event_layout& b) {
  return a.name() == b.name() && std::ranges::equal(a.fields(), b.fields(), same_field) &&
         std::ranges::equal(a.blank(), b.blank());
}

void check_declarations(const program& running, const program& put) {
  const auto same = [](const auto& a, const auto& b) { return same_layout(*a, *b); };
  if (!std::ranges::equal(running.layouts, put.layouts, same))
    throw error("found other event declarations than those that run, expected the same: only patterns can change");
  if (running.time != put.time || running.disorder_ns != put.disorder_ns)
    throw error("found another 'time' than the one that runs, expected the same: only patterns can change");
}

/// Makes one revision from what stays and what comes.
class reviser {
 public:
  explicit reviser(revision from) : made_(std::move(from)) {}

  void remove(const std::string& name) {
    const auto at = std::ranges::find(made_.rules, name, name_of);
    if (at == made_.rules.end())
      throw error("found no pattern '" + name + "' to remove, expected one that is in force");
    made_.rules.erase(at);
  }

  void put(const std::shared_ptr<const program>& from, const std::string& name) {
    const auto found = std::ranges::find(from->patterns, name, &pattern_rule::name);
    if (found == from->patterns.end()) throw error("found no pattern '" + name + "' to put, expected one of the rules");
    std::erase_if(made_.rules, [&](const rule_in_force& each) { return name_of(each) == name; });
    rule_in_force rule;
    rule.rule = std::shared_ptr<const pattern_rule>(from, &*found);
    rule.number = number_of(name);
    rule.since = made_.number;
    coming_.emplace_back(std::move(rule), from->groups[found->group].fields);
  }

  /// Windows share the groups of patterns, and have them in all revisions.
  void add_windows() {
    const program& of = *made_.declarations;
    for (const window_rule& window : of.windows) {
      const std::uint16_t group = group_of(of.groups[window.group].fields);
      made_.groups[group].window_types |= std::uint64_t{1} << window.on;
      made_.window_groups.push_back(group);
    }
  }

  /// Groups that nobody uses any more give their places away.
  std::shared_ptr<const revision> done() && {
    for (group_in_force& group : made_.groups) group.key.types = 0;
    for (const rule_in_force& rule : made_.rules) made_.groups[rule.group].key.types |= rule.rule->types;
    for (auto& [rule, fields] : coming_) {
      rule.group = group_of(fields);
      made_.groups[rule.group].key.types |= rule.rule->types;
      made_.rules.push_back(std::move(rule));
    }
    std::ranges::sort(made_.rules, {}, &rule_in_force::number);
    return std::make_shared<const revision>(std::move(made_));
  }

 private:
  static const std::string& name_of(const rule_in_force& rule) { return rule.rule->name; }

  std::uint16_t number_of(const std::string& name) {
    const auto known = std::ranges::find(made_.names, name);
    if (known != made_.names.end()) return static_cast<std::uint16_t>(known - made_.names.begin());
    if (made_.names.size() == rule_name_count_max)
      throw error("found more than " + std::to_string(rule_name_count_max) +
                  " names of patterns in one run, expected at most that");
    made_.names.push_back(name);
    return static_cast<std::uint16_t>(made_.names.size() - 1);
  }

  std::uint16_t group_of(const std::vector<std::string>& fields) {
    std::optional<std::size_t> free;
    for (std::size_t i = 0; i < made_.groups.size(); ++i) {
      const key_group& key = made_.groups[i].key;
      const bool is_same = key.fields == fields;
      if (key.types != 0 && is_same) return static_cast<std::uint16_t>(i);
      if (key.types != 0 || (made_.groups[i].window_types != 0 && !is_same)) continue;
      if (!free || is_same) free = i;
    }
    if (!free && made_.groups.size() == key_group_count_max)
      throw error("found more than " + std::to_string(key_group_count_max) +
                  " different keys in force, expected at most that");
    if (!free) made_.groups.emplace_back();
    const std::size_t at = free.value_or(made_.groups.size() - 1);
    made_.groups[at] = {keyed_by(fields, made_.declarations->layouts), made_.number, made_.groups[at].window_types};
    return static_cast<std::uint16_t>(at);
  }

  revision made_;
  std::vector<std::pair<rule_in_force, std::vector<std::string>>> coming_;
};

}  // namespace

bool revision::released_by_time() const noexcept {
  if (!declarations->windows.empty()) return true;
  return std::ranges::any_of(rules, [](const rule_in_force& r) { return r.rule->automaton->released_by_time(); });
}

std::uint64_t revision::types_of_windows() const noexcept {
  std::uint64_t types = 0;
  for (const group_in_force& group : groups) types |= group.window_types;
  return types;
}

std::uint64_t revision::types_of_patterns() const noexcept {
  std::uint64_t types = 0;
  for (const group_in_force& group : groups) types |= group.key.types;
  return types;
}

const rule_in_force* revision::find(std::string_view name) const noexcept {
  const auto at = std::ranges::find_if(rules, [&](const rule_in_force& r) { return r.rule->name == name; });
  return at == rules.end() ? nullptr : &*at;
}

rules_change put_all(std::shared_ptr<const program> from) {
  rules_change made;
  for (const pattern_rule& pattern : from->patterns) made.put.push_back(pattern.name);
  made.from = std::move(from);
  return made;
}

std::shared_ptr<const revision> first_revision(std::shared_ptr<const program> rules) {
  revision empty;
  empty.declarations = std::move(rules);
  const std::shared_ptr<const program> from = empty.declarations;
  reviser made(std::move(empty));
  made.add_windows();
  for (const pattern_rule& pattern : from->patterns) made.put(from, pattern.name);
  return std::move(made).done();
}

std::shared_ptr<const revision> next_revision(const revision& before, const rules_change& change) {
  std::set<std::string> names;
  for (const auto* of : {&change.put, &change.remove})
    for (const std::string& name : *of)
      if (!names.insert(name).second) throw error("found pattern '" + name + "' twice in one change, expected it once");
  if (change.from) check_declarations(*before.declarations, *change.from);
  revision from = before;
  ++from.number;
  reviser made(std::move(from));
  for (const std::string& name : change.remove) made.remove(name);
  if (!change.put.empty() && !change.from) throw error("found patterns to put and no program that has them");
  for (const std::string& name : change.put) made.put(change.from, name);
  return std::move(made).done();
}

}  // namespace millrace::rules
