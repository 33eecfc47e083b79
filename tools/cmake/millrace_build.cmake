# How our own targets are built. Everything here is private: nothing reaches a parent project or an export.

if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Release or Debug" FORCE)
  endif()
  # ccache when it is there; no preset names it, so a machine without it builds too. The sloppiness is what
  # ccache needs to cache anything that includes a precompiled header.
  find_program(MILLRACE_CCACHE ccache)
  if(MILLRACE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER
        "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros "${MILLRACE_CCACHE}")
  endif()
endif()

add_library(millrace_private_flags INTERFACE)
target_compile_features(millrace_private_flags INTERFACE cxx_std_20)
target_compile_options(millrace_private_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>  # false alarms of GCC 12 on std::string operator+ (GCC PR 105651)
  $<$<BOOL:${MILLRACE_WARNINGS_AS_ERRORS}>:-Werror>)
target_compile_definitions(millrace_private_flags INTERFACE $<$<BOOL:${MILLRACE_ASSERTIONS}>:_GLIBCXX_ASSERTIONS>)

# millrace_library(core HEADERS ... SOURCES ... PUBLIC ... PRIVATE ...): target millrace_core, alias
# millrace::core, include root = the folder that it is called in. PUBLIC and PRIVATE name rows of
# millrace_dependencies.cmake or our own targets.
function(millrace_library name)
  cmake_parse_arguments(arg "" "" "HEADERS;SOURCES;PUBLIC;PRIVATE" ${ARGN})
  set(target millrace_${name})
  add_library(${target})
  add_library(millrace::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${name} VERIFY_INTERFACE_HEADER_SETS ON POSITION_INDEPENDENT_CODE ON
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  target_compile_features(${target} PUBLIC cxx_std_20)
  # Headers hold inline code that checks, so whoever includes them must check as the library does.
  target_compile_definitions(${target} PUBLIC $<$<BOOL:${MILLRACE_ASSERTIONS}>:MILLRACE_ASSERTIONS=1>)
  target_sources(${target}
    PUBLIC FILE_SET HEADERS BASE_DIRS "${CMAKE_CURRENT_SOURCE_DIR}" FILES ${arg_HEADERS}
    PRIVATE ${arg_SOURCES})
  target_link_libraries(${target} PUBLIC ${arg_PUBLIC} PRIVATE $<BUILD_INTERFACE:millrace_private_flags>)
  foreach(library IN LISTS arg_PRIVATE)
    # A header-only library that only our sources include is none of a consumer's business.
    string(MAKE_C_IDENTIFIER "${library}" id)
    get_property(link GLOBAL PROPERTY MILLRACE_${id}_LINK)
    if(TARGET ${library} AND NOT library MATCHES "^millrace" AND NOT link)
      target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:${library}>)
    else()
      target_link_libraries(${target} PRIVATE ${library})
    endif()
  endforeach()
endfunction()
