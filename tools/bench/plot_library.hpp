#pragma once

#include <string_view>

// dygraphs (MIT licence), as Debian's libjs-dygraphs has it; put into the program when that is built.
namespace millrace::tools::plot_library {

extern const std::string_view script;
extern const std::string_view style;

}  // namespace millrace::tools::plot_library
