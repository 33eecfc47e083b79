# The millrace program, seen from outside: scripts that need nothing but Python.
if(NOT MILLRACE_TOOLS)
  return()
endif()
find_program(MILLRACE_PYTHON python3 REQUIRED)

foreach(topic bad_feed bench bounds explain options rules_errors shards signals terminal topology trace usage watch windows)
  add_test(NAME tools.${topic} COMMAND "${MILLRACE_PYTHON}" "${CMAKE_CURRENT_SOURCE_DIR}/tools/${topic}_test.py" $<TARGET_FILE:millrace>)
  set_tests_properties(tools.${topic} PROPERTIES LABELS tools TIMEOUT 120)
endforeach()
# They measure wall time.
set_tests_properties(tools.options tools.signals PROPERTIES RUN_SERIAL ON)

# The large feeds that are not in the tree: skipped, and said so, where they are not there.
add_test(NAME feeds.shared COMMAND "${MILLRACE_PYTHON}" "${CMAKE_CURRENT_SOURCE_DIR}/feeds/feeds_test.py" $<TARGET_FILE:millrace> "${MILLRACE_SHARED_DIR}/feeds")
set_tests_properties(feeds.shared PROPERTIES LABELS tools SKIP_RETURN_CODE 77 TIMEOUT 300)
