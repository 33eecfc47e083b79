# The millrace program, seen from outside: scripts that need nothing but Python.
if(NOT MILLRACE_TOOLS)
  return()
endif()
find_program(MILLRACE_PYTHON python3 REQUIRED)

foreach(topic bad_feed options rules_errors signals terminal usage)
  add_test(NAME tools.${topic} COMMAND "${MILLRACE_PYTHON}" "${CMAKE_CURRENT_SOURCE_DIR}/tools/${topic}_test.py" $<TARGET_FILE:millrace>)
  set_tests_properties(tools.${topic} PROPERTIES LABELS tools TIMEOUT 120)
endforeach()
# They measure wall time.
set_tests_properties(tools.options tools.signals PROPERTIES RUN_SERIAL ON)

# Feeds of the tree, and the large ones that are not in it: skipped where they are not there.
foreach(place examples shared)
  set(folder "${PROJECT_SOURCE_DIR}/examples/feeds")
  if(place STREQUAL "shared")
    set(folder "${MILLRACE_SHARED_DIR}/feeds")
  endif()
  add_test(NAME feeds.${place} COMMAND "${MILLRACE_PYTHON}" "${CMAKE_CURRENT_SOURCE_DIR}/feeds/feeds_test.py" $<TARGET_FILE:millrace> "${folder}")
  set_tests_properties(feeds.${place} PROPERTIES LABELS tools SKIP_RETURN_CODE 77 TIMEOUT 300)
endforeach()
