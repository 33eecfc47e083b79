#pragma once

#include <millrace/cep/automaton.hpp>
#include <millrace/event/layout.hpp>
#include <millrace/expr/program.hpp>
#include <millrace/rules/aggregate.hpp>
#include <millrace/rules/conditions.hpp>
#include <millrace/rules/syntax.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::rules {

/// Bounds on a rules file.
inline constexpr std::size_t event_type_count_max = 64;
inline constexpr std::size_t key_group_count_max = 15;

/// One thing that a match prints.
struct column {
  std::string name;
  expr::program value;
};

/// The key that one or more patterns partition by. Patterns with the same `by` share look-ups and routing.
struct key_group {
  std::vector<std::string> fields;  ///< empty: one partition in all
  std::vector<std::vector<const field*>>
      fields_of;  ///< by event type; empty for types that no pattern of the group sees
  std::size_t key_bytes_max = 0;
  std::uint64_t types = 0;  ///< event types that some pattern of the group sees

  /// The fields have the same types in all events, so that no packed key begins another one.
  [[nodiscard]] bool is_uniform() const noexcept {
    const std::vector<const field*>* first = nullptr;
    for (const auto& each : fields_of) {
      if (each.empty()) continue;
      if (first == nullptr) first = &each;
      for (std::size_t i = 0; i < each.size(); ++i)
        if (each[i]->type != (*first)[i]->type) return false;
    }
    return true;
  }
};

/// A pattern, compiled.
struct pattern_rule {
  std::string name;
  std::shared_ptr<const cep::automaton> automaton;
  std::shared_ptr<const std::vector<condition>> conditions;
  std::uint64_t types = 0;  ///< bit set of `on`
  std::size_t group = 0;    ///< key group
  time_unit unit = time_unit::ns;
  bool has_select = false;
  std::vector<column> select;
  bool has_timeout_select = false;
  std::vector<column> timeout_select;
};

/// One thing that a window's results print: an expression over the aggregates' values, or the list of one of them.
struct window_column {
  std::string name;
  expr::program value;
  std::optional<std::size_t> list_of;  ///< aggregate that is a list of values
};

/// A window, compiled. Its columns are over given values: the aggregates', then those of its key.
struct window_rule {
  std::string name;
  event_type on = 0;
  std::size_t group = 0;  ///< key group
  time_unit unit = time_unit::ns;
  std::string where_text;  ///< as it was written, for people
  expr::program where;     ///< empty: every event
  window_kind kind = window_kind::tumbling;
  std::int64_t size_ns = 0;   ///< of sessions, the gap
  std::int64_t every_ns = 0;  ///< of hopping windows
  std::uint64_t count = 0;
  std::uint64_t every_count = 0;
  std::int64_t grace_ns = 0;
  bool updates = false;
  std::vector<aggregate> aggregates;
  std::vector<window_column> select;
};

/// How a record of the feed becomes an event of a declared type: conditions over named members of the raw
/// record, tried in order. The members are read into an event of `probe_layout`, each with its presence byte.
struct type_selection {
  struct choice {
    event_type type;
    expr::program when;  ///< empty: always
  };
  std::shared_ptr<const event_layout> probe_layout;
  std::vector<choice> choices;
};

/// A rules file, checked and compiled.
///
/// Threads: immutable; any number of shards share one.
struct program {
  std::vector<std::shared_ptr<const event_layout>> layouts;  ///< by event type
  type_selection selection;
  time_mode time = time_mode::arrival;
  std::int64_t disorder_ns = 0;
  std::vector<key_group> groups;
  std::vector<pattern_rule> patterns;
  std::vector<window_rule> windows;
  std::size_t data_bytes_max = 0;  ///< of the largest layout

  /// Time alone can release something: shards must hear of time that passes in others.
  [[nodiscard]] bool released_by_time() const noexcept;
};

}  // namespace millrace::rules
