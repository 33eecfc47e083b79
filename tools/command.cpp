#include "command.hpp"

#include <millrace/base/error.hpp>
#include <millrace/rules/compile.hpp>
#include <millrace/rules/parse.hpp>

#include <sys/stat.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>

#include <new>

namespace millrace::tools {
namespace {

constexpr std::size_t read_bytes_max = 16 * rules::text_bytes_max;

}  // namespace

std::string read_text(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) throw usage_error("cannot open '" + path + "': " + std::strerror(errno));
  if (S_ISDIR(about.st_mode)) throw usage_error("cannot read '" + path + "': found a directory, expected a rules file");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw usage_error("cannot open '" + path + "': " + std::strerror(errno));
  // A little more than a rules file may have: what has no end, like a device, is refused and not read on.
  std::string text(read_bytes_max, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) throw usage_error("cannot read '" + path + "': " + std::strerror(errno));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

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
  } catch (const memory_error& e) {
    std::fprintf(stderr, "millrace: %s; lower --max-runs, --max-keys or --max-events\n", e.what());
    return failed;
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "millrace: out of memory; lower --max-runs, --max-keys or --max-events\n");
    return failed;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "millrace: %s\n", e.what());
    return failed;
  }
}

}  // namespace millrace::tools
