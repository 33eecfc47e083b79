#pragma once

#include <millrace/cep/any_order.hpp>
#include <millrace/cep/automaton.hpp>
#include <millrace/cep/stage_part.hpp>
#include <millrace/cep/typed_conditions.hpp>
#include <millrace/event/event.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace::cep {

template <event_data T, bool Whole, class Closed, class Open>
class pattern_builder;

/// A sequence of stages that stands where a stage can; see `group`.
template <class Builder>
struct stage_group {
  Builder inner;
};

namespace detail {

template <class>
inline constexpr bool is_composite = false;
template <class Inner>
inline constexpr bool is_composite<stage_group<Inner>> = true;
template <event_data T, class... Parts>
inline constexpr bool is_composite<any_order_stages<T, Parts...>> = true;

/// A group, or stages in any order.
template <class Stages>
concept composite = is_composite<Stages>;

/// -1, which `compile` refuses, for what is not positive; the longest there is for what is longer.
template <class Rep, class Period>
std::int64_t bound_ns(std::chrono::duration<Rep, Period> bound) {
  using std::chrono::nanoseconds;
  if (std::chrono::duration<long double, std::nano>(bound) >= nanoseconds::max()) return nanoseconds::max().count();
  const std::int64_t ns = std::chrono::duration_cast<nanoseconds>(bound).count();
  return ns > 0 ? ns : -1;
}

}  // namespace detail

/// A pattern over events with data of type `T`, as it is written: stages, each with its conditions, then what
/// holds for the whole. Means what Apache Flink CEP's pattern API means, and what the text language means: the
/// same pattern gives an equal automaton in both.
///
///     auto pattern = cep::begin<txn>("small").where([](const txn& t) { return t.amount < 1; })
///                        .then("large").where([](const txn& t, const cep::taken<txn>& so_far) {
///                          return t.amount > 500 * so_far.last("small")->amount; })
///                        .within(1min);
///
/// What is said goes to the stage named last, except for `within`, `skip_…` and `report_timeouts`, which are about
/// the pattern. Each call gives a new builder and leaves this one as it was, so that patterns can share a beginning.
/// Conditions must be pure: they are asked as often as the matcher likes, also of events that are not taken.
///
/// Threads: immutable. Allocation: yes, cold. Errors: misuse that types show does not compile; `compile` throws
/// `pattern_error` for the rest.
template <event_data T, bool Whole, class... Closed, class Open>
class pattern_builder<T, Whole, std::tuple<Closed...>, Open> {
 public:
  using data_type = T;

  pattern_builder(cep::pattern written, std::tuple<Closed...> closed, Open open)
      : pattern_(std::move(written)), closed_(std::move(closed)), open_(std::move(open)) {}

  // --- conditions of the stage --------------------------------------------------------------------------

  /// The event must satisfy this as well: `where(a).where(b)` is "a and b". A stage with no condition takes every
  /// event.
  template <class F>
  [[nodiscard]] auto where(F condition) const {
    static_assert(!shape.any_order, "where: all_of has no condition of its own; put it on the members");
    static_assert(!shape.group, "where: a group has no condition of its own; put it on the stages inside");
    return with_part(replaced_where(detail::test_and<T>(open_.where, std::move(condition))));
  }

  /// Or the event satisfies this, whatever was said before on this stage.
  template <class F>
  [[nodiscard]] auto or_where(F condition) const {
    static_assert(!shape.any_order, "or_where: all_of has no condition of its own; put it on the members");
    static_assert(!shape.group, "or_where: a group has no condition of its own; put it on the stages inside");
    static_assert(Open::has_where, "or_where: there is no condition to be the alternative of; write where first");
    return with_part(replaced_where(detail::test_or<T>(open_.where, std::move(condition))));
  }

  /// The loop takes no event from the first on that satisfies this.
  template <class F>
  [[nodiscard]] auto until(F condition) const {
    static_assert(shape.unbounded, "until: put it behind one_or_more, zero_or_more or times_or_more");
    static_assert(!Open::has_until, "until: the stage has one already");
    auto test = detail::test_of<T>(std::move(condition));
    return with_part(
        detail::stage_part<shape, typename Open::where_type, decltype(test)>{open_.where, std::move(test)});
  }

  // --- the next stage -----------------------------------------------------------------------------------

