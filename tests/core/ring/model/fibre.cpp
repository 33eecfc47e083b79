#include "core/ring/model/fibre.hpp"

#include <cstdint>
#include <millrace/base/check.hpp>

namespace millrace::model {

namespace {

// makecontext passes ints alone.
void call(unsigned entry_high, unsigned entry_low, unsigned argument_high, unsigned argument_low) {
  const auto joined = [](unsigned high, unsigned low) {
    return static_cast<std::uintptr_t>((std::uint64_t{high} << 32) | low);
  };
  reinterpret_cast<void (*)(void*)>(joined(entry_high, entry_low))(
      reinterpret_cast<void*>(joined(argument_high, argument_low)));
}

unsigned high(std::uint64_t word) { return static_cast<unsigned>(word >> 32); }
unsigned low(std::uint64_t word) { return static_cast<unsigned>(word); }

}  // namespace

void fibre::start(void (*entry)(void*), void* argument) {
  if (!stack_) stack_ = std::make_unique<std::byte[]>(stack_bytes);
  MILLRACE_CHECK(::getcontext(&context_) == 0, "no context for a fibre");
  context_.uc_stack.ss_sp = stack_.get();
  context_.uc_stack.ss_size = stack_bytes;
  context_.uc_link = nullptr;
  const auto function = reinterpret_cast<std::uintptr_t>(entry);
  const auto object = reinterpret_cast<std::uintptr_t>(argument);
  ::makecontext(&context_, reinterpret_cast<void (*)()>(call), 4, high(function), low(function), high(object),
                low(object));
}

void fibre::enter(fibre& from) {
  MILLRACE_CHECK(::swapcontext(&from.context_, &context_) == 0, "a fibre cannot be entered");
}

}  // namespace millrace::model
