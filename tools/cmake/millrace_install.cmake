# What an installed millrace is: the libraries, their headers, a CMake package, a pkg-config file, the program.
# Component `runtime` is what a program needs to run, `development` what it takes to build one.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/millrace")
set(libraries millrace_core)
if(TARGET millrace_pipeline)
  list(PREPEND libraries millrace_pipeline)
endif()

install(TARGETS ${libraries} EXPORT millrace_targets
  ARCHIVE COMPONENT development
  LIBRARY COMPONENT runtime NAMELINK_COMPONENT development
  FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT development)
if(TARGET millrace)
  install(TARGETS millrace RUNTIME COMPONENT runtime)
endif()
install(EXPORT millrace_targets NAMESPACE millrace:: DESTINATION "${package_dir}" COMPONENT development)
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT runtime)

# What a consumer has to find and to link follows from what the libraries are linked with.
set(find_lines "")
set(pc_requires "")
set(pc_private "")
get_property(known GLOBAL PROPERTY MILLRACE_DEPENDENCIES)
foreach(dependency IN LISTS known)
  string(MAKE_C_IDENTIFIER "${dependency}" id)
  foreach(key IN ITEMS FIND MODULE PC LINK)
    get_property(${key} GLOBAL PROPERTY MILLRACE_${id}_${key})
  endforeach()
  set(linked OFF)
  set(public OFF)
  foreach(library IN LISTS libraries)
    get_target_property(all ${library} LINK_LIBRARIES)
    get_target_property(interface ${library} INTERFACE_LINK_LIBRARIES)
    if(dependency IN_LIST interface)
      set(public ON)
    endif()
    get_target_property(type ${library} TYPE)
    if(dependency IN_LIST all AND NOT type STREQUAL SHARED_LIBRARY)
      set(linked ON)  # a static library hands its own libraries to whoever links it
    endif()
  endforeach()
  if((linked OR public) AND FIND)
    string(REPLACE ";" " " FIND "${FIND}")
    string(APPEND find_lines "find_dependency(${FIND})\n")
  elseif((linked OR public) AND MODULE)
    string(APPEND find_lines "millrace_find_module(${MODULE})\n")
  endif()
  if(public AND PC)
    list(APPEND pc_requires ${PC})
  elseif(linked OR public)
    # Not Requires.private: Debian's hwloc.pc then asks for libudev, which libhwloc-dev does not bring.
    list(APPEND pc_private ${LINK})
  endif()
endforeach()

set(pc_libraries "")
foreach(library IN LISTS libraries)
  list(APPEND pc_libraries "-l${library}")
endforeach()
# With archives alone there is nothing else that could bring what they need.
if(NOT BUILD_SHARED_LIBS)
  list(APPEND pc_libraries ${pc_private})
  set(pc_private "")
endif()
list(JOIN pc_libraries " " pc_libraries)
list(JOIN pc_requires " " pc_requires)
list(JOIN pc_private " " pc_private)

# The .pc file finds its prefix from where it lies, so that an installed tree may be moved.
file(RELATIVE_PATH pc_prefix "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
file(RELATIVE_PATH pc_libdir "${CMAKE_INSTALL_PREFIX}" "${CMAKE_INSTALL_FULL_LIBDIR}")
file(RELATIVE_PATH pc_includedir "${CMAKE_INSTALL_PREFIX}" "${CMAKE_INSTALL_FULL_INCLUDEDIR}")

set(input "${CMAKE_CURRENT_LIST_DIR}")
set(output "${PROJECT_BINARY_DIR}/package")
configure_package_config_file("${input}/millrace-config.cmake.in" "${output}/millrace-config.cmake"
  INSTALL_DESTINATION "${package_dir}" NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may break what was there.
write_basic_package_version_file("${output}/millrace-config-version.cmake" COMPATIBILITY SameMinorVersion)
configure_file("${input}/millrace.pc.in" "${output}/millrace.pc" @ONLY)
install(FILES "${output}/millrace-config.cmake" "${output}/millrace-config-version.cmake"
  DESTINATION "${package_dir}" COMPONENT development)
install(FILES "${output}/millrace.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT development)
