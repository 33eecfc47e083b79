#pragma once

#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace millrace::projection {

/// What an event does to the row of its key. `KeyOf` is a function of the event or a pointer to its field.
template <class Event, class KeyOf, class Apply>
struct event_handler {
  using event_type = Event;

  KeyOf key_of;
  Apply apply;
};

/// `on<deposited>(&deposited::account, [](account& row, const deposited& e) { row.balance += e.amount; })`
template <class Event, class KeyOf, class Apply>
auto on(KeyOf key_of, Apply apply) {
  return event_handler<Event, KeyOf, Apply>{std::move(key_of), std::move(apply)};
}

/// Updates a model's rows by events: each type of event has a handler, and an event of another type does not compile.
/// The same projector fills a live model and one that is rebuilt.
/// Threads: the model's writer. Allocation: none. Complexity: that of an update.
template <class... Handlers>
class projector {
 public:
  explicit projector(Handlers... handlers) : handlers_(std::move(handlers)...) {}

  /// False when the model refused the row.
  template <class Model, class Event>
  bool apply(Model& model, const Event& event) const {
    static_assert((std::is_same_v<typename Handlers::event_type, Event> || ...),
                  "the projector has no handler for this type of event: add on<type>(key, function)");
    const auto& handler = std::apply(
        [](const auto&... each) -> const auto& { return handler_of<Event>(each...); }, handlers_);
    return model.update(std::invoke(handler.key_of, event), [&](auto& row) { handler.apply(row, event); });
  }

 private:
  template <class Event, class First, class... Rest>
  static const auto& handler_of(const First& first, const Rest&... rest) {
    if constexpr (std::is_same_v<typename First::event_type, Event>)
      return first;
    else
      return handler_of<Event>(rest...);
  }

  std::tuple<Handlers...> handlers_;
};

}  // namespace millrace::projection
