# Hides two CMake packages and everything that pkg-config knows. A missing dependency is named with the package that holds it, and all that are missing are named at once.
file(REMOVE_RECURSE "${WORK}")
set(ENV{PKG_CONFIG_LIBDIR} /nonexistent)
execute_process(
  COMMAND ${CMAKE_COMMAND} -S "${SOURCE}" -B "${WORK}" -G Ninja "-DCMAKE_CXX_COMPILER=${COMPILER}"
          -DCMAKE_DISABLE_FIND_PACKAGE_simdjson=ON -DCMAKE_DISABLE_FIND_PACKAGE_fmt=ON
  RESULT_VARIABLE status ERROR_VARIABLE said OUTPUT_QUIET)
if(status EQUAL 0)
  message(FATAL_ERROR "configured although dependencies were hidden")
endif()
foreach(package IN ITEMS libfmt-dev libsimdjson-dev libhwloc-dev libisal-dev)
  if(NOT said MATCHES "apt-get install [^\n]*${package}")
    message(FATAL_ERROR "${package} is not named in:\n${said}")
  endif()
endforeach()
message(STATUS "${said}")
