#pragma once

#include <millrace/stage/output_order.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
#include <functional>
#include <span>
#include <type_traits>

namespace millrace::detail {

/// The one argument of a function, without reference and const; `void` where that cannot be told.
template <class F>
struct sole_argument {
  using type = void;
};
template <class R, class A>
struct sole_argument<R (*)(A)> {
  using type = std::remove_cvref_t<A>;
};
template <class R, class A>
struct sole_argument<R (*)(A) noexcept> : sole_argument<R (*)(A)> {};
template <class C, class R, class A>
struct sole_argument<R (C::*)(A)> : sole_argument<R (*)(A)> {};
template <class C, class R, class A>
struct sole_argument<R (C::*)(A) const> : sole_argument<R (*)(A)> {};
template <class C, class R, class A>
struct sole_argument<R (C::*)(A) noexcept> : sole_argument<R (*)(A)> {};
template <class C, class R, class A>
struct sole_argument<R (C::*)(A) const noexcept> : sole_argument<R (*)(A)> {};

/// What a sink takes: the argument of its `consume`, or of its call.
template <class Sink>
constexpr auto record_type_of() {
  if constexpr (requires { &Sink::consume; })
    return std::type_identity<typename sole_argument<decltype(&Sink::consume)>::type>{};
  else if constexpr (requires { &Sink::operator(); })
    return std::type_identity<typename sole_argument<decltype(&Sink::operator())>::type>{};
  else
    return std::type_identity<typename sole_argument<std::decay_t<Sink>>::type>{};
}

/// Puts a user's sink behind the executors: bytes become records again.
///
/// Threads: egress. Allocation: none. Errors: those of the sink.
template <class Record, class Sink>
class record_consumer {
 public:
  static_assert(std::is_trivially_copyable_v<Record>,
                "what a match emits goes to the sink as bytes: it must be trivially copyable");

  explicit record_consumer(Sink& sink) noexcept : sink_(sink) {}

  bool consume(const output_order&, std::span<const std::byte> bytes) {
    std::array<std::byte, sizeof(Record)> copy;
    std::memcpy(copy.data(), bytes.data(), sizeof(Record));
    const Record record = std::bit_cast<Record>(copy);
    if constexpr (std::is_void_v<decltype(give(record))>) {
      give(record);
      return true;
    } else {
      return static_cast<bool>(give(record));
    }
  }

  void flush() {
    if constexpr (requires { sink_.flush(); }) sink_.flush();
  }

 private:
  decltype(auto) give(const Record& record) {
    if constexpr (requires { sink_.consume(record); }) {
      return sink_.consume(record);
    } else {
      static_assert(std::is_invocable_v<Sink&, const Record&>,
                    "sink: expected a callable that takes (const Record&), or an object with consume(const Record&)");
      return std::invoke(sink_, record);
    }
  }

  Sink& sink_;
};

}  // namespace millrace::detail
