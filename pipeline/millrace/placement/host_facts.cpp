#include <millrace/placement/host_facts.hpp>

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <string_view>

namespace millrace {

namespace {

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\n'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// The first line of a file; empty where there is none.
std::string line_of(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return std::string(trimmed(line));
}

/// Of a list of choices the one in brackets: "always [madvise] never".
std::string chosen_of(const std::string& choices) {
  const std::size_t begin = choices.find('[');
  const std::size_t end = choices.find(']', begin);
  if (begin == std::string::npos || end == std::string::npos) return {};
  return choices.substr(begin + 1, end - begin - 1);
}

/// What stands behind a name and a colon, in the first line that begins with the name.
std::string value_of(const std::string& path, std::string_view name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || trimmed(std::string_view(line).substr(0, colon)) != name) continue;
    return std::string(trimmed(std::string_view(line).substr(colon + 1)));
  }
  return {};
}

bool has_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::size_t end = words.find(' ');
    if (words.substr(0, end) == word) return true;
    if (end == std::string_view::npos) return false;
    words.remove_prefix(end + 1);
  }
  return false;
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::vector<host_facts::cache> caches_of(const std::string& unit) {
  std::vector<host_facts::cache> caches;
  for (unsigned index = 0;; ++index) {
    const std::string folder = fmt::format("{}/cache/index{}/", unit, index);
    const std::string level = line_of(folder + "level");
    if (level.empty()) return caches;
    caches.push_back({static_cast<unsigned>(number_of(level)), line_of(folder + "type"), line_of(folder + "size"),
                      line_of(folder + "shared_cpu_list")});
  }
}

const char* letter_of(const std::string& kind) { return kind == "Data" ? "d" : kind == "Instruction" ? "i" : ""; }

/// "32K" as "32 KiB".
std::string size_text(const std::string& size) {
  if (size.size() < 2 || std::string_view("KMG").find(size.back()) == std::string_view::npos) return size;
  return fmt::format("{} {}iB", size.substr(0, size.size() - 1), size.back());
}

}  // namespace

host_facts host_facts::detect(const std::string& root) {
  const std::string unit = root + "/sys/devices/system/cpu/cpu0";
  host_facts found;
  found.cpu_model = value_of(root + "/proc/cpuinfo", "model name");
  found.kernel = line_of(root + "/proc/sys/kernel/osrelease");
  found.governor = line_of(unit + "/cpufreq/scaling_governor");
  found.isolated = line_of(root + "/sys/devices/system/cpu/isolated");
  found.huge_pages = chosen_of(line_of(root + "/sys/kernel/mm/transparent_hugepage/enabled"));
  found.clock_source = line_of(root + "/sys/devices/system/clocksource/clocksource0/current_clocksource");
  found.caches = caches_of(unit);
  found.memory_bytes = number_of(value_of(root + "/proc/meminfo", "MemTotal")) * 1'024;
  found.is_virtual = has_word(value_of(root + "/proc/cpuinfo", "flags"), "hypervisor");
  return found;
}

std::string host_facts::describe() const {
  const auto or_unknown = [](const std::string& text) { return text.empty() ? std::string("unknown") : text; };
  std::string text = fmt::format("{}, {}", cpu_model.empty() ? "unknown processor" : cpu_model,
                                 is_virtual ? "virtual" : "not virtual");
  if (memory_bytes != 0) text += fmt::format(", {:.1f} GiB memory", static_cast<double>(memory_bytes) / (1 << 30));
  text += "\ncaches:";
  if (caches.empty()) text += " unknown";
  for (std::size_t i = 0; i < caches.size(); ++i)
    text += fmt::format("{} L{}{} {}", i == 0 ? "" : ",", caches[i].level, letter_of(caches[i].kind),
                        size_text(caches[i].size));
  text +=
      fmt::format("\nkernel {}, frequency governor {}, isolated cpus {}, transparent huge pages {}, clock source {}\n",
                  or_unknown(kernel), or_unknown(governor), isolated.empty() ? "none" : isolated,
                  or_unknown(huge_pages), or_unknown(clock_source));
  return text;
}

}  // namespace millrace
