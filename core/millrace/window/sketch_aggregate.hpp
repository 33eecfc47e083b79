#pragma once

#include <millrace/window/aggregator.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

namespace millrace::window {

/// An aggregator of `Event`s from a sketch or a set, which keeps its states in bytes whose number its parameters say,
/// and is given `project(event)`. What it stands for is asked of `sketch()`.
template <class Event, class Sketch, class Project = std::identity>
class sketch_aggregate {
 public:
  using input_type = Event;

  explicit sketch_aggregate(Sketch sketch, Project project = {})
      : sketch_(std::move(sketch)), project_(std::move(project)) {}

  [[nodiscard]] std::size_t state_bytes() const noexcept { return sketch_.state_bytes(); }
  void begin(std::byte* state) noexcept { sketch_.begin(state); }
  void add(std::byte* state, const Event& event, std::int64_t, std::uint64_t) noexcept {
    sketch_.add(state, std::invoke(project_, event));
  }
  void merge(std::byte* into, const std::byte* later) noexcept { sketch_.merge(into, later); }
  void end(std::byte* state) noexcept { sketch_.end(state); }

  [[nodiscard]] auto value(const std::byte* state) const { return sketch_.value(state); }
  [[nodiscard]] const Sketch& sketch() const noexcept { return sketch_; }

 private:
  Sketch sketch_;
  [[no_unique_address]] Project project_;
};

}  // namespace millrace::window