  /// Strict: the very next event of the key.
  [[nodiscard]] auto next(std::string name) const { return linked(link::next, std::move(name)); }
  /// Relaxed: the first event that fits.
  [[nodiscard]] auto then(std::string name) const { return linked(link::then, std::move(name)); }
  /// Non-deterministic: each event that fits, in a match of its own.
  [[nodiscard]] auto then_any(std::string name) const { return linked(link::then_any, std::move(name)); }
  template <detail::composite Stages>
  [[nodiscard]] auto next(const Stages& members) const {
    return linked(link::next, members);
  }
  template <detail::composite Stages>
  [[nodiscard]] auto then(const Stages& members) const {
    return linked(link::then, members);
  }
  template <detail::composite Stages>
  [[nodiscard]] auto then_any(const Stages& members) const {
    return linked(link::then_any, members);
  }

  /// The very next event does not fit.
  [[nodiscard]] auto not_next(std::string name) const {
    constexpr detail::stage_shape negation{.negated = true, .not_next = true};
    return negated<negation>(link::not_next, std::move(name));
  }
  /// No event fits before the next stage; as the last stage, before the time is over.
  [[nodiscard]] auto not_then(std::string name) const {
    constexpr detail::stage_shape negation{.negated = true};
    return negated<negation>(link::not_then, std::move(name));
  }
  template <detail::composite Stages>
  void not_next(const Stages&) const {
    static_assert(!detail::composite<Stages>, "not_next: a negation looks at single events; give it a stage's name");
  }
  template <detail::composite Stages>
  void not_then(const Stages&) const {
    static_assert(!detail::composite<Stages>, "not_then: a negation looks at single events; give it a stage's name");
  }

  // --- how often ----------------------------------------------------------------------------------------

  [[nodiscard]] auto times(std::uint32_t count) const { return counted<false>(count, count, false); }
  /// `times(0, m)` is at most m, or none.
  [[nodiscard]] auto times(std::uint32_t least, std::uint32_t most) const {
    const bool none = least == 0 && most > 0;
    return counted<false>(none ? 1 : least, most, none);
  }
  [[nodiscard]] auto times_or_more(std::uint32_t least) const { return counted<true>(least, least, false); }
  [[nodiscard]] auto one_or_more() const { return counted<true>(1, 1, false); }
  [[nodiscard]] auto zero_or_more() const { return counted<true>(1, 1, true).optional(); }

  /// May be absent.
  [[nodiscard]] auto optional() const {
    static_assert(!shape.any_order, "optional: all_of has no quantifier; put it into a group: group(begin(all_of(…)))");
    static_assert(!shape.negated, "optional: a negation looks at single events; leave it out");
    static_assert(!shape.optional, "optional: the stage may be absent already");
    static_assert(
        !shape.behind_greedy,
        "optional: the stage before is greedy, so this one must be met; write times(0, n) for at most n, or none");
    return reshaped<with(&detail::stage_shape::optional)>([](stage& s) { s.quantifier.optional = true; });
  }
  /// What the loop can take, what comes after it does not get.
  [[nodiscard]] auto greedy() const {
    static_assert(shape.counted, "greedy: the stage is met once; put it behind times, one_or_more, …");
    static_assert(!shape.greedy, "greedy: said twice");
    static_assert(!shape.any, "greedy: every combination (any) is the opposite of the longest; choose one");
    return reshaped<with(&detail::stage_shape::greedy)>([](stage& s) { s.quantifier.greedy = true; });
  }
  /// Events of the loop follow each other directly (Flink's `consecutive`).
  [[nodiscard]] auto strict() const {
    check_arrangement();
    return reshaped<with(&detail::stage_shape::arranged)>([](stage& s) { arrange(s, contiguity::strict); });
  }
  /// Every combination of the events that fit (Flink's `allowCombinations`).
  [[nodiscard]] auto any() const {
    check_arrangement();
    static_assert(!shape.greedy, "any: every combination is the opposite of the longest (greedy); choose one");
    constexpr auto arranged = [] {
      auto made = shape;
      made.arranged = made.any = true;
      return made;
    }();
    return reshaped<arranged>([](stage& s) { arrange(s, contiguity::any); });
  }

  // --- time ---------------------------------------------------------------------------------------------

  /// From the first to the last event of a match less than this. Of several, the shortest holds.
  template <class Rep, class Period>
  [[nodiscard]] auto within(std::chrono::duration<Rep, Period> bound) const {
    auto made = whole();
    const std::int64_t ns = detail::bound_ns(bound);
    made.pattern_.within_ns = pattern_.within_ns == 0 ? ns : std::min(ns, pattern_.within_ns);
    return made;
  }
  /// From the event taken before to each event of this stage less than this.
  template <class Rep, class Period>
  [[nodiscard]] auto within_previous(std::chrono::duration<Rep, Period> bound) const {
    static_assert(!shape.any_order, "within_previous: all_of has no bound of its own; say within on the pattern");
    static_assert(!shape.group, "within_previous: put it on the stages inside the group");
    static_assert(!shape.first, "within_previous: no event comes before the first stage");
    static_assert(!shape.not_next, "within_previous: not_next looks at the very next event only");
    static_assert(!shape.bounded, "within_previous: said twice");
    return reshaped<with(&detail::stage_shape::bounded)>([&](stage& s) { s.gap_ns = detail::bound_ns(bound); });
  }
  /// Partial matches that time out are handed on too.
  [[nodiscard]] auto report_timeouts() const {
    auto made = whole();
    made.pattern_.reports_timeouts = true;
    return made;
  }

