// A program of somebody else's that uses millrace.
#include <millrace/event/layout.hpp>
#include <millrace/placement/machine.hpp>
#include <millrace/time/timestamp.hpp>

#include <cstdio>

int main() {
  millrace::event_layout layout("login");
  layout.add({.name = "user", .type = millrace::field_type::u64});
  layout.add({.name = "at", .type = millrace::field_type::timestamp});
  const auto at = millrace::parse_rfc3339("2015-09-12T00:47:35.776Z");
  if (!at || layout.bytes() != 16 || millrace::machine::detect().cpus().empty()) return 1;
  // An old-style cast: millrace builds itself without any, and does not make that its users' rule.
  std::printf("%s %s\n", layout.name().c_str(), millrace::format_rfc3339((std::int64_t)*at).c_str());
  return 0;
}
