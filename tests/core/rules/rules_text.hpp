#pragma once

#include <millrace/base/fixed_string.hpp>
#include <millrace/event/event.hpp>
#include <millrace/rules/compile.hpp>
#include <millrace/rules/parse.hpp>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace millrace::rules {

inline constexpr const char* login_event = "event Login { ts : timestamp  user : u32  ok : bool  ip : string(8) }\n";

inline std::shared_ptr<const program> compiled(const std::string& text) {
  return std::make_shared<const program>(compile({"test.mr", text}));
}

/// "line:column message", without the name, the line and the caret; or that it was accepted.
template <class F>
std::string refusal_by(F&& f) {
  try {
    f();
  } catch (const rules_error& e) {
    const std::string what = e.what();
    const std::string place = "test.mr:" + std::to_string(e.line()) + ":" + std::to_string(e.column()) + ": error: ";
    if (!what.starts_with(place)) return "no place in: " + what;
    return std::to_string(e.line()) + ":" + std::to_string(e.column()) + " " +
           what.substr(place.size(), what.find('\n') - place.size());
  }
  return "accepted";
}
inline std::string refusal_of(const std::string& text) {
  return refusal_by([&] { static_cast<void>(compile({"test.mr", text})); });
}

/// A pattern over Login with these stages, as it was written.
inline pattern_syntax parsed_pattern(const std::string& stages, const std::string& header = "") {
  return parse({"test.mr", "pattern p on Login " + header + " { " + stages + " }"}).patterns.at(0);
}
inline stage_syntax parsed_stage(const std::string& stage) { return parsed_pattern("first " + stage).stages.at(0); }
inline cep::quantifier parsed_quantifier(const std::string& text) { return parsed_stage(text).quantifier; }

/// A Login as the engine takes it.
struct login {
  event_header header;
  std::int64_t ts = 0;
  std::uint32_t user = 0;
  bool ok = false;
  fixed_string<8> ip;
};

inline login make_login(std::uint64_t number, std::int64_t ts, std::uint32_t user, bool ok = false) {
  login made;
  made.header.sequence = number + 1;
  made.header.id.low = number;
  made.header.time_ns = ts;
  made.header.route = 0x8000 | 0x7FFF;
  made.ts = ts;
  made.user = user;
  made.ok = ok;
  return made;
}
static_assert(offsetof(login, user) == sizeof(event_header) + 8 && offsetof(login, ip) == sizeof(event_header) + 16);

}  // namespace millrace::rules
