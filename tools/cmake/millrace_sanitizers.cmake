# What a sanitized program needs in order to run here, put in front of every test program, at its discovery
# while building and when it runs. Nothing is done in a build without sanitizers.

if(NOT PROJECT_IS_TOP_LEVEL OR NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize=")
  return()
endif()

set(launcher "")

# gcc 12 and clang 14 lay their shadow memory where kernels with more random address bits put programs
# (vm.mmap_rnd_bits above 28): the program dies at random before main(). Containers may forbid the switch.
find_program(MILLRACE_SETARCH setarch)
if(MILLRACE_SETARCH)
  execute_process(COMMAND "${MILLRACE_SETARCH}" -R true RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
  if(NOT failed)
    list(APPEND launcher "${MILLRACE_SETARCH}" -R)
  endif()
endif()

# Leaks are found with ptrace, which a container may forbid; then a program without a leak fails at its end.
if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=[a-z,]*address")
  set(probe "${PROJECT_BINARY_DIR}/CMakeFiles/leak_probe")
  file(WRITE "${probe}.cpp" "int main() { return 0; }\n")
  separate_arguments(flags UNIX_COMMAND "${CMAKE_CXX_FLAGS}")
  execute_process(COMMAND "${CMAKE_CXX_COMPILER}" ${flags} "${probe}.cpp" -o "${probe}" COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND ${CMAKE_COMMAND} -E env ASAN_OPTIONS=detect_leaks=1 ${launcher} "${probe}"
                  RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
  if(failed)
    message(WARNING "millrace: leaks cannot be detected here (no ptrace); the other checks of the sanitizer stay on")
    list(PREPEND launcher "${CMAKE_COMMAND}" -E env ASAN_OPTIONS=detect_leaks=0)
  endif()
endif()

set(CMAKE_CROSSCOMPILING_EMULATOR ${launcher})
