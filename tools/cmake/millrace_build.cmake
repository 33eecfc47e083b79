# Flags of our own builds. They live in a private target that is never exported.
add_library(millrace_private_flags INTERFACE)
target_compile_features(millrace_private_flags INTERFACE cxx_std_20)
target_compile_options(millrace_private_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual
  $<$<BOOL:${MILLRACE_WARNINGS_AS_ERRORS}>:-Werror>)
target_compile_definitions(millrace_private_flags INTERFACE
  _GLIBCXX_ASSERTIONS $<$<BOOL:${MILLRACE_ASSERTIONS}>:MILLRACE_ASSERTIONS=1>)

# millrace_library(core): target millrace_core, alias millrace::core, include root = the folder it is called in.
function(millrace_library name)
  cmake_parse_arguments(arg "" "" "HEADERS;SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(millrace_${name})
  add_library(millrace::${name} ALIAS millrace_${name})
  set_target_properties(millrace_${name} PROPERTIES EXPORT_NAME ${name} VERIFY_INTERFACE_HEADER_SETS ON
                        POSITION_INDEPENDENT_CODE ON VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
  target_compile_features(millrace_${name} PUBLIC cxx_std_20)
  target_sources(millrace_${name}
    PUBLIC FILE_SET HEADERS BASE_DIRS "${CMAKE_CURRENT_SOURCE_DIR}" FILES ${arg_HEADERS}
    PRIVATE ${arg_SOURCES})
  target_link_libraries(millrace_${name} PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE} $<BUILD_INTERFACE:millrace_private_flags>)
endfunction()
