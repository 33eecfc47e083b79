#pragma once

#include <millrace/cep/automaton.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace millrace::cep {

/// How a condition is shown: by its source text where there is one.
using condition_text = std::function<std::string(condition_id)>;

/// A guard as it is written in rules: "a and (b or c)"; "always" where it asks nothing.
std::string guard_text(const automaton& of, guard g, const condition_text& text);

/// The skip strategy as rules write it, "skip past last".
std::string skip_text(const automaton& of);

/// The automaton as a table for people: a line a node and an edge, with the condition of each edge.
std::string explain_table(const automaton& of, const condition_text& text);

/// The automaton as a Graphviz graph, with a caption where there is one.
std::string explain_dot(const automaton& of, const condition_text& text, std::string_view caption = {});

}  // namespace millrace::cep
