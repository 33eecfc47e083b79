# Fuzzing of pattern text and feed. One entry point, two programs:
#   fuzz_tests     every build: all seeds, then a few thousand seeded mutations
#   pattern_fuzz   the preset `fuzz` (clang): libFuzzer with address and undefined-behaviour sanitizers
#     cmake --workflow --preset fuzz
#     build/fuzz/bin/pattern_fuzz -dict=tests/fuzz/rules.dict -max_total_time=300 -timeout=10 build/fuzz/corpus
set(fuzz_seeds_from "${CMAKE_CURRENT_SOURCE_DIR}/conformance/cases/cep" "${PROJECT_SOURCE_DIR}/examples")
add_library(millrace_fuzz STATIC fuzz/comparable.cpp fuzz/pattern_and_feed.cpp fuzz/seeds.cpp)
target_link_libraries(millrace_fuzz PRIVATE millrace_private_flags PUBLIC millrace_cep_oracle)

millrace_test(fuzz SOURCES fuzz/mutation.cpp fuzz/replay_test.cpp LIBRARIES millrace_fuzz)
list(GET fuzz_seeds_from 0 cases)
list(GET fuzz_seeds_from 1 examples)
target_compile_definitions(fuzz_tests PRIVATE MILLRACE_CASES="${cases}" MILLRACE_EXAMPLES="${examples}")

if(MILLRACE_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "millrace: MILLRACE_FUZZ needs clang++, found ${CMAKE_CXX_COMPILER_ID}; use the preset fuzz")
  endif()
  add_executable(write_seeds fuzz/write_seeds.cpp)
  target_link_libraries(write_seeds PRIVATE millrace_private_flags millrace_fuzz)
  add_executable(pattern_fuzz fuzz/libfuzzer_target.cpp)
  target_link_libraries(pattern_fuzz PRIVATE millrace_private_flags millrace_fuzz)
  target_link_options(pattern_fuzz PRIVATE -fsanitize=fuzzer)
  add_custom_target(pattern_corpus
    COMMAND ${CMAKE_CROSSCOMPILING_EMULATOR} $<TARGET_FILE:write_seeds> ${fuzz_seeds_from} "${PROJECT_BINARY_DIR}/corpus"
    COMMENT "Writing the seeds of pattern_fuzz")
  add_test(NAME fuzz.pattern_for_a_moment
    COMMAND ${CMAKE_CROSSCOMPILING_EMULATOR} $<TARGET_FILE:pattern_fuzz> -max_total_time=60 -timeout=10
            "-dict=${CMAKE_CURRENT_SOURCE_DIR}/fuzz/rules.dict" "${PROJECT_BINARY_DIR}/corpus")
  set_tests_properties(fuzz.pattern_for_a_moment PROPERTIES LABELS fuzz TIMEOUT 300)
endif()
