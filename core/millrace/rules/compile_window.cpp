// A window to its key, its condition, its aggregates and what its results print.

#include <millrace/expr/compile.hpp>
#include <millrace/rules/compile_parts.hpp>
#include <millrace/rules/window_columns.hpp>
#include <millrace/window/window_grid.hpp>

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace millrace::rules {
namespace {

/// Windows of one size that begin while one is open; each event is in so many.
constexpr std::int64_t overlaps_max = 10'000;
constexpr std::uint64_t counted_events_max = 1'000'000;
/// Pieces of gcd(size, every) that a window is put together from.
constexpr std::int64_t slices_max = window::window_grid::panes_max;
constexpr std::uint64_t counted_slices_max = 10'000;
/// Times near the ends of time must have room for windows around them: see `window_grid` and `sliding_windows`.
constexpr std::int64_t aligned_size_max = std::numeric_limits<std::int64_t>::max() / 4;
constexpr std::int64_t sliding_size_max = std::numeric_limits<std::int64_t>::max() / 8;

class window_compiler {
 public:
  window_compiler(const window_syntax& written, const source_text& source, program& made)
      : written_(written), source_(source), made_(made) {}

  window_rule run() {
    rule_.name = written_.name.text;
    rule_.on = compile_event_name(written_.on, source_, made_);
    const event_layout& layout = *made_.layouts[rule_.on];
    rule_.unit = layout.fields()[*layout.time_field()].unit;
    const event_type types[]{rule_.on};
    rule_.group = compile_key(written_.by, types, {written_.name, "window"}, source_, made_);
    if (written_.where) condition(*written_.where);
    extent();
    grace();
    rule_.updates = written_.updates;
    compile_columns(written_, source_, made_, rule_);
    return std::move(rule_);
  }

 private:
  void condition(const expr::syntax& where) {
    std::vector<const event_layout*> layouts;
    for (const auto& layout : made_.layouts) layouts.push_back(layout.get());
    try {
      rule_.where = expr::compile_condition(where, {layouts, {rule_.on}, {}, {}});
    } catch (const expr::type_error& e) {
      throw rules_error(source_, e.where(), e.what());
    }
    rule_.where_text = source_.text.substr(where.where.begin, where.where.end - where.where.begin);
  }

  [[noreturn]] void refuse_extent(const std::string& expected) const {
    throw rules_error(source_, written_.kind_where, "found '" + kind_text() + "', expected " + expected);
  }
  [[nodiscard]] std::string kind_text() const {
    return source_.text.substr(written_.kind_where.begin, written_.kind_where.end - written_.kind_where.begin);
  }

  void extent() {
    rule_.kind = written_.kind;
    rule_.size_ns = written_.size_ns;
    rule_.every_ns = written_.every_ns;
    rule_.count = written_.count;
    rule_.every_count = written_.every_count;
    if (rule_.kind == window_kind::count) return check_counts();
    if (rule_.size_ns == 0) refuse_extent("a positive duration");
    check_length();
    if (rule_.kind == window_kind::hopping) check_hops();
  }

  void check_length() const {
    if (rule_.kind == window_kind::sliding && rule_.size_ns > sliding_size_max)
      refuse_extent("a length of at most 36 years");
    if (rule_.kind != window_kind::session && rule_.size_ns > aligned_size_max)
      refuse_extent("a length of at most 73 years");
  }

  void check_counts() const {
    if (rule_.count == 0 || rule_.every_count == 0) refuse_extent("at least 1 event");
    if (rule_.count > counted_events_max)
      refuse_extent("at most " + std::to_string(counted_events_max) + " events in a window");
    if (rule_.every_count > rule_.count)
      refuse_extent("'every' of at most the window's events: none may be in no window");
    if (rule_.count / std::gcd(rule_.count, rule_.every_count) > counted_slices_max)
      refuse_slices(rule_.count / std::gcd(rule_.count, rule_.every_count), counted_slices_max);
  }

  void check_hops() const {
    if (rule_.every_ns == 0) refuse_extent("a positive duration behind 'every'");
    if (rule_.every_ns > rule_.size_ns)
      refuse_extent("'every' of at most the window's length: no event may be in no window");
    if (rule_.size_ns / rule_.every_ns > overlaps_max)
      refuse_extent("an event to be in at most " + std::to_string(overlaps_max) + " windows");
    const std::int64_t slices = rule_.size_ns / std::gcd(rule_.size_ns, rule_.every_ns);
    if (slices > slices_max) refuse_slices(static_cast<std::uint64_t>(slices), static_cast<std::uint64_t>(slices_max));
  }

  [[noreturn]] void refuse_slices(std::uint64_t found, std::uint64_t most) const {
    refuse_extent("'every' to go into the window's length, or a longer common divisor of both: a window has " +
                  std::to_string(found) + " slices, and at most " + std::to_string(most) + " are possible");
  }

  void grace() {
    if (!written_.grace_ns) return;
    if (rule_.kind == window_kind::count)
      throw rules_error(
          source_, written_.grace_where,
          "found grace on a window of counted events, expected none: it closes by number and not by time");
    rule_.grace_ns = *written_.grace_ns;
    if (rule_.grace_ns > std::numeric_limits<std::int64_t>::max() - rule_.size_ns)
      throw rules_error(source_, written_.grace_where,
                        "found a grace that passes the end of time, expected the window's length and it to be at most "
                        "292 years");
  }

  const window_syntax& written_;
  const source_text& source_;
  program& made_;
  window_rule rule_;
};

}  // namespace

void compile_window(const window_syntax& window, const source_text& source, program& made) {
  window_rule rule = window_compiler(window, source, made).run();
  made.windows.push_back(std::move(rule));
}

}  // namespace millrace::rules
