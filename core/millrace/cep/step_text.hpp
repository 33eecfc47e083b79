#pragma once

#include <millrace/cep/explain.hpp>
#include <millrace/cep/run_watcher.hpp>

#include <string>

namespace millrace::cep {

/// What happened in one step of a partial match, for people: "waits: success needs (not (ip in failed.ip))".
std::string step_text(const automaton& of, const run_step& step, const condition_text& text);

}  // namespace millrace::cep