  // --- what a match does to others ----------------------------------------------------------------------

  /// Nothing: every match comes out. The default.
  [[nodiscard]] auto skip_none() const { return skipping(skip_strategy::none, {}); }
  /// Of the matches with one first event only one comes out.
  [[nodiscard]] auto skip_to_next() const { return skipping(skip_strategy::next, {}); }
  /// Matches do not overlap.
  [[nodiscard]] auto skip_past_last() const { return skipping(skip_strategy::past_last, {}); }
  /// What began before the match's first event of `stage` is dropped.
  [[nodiscard]] auto skip_to_first(const std::string& stage) const { return skipping(skip_strategy::to_first, stage); }
  /// What began before the match's last event of `stage` is dropped.
  [[nodiscard]] auto skip_to_last(const std::string& stage) const { return skipping(skip_strategy::to_last, stage); }

  // --- result -------------------------------------------------------------------------------------------

  /// The automaton and its conditions. Errors: `pattern_error` for a pattern without meaning.
  [[nodiscard]] auto compile() const {
    return std::apply([&](auto... tests) { return compiled(std::move(tests)...); }, tests());
  }

 private:
  template <event_data, bool, class, class>
  friend class pattern_builder;

  static constexpr detail::stage_shape shape = Open::shape;

  static constexpr detail::stage_shape with(bool detail::stage_shape::*fact) {
    detail::stage_shape made = shape;
    made.*fact = true;
    return made;
  }

  static void check_arrangement() {
    static_assert(shape.counted || shape.group,
                  "strict, any: the stage is met once; put it behind times, one_or_more, …");
    static_assert(!shape.arranged, "strict, any: said twice on one stage");
  }
  static void arrange(stage& s, contiguity inner) {
    s.quantifier.inner = inner;
    s.quantifier.inner_given = true;
  }

  template <class Part>
  [[nodiscard]] auto with_part(Part part) const {
    return pattern_builder<T, Whole, std::tuple<Closed...>, Part>{pattern_, closed_, std::move(part)};
  }
  template <class Where>
  [[nodiscard]] auto replaced_where(Where test) const {
    return detail::stage_part<shape, Where, typename Open::until_type>{std::move(test), open_.until};
  }
  template <detail::stage_shape Shape, class Change>
  [[nodiscard]] auto reshaped(Change&& change) const {
    auto made = with_part(open_.template as<Shape>());
    change(made.pattern_.stages.back());
    return made;
  }
  [[nodiscard]] auto whole() const {
    return pattern_builder<T, true, std::tuple<Closed...>, Open>{pattern_, closed_, open_};
  }

  template <detail::stage_shape Shape, class Members>
  [[nodiscard]] auto appended(stage added, Members members) const {
    auto grown = pattern_;
    grown.stages.push_back(std::move(added));
    auto closed = std::tuple_cat(closed_, std::tuple<Open>{open_}, std::move(members));
    using part = detail::stage_part<Shape>;
    return pattern_builder<T, Whole, decltype(closed), part>{std::move(grown), std::move(closed), part{}};
  }
  [[nodiscard]] static stage stage_of(link how, std::string name) {
    stage made;
    made.name = std::move(name);
    made.link = how;
    return made;
  }
  [[nodiscard]] auto linked(link how, std::string name) const {
    return appended<detail::stage_shape{.behind_greedy = shape.greedy}>(stage_of(how, std::move(name)), std::tuple<>{});
  }
  template <class Inner>
  [[nodiscard]] auto linked(link how, const stage_group<Inner>& members) const {
    static_assert(std::is_same_v<typename Inner::data_type, T>, "a group has the pattern's event type");
    constexpr detail::stage_shape grouped{.group = true, .behind_greedy = shape.greedy};
    stage made = stage_of(how, {});
    made.members = members.inner.pattern_.stages;
    return appended<grouped>(std::move(made), members.inner.parts());
  }
  template <class... Parts>
  [[nodiscard]] auto linked(link how, const any_order_stages<T, Parts...>& members) const {
    constexpr detail::stage_shape gathered{.any_order = true};
    stage made = stage_of(how, {});
    made.any_order = true;
    made.members = members.written;
    return appended<gathered>(std::move(made), members.parts);
  }
  template <detail::stage_shape Shape>
  [[nodiscard]] auto negated(link how, std::string name) const {
    static_assert(!shape.optional,
                  "not_next, not_then: the stage before a negation must be met; it may not be optional");
    return appended<Shape>(stage_of(how, std::move(name)), std::tuple<>{});
  }

