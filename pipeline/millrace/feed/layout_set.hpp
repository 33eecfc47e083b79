#pragma once

#include <millrace/event/layout.hpp>
#include <millrace/feed/name_table.hpp>
#include <millrace/feed/selector.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::feed {

/// The event layouts that the records of a feed may have, and what tells them apart. Every name that a decoder
/// has to look for (fields of all layouts, probes) has a slot.
///
/// Threads: immutable once built.
class layout_set {
 public:
  /// One field of a layout, with what a decoder needs of it close together.
  struct field_plan {
    std::uint32_t slot = 0;  ///< of its name
    std::uint32_t offset = 0;
    std::uint32_t capacity = 0;
    field_type type = field_type::boolean;
    time_unit unit = time_unit::ns;
    bool has_default = false;
    const field* declared = nullptr;  ///< for messages
  };

  /// Without a selector one layout takes every record, and several are told apart by the field "type".
  /// `probes` are the fields whose values the selector is given. Throws `error` when there is no layout, or
  /// one without a timestamp field.
  explicit layout_set(std::vector<std::shared_ptr<const event_layout>> layouts,
                      std::shared_ptr<const selector> choice = nullptr, std::vector<std::string> probes = {});

  [[nodiscard]] std::size_t size() const noexcept { return layouts_.size(); }
  [[nodiscard]] const event_layout& layout(std::size_t index) const noexcept { return *layouts_[index]; }
  /// Bytes of the largest layout's data: the room that a decoder needs behind a header.
  [[nodiscard]] std::size_t data_bytes_max() const noexcept { return data_bytes_max_; }

  [[nodiscard]] std::span<const std::string> names() const noexcept { return names_; }
  [[nodiscard]] std::uint32_t find(std::string_view name) const noexcept;
  [[nodiscard]] const name_table& table() const noexcept { return table_; }
  [[nodiscard]] std::span<const field_plan> plan(std::size_t layout) const noexcept { return plans_[layout]; }
  [[nodiscard]] std::span<const std::uint32_t> probes() const noexcept { return probes_; }
  [[nodiscard]] const selector& choice() const noexcept { return *choice_; }
  /// Every record has the first layout: the selector need not be asked.
  [[nodiscard]] bool is_single() const noexcept { return single_; }
  /// The slot of "watermark".
  [[nodiscard]] std::uint32_t watermark_slot() const noexcept { return watermark_slot_; }

 private:
  std::uint32_t slot_of(const std::string& name);

  std::vector<std::shared_ptr<const event_layout>> layouts_;
  std::shared_ptr<const selector> choice_;
  bool single_;
  std::vector<std::string> names_;
  std::vector<std::vector<field_plan>> plans_;
  std::vector<std::uint32_t> probes_;
  std::uint32_t watermark_slot_ = 0;
  std::size_t data_bytes_max_ = 0;
  name_table table_;
};

}  // namespace millrace::feed
