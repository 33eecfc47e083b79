# Puts a file into a program: writes a source that defines `extern const std::string_view NAME` in a namespace.
#
#   millrace_embed(<source to write> NAMESPACE <namespace> <name> <file> [<name> <file>...])

function(millrace_embed source)
  cmake_parse_arguments(arg "" "NAMESPACE" "" ${ARGN})
  set(text "#include <string_view>\n\nnamespace ${arg_NAMESPACE} {\n\n")
  while(arg_UNPARSED_ARGUMENTS)
    list(POP_FRONT arg_UNPARSED_ARGUMENTS name file)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
    file(READ "${file}" bytes HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    string(APPEND text "static constexpr unsigned char ${name}_bytes[] = {${bytes}};\n"
      "extern const std::string_view ${name};\n"
      "const std::string_view ${name}(reinterpret_cast<const char*>(${name}_bytes), sizeof ${name}_bytes);\n\n")
  endwhile()
  string(APPEND text "}  // namespace ${arg_NAMESPACE}\n")
  file(CONFIGURE OUTPUT "${source}" CONTENT "${text}" @ONLY)
endfunction()