  template <bool Unbounded>
  [[nodiscard]] auto counted(std::uint32_t least, std::uint32_t most, bool may_be_none) const {
    static_assert(!shape.any_order,
                  "times, one_or_more, …: all_of has no quantifier; put it into a group: group(begin(all_of(…)))");
    static_assert(!shape.negated, "times, one_or_more, …: a negation looks at single events");
    static_assert(!shape.counted, "times, one_or_more, …: the stage has a quantifier already");
    constexpr auto repeated = [] {
      auto made = shape;
      made.counted = true;
      made.unbounded = Unbounded;
      return made;
    }();
    return reshaped<repeated>([&](stage& s) {
      s.quantifier.least = least;
      s.quantifier.most = most;
      s.quantifier.counted = true;
      s.quantifier.unbounded = Unbounded;
      s.quantifier.optional = s.quantifier.optional || may_be_none;
      s.quantifier.from_zero = may_be_none && !Unbounded;
    });
  }

  [[nodiscard]] auto skipping(skip_strategy what, const std::string& to) const {
    auto made = whole();
    made.pattern_.skip = what;
    made.pattern_.skip_to = to;
    return made;
  }

  [[nodiscard]] std::tuple<Closed..., Open> parts() const { return std::tuple_cat(closed_, std::tuple<Open>{open_}); }
  [[nodiscard]] auto tests() const {
    return std::apply([](const auto&... part) { return std::tuple_cat(part.tests()...); }, parts());
  }

  template <class... Tests>
  [[nodiscard]] compiled_pattern<T, Tests...> compiled(Tests... tests) const {
    const auto ids = detail::number_parts<Closed..., Open>();
    std::span<const detail::part_ids> left(ids);
    cep::pattern numbered = pattern_;
    detail::write_numbers(numbered.stages, left);
    auto made = std::make_shared<const cep::automaton>(cep::compile(numbered));
    return {made, {made, std::tuple<Tests...>{std::move(tests)...}}};
  }

  template <class Inner>
  friend auto begin(const stage_group<Inner>& members);

  cep::pattern pattern_;
  std::tuple<Closed...> closed_;
  Open open_;
};

/// Begins a pattern over events of type `T` with its first stage. See `pattern_builder`.
template <class T>
[[nodiscard]] auto begin(std::string name) {
  static_assert(event_data<T>,
                "an event's data is a plain struct: trivially copyable, standard layout, aligned to 64 bytes at most");
  using part = detail::stage_part<detail::stage_shape{.first = true}>;
  cep::pattern written;
  written.stages.emplace_back().name = std::move(name);
  return pattern_builder<T, false, std::tuple<>, part>{std::move(written), {}, part{}};
}

/// Begins a pattern with a group.
template <class Inner>
[[nodiscard]] auto begin(const stage_group<Inner>& members) {
  using part = detail::stage_part<detail::stage_shape{.first = true, .group = true}>;
  cep::pattern written;
  written.stages.emplace_back().members = members.inner.pattern_.stages;
  auto closed = members.inner.parts();
  return pattern_builder<typename Inner::data_type, false, decltype(closed), part>{std::move(written),
                                                                                   std::move(closed), part{}};
}

/// Begins a pattern with stages in any order.
template <event_data T, class... Parts>
[[nodiscard]] auto begin(const any_order_stages<T, Parts...>& members) {
  using part = detail::stage_part<detail::stage_shape{.first = true, .any_order = true}>;
  cep::pattern written;
  stage& first = written.stages.emplace_back();
  first.any_order = true;
  first.members = members.written;
  return pattern_builder<T, false, std::tuple<Parts...>, part>{std::move(written), members.parts, part{}};
}

/// Makes one element of a sequence of stages, which a quantifier can repeat:
/// `.then(cep::group(cep::begin<T>("a").next("b"))).times(2)`.
template <event_data T, bool Whole, class Closed, class Open>
[[nodiscard]] auto group(pattern_builder<T, Whole, Closed, Open> members) {
  static_assert(!Whole,
                "within, skip_… and report_timeouts are about the whole pattern: say them outside of the group");
  return stage_group<pattern_builder<T, Whole, Closed, Open>>{std::move(members)};
}

}  // namespace millrace::cep
