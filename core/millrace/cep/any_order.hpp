#pragma once

#include <millrace/cep/pattern.hpp>
#include <millrace/cep/stage_part.hpp>
#include <millrace/cep/stage_test.hpp>
#include <millrace/event/event.hpp>

#include <cstdint>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace::cep {

template <event_data T, class... Parts>
struct any_order_stages;

/// One of the stages that are met in any order; see `all_of`. Each call gives a new member and leaves this one as it
/// was.
///
/// Threads: immutable. Allocation: yes, cold. Errors: what a member cannot say does not compile.
template <event_data T, class Part>
class stage_member {
 public:
  using data_type = T;

  stage_member(stage written, Part part) : written_(std::move(written)), part_(std::move(part)) {}

  /// The event must satisfy this as well. A member with no condition takes every event.
  template <class F>
  [[nodiscard]] auto where(F condition) const {
    return with_test(detail::test_and<T>(part_.where, std::move(condition)));
  }
  /// Or the event satisfies this, whatever was said before on this member.
  template <class F>
  [[nodiscard]] auto or_where(F condition) const {
    static_assert(Part::has_where, "or_where: there is no condition to be the alternative of; write where first");
    return with_test(detail::test_or<T>(part_.where, std::move(condition)));
  }

  /// The member is met by so many events; there may be others between them.
  [[nodiscard]] auto times(std::uint32_t count) const {
    static_assert(!Part::shape.counted, "times: the member has a count already");
    constexpr detail::stage_shape counted{.counted = true};
    stage made = written_;
    made.quantifier.least = made.quantifier.most = count;
    made.quantifier.counted = true;
    auto part = part_.template as<counted>();
    return stage_member<T, decltype(part)>{std::move(made), std::move(part)};
  }

  // What a stage can be, and a member cannot.
  template <class... Counts>
  void times(std::uint32_t, Counts...) const {
    refuse_loop<Counts...>();
  }
  template <class Self = stage_member>
  void times_or_more(std::uint32_t) const {
    refuse_loop<Self>();
  }
  template <class Self = stage_member>
  void one_or_more() const {
    refuse_loop<Self>();
  }
  template <class Self = stage_member>
  void zero_or_more() const {
    refuse_loop<Self>();
  }
  template <class Self = stage_member>
  void optional() const {
    refuse_loop<Self>();
  }

 private:
  template <event_data U, class... Parts>
  friend struct any_order_stages;

  template <class... Said>
  static void refuse_loop() {
    static_assert(sizeof...(Said) > 99,
                  "a member of all_of is met an exact number of times: times(n); link a loop or an optional stage "
                  "behind all_of");
  }
  template <class Test>
  [[nodiscard]] auto with_test(Test test) const {
    detail::stage_part<Part::shape, Test> part{std::move(test), {}};
    return stage_member<T, decltype(part)>{written_, std::move(part)};
  }

  stage written_;
  Part part_;
};

/// Stages that stand where one can, and are met in any order; see `all_of`.
template <event_data T, class... Parts>
struct any_order_stages {
  using data_type = T;

  explicit any_order_stages(const stage_member<T, Parts>&... members)
      : written{members.written_...}, parts{members.part_...} {}

  std::vector<stage> written;
  std::tuple<Parts...> parts;
};

/// Makes a member of `all_of`, with the name of a stage.
template <class T>
[[nodiscard]] auto member(std::string name) {
  static_assert(event_data<T>,
                "an event's data is a plain struct: trivially copyable, standard layout, aligned to 64 bytes at most");
  using part = detail::stage_part<detail::stage_shape{}>;
  stage written;
  written.name = std::move(name);
  return stage_member<T, part>{std::move(written), part{}};
}

/// Every member is met, in any order, as `all ( … )` in text:
///
///     cep::begin(cep::all_of(cep::member<call>("auth").where(failed_auth),
///                            cep::member<call>("pay").where(failed_pay).times(2)))
///
/// An event serves one member, the first unmet one that it fits, in the order written. The link before `all_of`
/// governs the gap before its first event; between its events, those that fit no unmet member are skipped.
template <event_data T, class... Parts>
[[nodiscard]] auto all_of(const stage_member<T, Parts>&... members) {
  static_assert(sizeof...(Parts) >= 2, "all_of: expected at least two members; a single one is a stage");
  return any_order_stages<T, Parts...>(members...);
}

}  // namespace millrace::cep
