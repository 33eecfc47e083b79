# must_not_compile(pattern core/.../pattern.cpp MESSAGES ...): the source's misuse number i (macro MISUSE, from 1)
# is refused with the i-th message, and number 0 compiles. The compiler is asked for the syntax only.
function(must_not_compile name source)
  cmake_parse_arguments(arg "" "" "MESSAGES" ${ARGN})
  set(compile "${CMAKE_CXX_COMPILER}" -std=c++20 -fsyntax-only
      "-I${PROJECT_SOURCE_DIR}/core" "-I${PROJECT_SOURCE_DIR}/pipeline" "${CMAKE_CURRENT_SOURCE_DIR}/${source}")
  add_test(NAME must_not_compile.${name}.twin COMMAND ${compile} -DMISUSE=0)
  set(number 0)
  foreach(message IN LISTS arg_MESSAGES)
    math(EXPR number "${number} + 1")
    add_test(NAME must_not_compile.${name}.${number} COMMAND ${compile} -DMISUSE=${number})
    set_tests_properties(must_not_compile.${name}.${number} PROPERTIES PASS_REGULAR_EXPRESSION "${message}")
  endforeach()
endfunction()

must_not_compile(pattern core/cep/must_not_compile/pattern.cpp MESSAGES
  "a condition is called as"
  "has a quantifier already"
  "until: put it behind"
  "greedy: the stage is met once"
  "optional: a negation looks at single events"
  "it may not be optional"
  "where: a group has no condition"
  "say them outside of the group"
  "no event comes before the first stage"
  "or_where: there is no condition"
  "an event's data is a plain struct"
  "greedy: every combination"
  "all_of: expected at least two members"
  "all_of has no quantifier"
  "where: all_of has no condition of its own"
  "a member of all_of is met an exact number of times"
  "not_then: a negation looks at single events"
  "all_of has no bound of its own"
  "times: the member has a count already"
  "the stage before is greedy"
  "the stage before is greedy"
  "until: the stage has one already"
  "strict, any: said twice"
  "optional: the stage may be absent already"
  "a negation looks at single events"
  "put it on the stages inside the group"
  "strict, any: the stage is met once")

must_not_compile(stream core/stream/must_not_compile/operators.cpp MESSAGES
  "no handler for this type of event"
  "a versioned_table"
  "keys and values must be trivially copyable"
  "no padding, no floating point"
  "a ranking publishes a top of at least one key")
