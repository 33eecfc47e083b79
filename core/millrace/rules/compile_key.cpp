// What patterns and windows have in common: the names of events, and keys.

#include <millrace/rules/compile_parts.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace millrace::rules {
namespace {

class key_compiler {
 public:
  key_compiler(std::span<const name_syntax> by, std::span<const event_type> types, const source_text& source,
               program& made)
      : by_(by), types_(types), source_(source), made_(made) {}

  std::size_t run(const key_owner& owner) {
    const std::vector<std::string> fields = names();
    auto at = std::ranges::find(made_.groups, fields, &key_group::fields);
    if (at == made_.groups.end()) {
      if (made_.groups.size() == key_group_count_max)
        throw rules_error(source_, owner.name.where,
                          "found more than " + std::to_string(key_group_count_max) +
                              " different keys in one file, expected at most that");
      made_.groups.push_back({fields, std::vector<std::vector<const field*>>(made_.layouts.size()), 0, 0});
      at = made_.groups.end() - 1;
    }
    for (const event_type type : types_) add_fields(*at, type);
    check_types(*at, owner.what);
    return static_cast<std::size_t>(at - made_.groups.begin());
  }

 private:
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> made;
    for (const name_syntax& name : by_) {
      if (std::ranges::find(made, name.text) != made.end())
        throw rules_error(source_, name.where, "found '" + name.text + "' twice in 'by', expected it once");
      made.push_back(name.text);
    }
    return made;
  }

  void add_fields(key_group& group, event_type type) const {
    group.types |= std::uint64_t{1} << type;
    auto& fields = group.fields_of[type];
    if (!fields.empty() || group.fields.empty()) return;
    const event_layout& layout = *made_.layouts[type];
    std::size_t bytes = 0;
    for (const name_syntax& name : by_) {
      const auto index = layout.find(name.text);
      if (!index)
        throw rules_error(source_, name.where,
                          "found '" + name.text + "' in 'by', expected a field of event " + layout.name() + ": " +
                              listed(layout.fields(), [](const field& f) { return f.name; }));
      fields.push_back(&layout.fields()[*index]);
      bytes += fields.back()->type == field_type::string ? fields.back()->capacity + 2 : fields.back()->bytes;
    }
    group.key_bytes_max = std::max(group.key_bytes_max, bytes);
  }

  /// Keys are compared as bytes, so events of several types must hold a key field in one form.
  void check_types(const key_group& group, std::string_view what) const {
    for (const event_type type : types_)
      for (std::size_t i = 0; i < group.fields.size(); ++i)
        if (group.fields_of[type][i]->type != group.fields_of[types_.front()][i]->type)
          throw rules_error(source_, by_[i].where,
                            "found '" + group.fields[i] + "' with different types in the events of this " +
                                std::string(what) + ", expected one type");
  }

  std::span<const name_syntax> by_;
  std::span<const event_type> types_;
  const source_text& source_;
  program& made_;
};

}  // namespace

event_type compile_event_name(const name_syntax& name, const source_text& source, const program& made) {
  const auto at = std::ranges::find(made.layouts, name.text, [](const auto& layout) { return layout->name(); });
  if (at == made.layouts.end())
    throw rules_error(source, name.where,
                      "found unknown event '" + name.text + "', expected one of " +
                          listed(made.layouts, [](const auto& layout) { return layout->name(); }));
  return static_cast<event_type>(at - made.layouts.begin());
}

std::size_t compile_key(std::span<const name_syntax> by, std::span<const event_type> types, const key_owner& owner,
                        const source_text& source, program& made) {
  return key_compiler(by, types, source, made).run(owner);
}

}  // namespace millrace::rules
