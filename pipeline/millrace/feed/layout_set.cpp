#include <millrace/feed/layout_set.hpp>

#include <millrace/base/error.hpp>

#include <algorithm>
#include <utility>

namespace millrace::feed {

layout_set::layout_set(std::vector<std::shared_ptr<const event_layout>> layouts, std::shared_ptr<const selector> choice,
                       std::vector<std::string> probes)
    : layouts_(std::move(layouts)), choice_(std::move(choice)), single_(!choice_ && layouts_.size() == 1), table_({}) {
  if (layouts_.empty()) throw error("found no event layout, expected at least one for the records of a feed");
  if (single_) choice_ = std::make_shared<single_layout>();
  if (!choice_) {
    std::vector<std::string> types;
    for (const auto& layout : layouts_) types.push_back(layout->name());
    choice_ = std::make_shared<by_type_field>(std::move(types));
    probes = {"type"};
  }
  for (const auto& layout : layouts_) {
    if (!layout->time_field())
      throw error("event '" + layout->name() + "': found no timestamp field, expected exactly one");
    auto& plan = plans_.emplace_back();
    for (const field& f : layout->fields())
      plan.push_back({slot_of(f.name), f.offset, f.capacity, f.type, f.unit, f.has_default, &f});
    data_bytes_max_ = std::max(data_bytes_max_, layout->bytes());
  }
  for (const auto& name : probes) {
    if (std::ranges::count(probes, name) != 1)
      throw error("found the probe field '" + name + "' twice, expected it once");
    probes_.push_back(slot_of(name));
  }
  watermark_slot_ = slot_of("watermark");
  table_ = name_table(names_);
}

std::uint32_t layout_set::find(std::string_view name) const noexcept {
  const auto at = std::ranges::find(names_, name);
  return at == names_.end() ? name_table::unknown : static_cast<std::uint32_t>(at - names_.begin());
}

std::uint32_t layout_set::slot_of(const std::string& name) {
  const std::uint32_t known = find(name);
  if (known != name_table::unknown) return known;
  names_.push_back(name);
  return static_cast<std::uint32_t>(names_.size() - 1);
}

}  // namespace millrace::feed
