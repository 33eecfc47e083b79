#pragma once

#include <millrace/cep/pattern.hpp>
#include <millrace/cep/stage_test.hpp>

#include <cstddef>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace::cep::detail {

/// What the compiler knows of a stage, so that misuse does not compile.
struct stage_shape {
  bool first = false;  ///< of the pattern
  bool group = false;
  bool any_order = false;
  bool negated = false;
  bool not_next = false;
  bool counted = false;
  bool unbounded = false;
  bool optional = false;
  bool greedy = false;
  bool arranged = false;  ///< strict or any was said
  bool any = false;
  bool bounded = false;  ///< within_previous was said
  bool behind_greedy = false;
};

/// A stage's conditions, or a group's, by type.
template <stage_shape Shape, class Where = no_test, class Until = no_test>
struct stage_part {
  static constexpr stage_shape shape = Shape;
  static constexpr bool has_where = !std::is_same_v<Where, no_test>;
  static constexpr bool has_until = !std::is_same_v<Until, no_test>;
  using where_type = Where;
  using until_type = Until;

  Where where;
  Until until;

  /// The same conditions under another shape.
  template <stage_shape Other>
  [[nodiscard]] stage_part<Other, Where, Until> as() const {
    return {where, until};
  }

  /// The conditions that there are, as a tuple.
  [[nodiscard]] auto tests() const {
    if constexpr (has_where && has_until)
      return std::tuple<Where, Until>{where, until};
    else if constexpr (has_where)
      return std::tuple<Where>{where};
    else if constexpr (has_until)
      return std::tuple<Until>{until};
    else
      return std::tuple<>{};
  }
};

/// The numbers of a part's conditions.
struct part_ids {
  condition_id where = no_condition;
  condition_id until = no_condition;
};

/// Numbers as the text front end does: stages as they are written, a group behind its members, where before until.
template <class... Parts>
std::vector<part_ids> number_parts() {
  std::vector<part_ids> made;
  condition_id next = 0;
  const auto number = [&](bool has_where, bool has_until) {
    part_ids ids;
    if (has_where) ids.where = next++;
    if (has_until) ids.until = next++;
    made.push_back(ids);
  };
  (number(Parts::has_where, Parts::has_until), ...);
  return made;
}

/// Writes the numbers into the stages; takes them off the front of `left`.
inline void write_numbers(std::vector<stage>& sequence, std::span<const part_ids>& left) {
  for (stage& each : sequence) {
    write_numbers(each.members, left);
    each.condition = left.front().where;
    each.until = left.front().until;
    left = left.subspan(1);
  }
}

}  // namespace millrace::cep::detail
