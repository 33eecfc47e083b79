#include "command.hpp"

#include <millrace/rules/compile.hpp>

#include <sys/stat.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <new>

namespace millrace::tools {
namespace {

std::string read_text(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) throw usage_error("cannot open '" + path + "': " + std::strerror(errno));
  if (S_ISDIR(about.st_mode)) throw usage_error("cannot read '" + path + "': found a directory, expected a rules file");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw usage_error("cannot open '" + path + "': " + std::strerror(errno));
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::shared_ptr<const rules::program> load_rules(const std::string& path) {
  return std::make_shared<const rules::program>(rules::compile({path, read_text(path)}));
}

int guarded(int (*run)(const void*), const void* arguments) {
  try {
    return run(arguments);
  } catch (const rules::rules_error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return wrong_usage;
  } catch (const usage_error& e) {
    std::fprintf(stderr, "millrace: %s\n", e.what());
    return wrong_usage;
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "millrace: out of memory; lower --max-runs, --max-keys or --max-events\n");
    return failed;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "millrace: %s\n", e.what());
    return failed;
  }
}

}  // namespace millrace::tools
