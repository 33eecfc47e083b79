#pragma once

#include <millrace/rules/revision.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::replay {

/// The key of a group that a text names, packed as `key_packer` packs it: `user=root`, several fields `a=x,b=y` in any
/// order, or the bare value where the group has one field; `all` for a group without fields. Nothing where the text
/// does not name a key of this group. Values are written as in CSV cells.
[[nodiscard]] std::optional<std::vector<std::byte>> traced_key(const rules::revision& rules, std::size_t group,
                                                               std::string_view text);

/// What texts would name a key, for a message: "user=<string(48)> or all".
[[nodiscard]] std::string traceable_keys(const rules::revision& rules);

}  // namespace millrace::replay
