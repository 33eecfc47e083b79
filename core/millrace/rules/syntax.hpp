#pragma once

#include <millrace/base/source_range.hpp>
#include <millrace/cep/pattern.hpp>
#include <millrace/expr/syntax.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace millrace::rules {

/// A name with where it stands.
struct name_syntax {
  std::string text;
  source_range where;
};

struct field_syntax {
  name_syntax name;
  name_syntax type;                       ///< "u32", "string", …
  std::optional<std::uint64_t> capacity;  ///< of string(N)
  std::optional<name_syntax> unit;        ///< of timestamp(ms)
  std::optional<expr::syntax> fallback;   ///< = literal
};

struct event_syntax {
  name_syntax name;
  std::optional<expr::syntax> when;
  std::vector<field_syntax> fields;
};

enum class time_mode : std::uint8_t { arrival, out_of_order, watermarks };

struct time_syntax {
  source_range where;
  time_mode mode = time_mode::arrival;
  std::int64_t disorder_ns = 0;
};

struct stage_syntax {
  name_syntax name;  ///< without text: a group, or all ( … )
  source_range where;
  bool has_link = false;
  cep::link link = cep::link::next;
  cep::quantifier quantifier;
  std::optional<name_syntax> type;
  std::optional<expr::syntax> until;
  std::optional<std::int64_t> gap_ns;
  std::optional<expr::syntax> condition;
  bool any_order = false;
  std::vector<stage_syntax> members;
};

struct select_syntax {
  name_syntax name;
  std::optional<expr::syntax> value;  ///< a bare name has none
};

struct pattern_syntax {
  name_syntax name;
  std::vector<name_syntax> on;
  std::vector<name_syntax> by;
  std::optional<std::int64_t> within_ns;
  source_range within_where;
  bool within_between_events = false;
  std::vector<stage_syntax> stages;
  cep::skip_strategy skip = cep::skip_strategy::none;
  std::optional<name_syntax> skip_to;
  std::optional<std::vector<select_syntax>> select;
  bool on_timeout = false;
  std::optional<std::vector<select_syntax>> timeout_select;
};

enum class window_kind : std::uint8_t { tumbling, hopping, sliding, session, count };

struct window_syntax {
  name_syntax name;
  name_syntax on;
  std::optional<expr::syntax> where;
  std::vector<name_syntax> by;
  window_kind kind = window_kind::tumbling;
  source_range kind_where;
  std::int64_t size_ns = 0;   ///< of sessions, the gap
  std::int64_t every_ns = 0;  ///< of hopping windows
  std::uint64_t count = 0;
  std::uint64_t every_count = 0;
  std::optional<std::int64_t> grace_ns;
  source_range grace_where;
  bool updates = false;
  std::vector<select_syntax> select;
};

/// A rules file as it was written.
struct file_syntax {
  std::vector<event_syntax> events;
  std::vector<time_syntax> times;
  std::vector<pattern_syntax> patterns;
  std::vector<window_syntax> windows;
};

}  // namespace millrace::rules
