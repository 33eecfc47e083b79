#include "peers/by_placement.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <vector>

namespace millrace::bench {

namespace {

struct row {
  std::array<std::vector<double>, placement_names.size()> samples;
  std::size_t left_out = 0;
};

double percentile(const std::vector<double>& sorted, std::size_t percent) {
  return sorted[(sorted.size() - 1) * percent / 100];
}

/// Prints itself when the program ends, behind Google Benchmark's own rows, each of which mixes the placements.
class table {
 public:
  ~table() {
    if (figures_.empty()) return;
    std::printf("\nmedian (10 %%, 90 %%) of n samples by placement of the two processors\n");
    for (auto& [figure, rows] : figures_) {
      std::printf("\n%s\n", figure.c_str());
      for (auto& [ring, its] : rows) print(ring, its);
    }
  }
  row& at(const std::string& figure, const std::string& ring) { return figures_[figure][ring]; }

 private:
  static void print(const std::string& ring, row& its) {
    std::printf("  %-30s", ring.c_str());
    for (std::size_t i = 0; i < its.samples.size(); ++i) {
      std::vector<double>& values = its.samples[i];
      if (values.empty()) {
        std::printf(" | %-4s %26s", placement_names[i], "-");
        continue;
      }
      std::sort(values.begin(), values.end());
      std::printf(" | %-4s %7.1f (%5.0f, %5.0f) %4zu", placement_names[i], percentile(values, 50),
                  percentile(values, 10), percentile(values, 90), values.size());
    }
    std::printf(" | left out %zu\n", its.left_out);
  }

  std::map<std::string, std::map<std::string, row>> figures_;
};

table& the_table() {
  static table all;
  return all;
}

}  // namespace

void keep(const std::string& figure, const std::string& ring, placement where, double value) {
  the_table().at(figure, ring).samples[static_cast<std::size_t>(where)].push_back(value);
}

void leave_out(const std::string& figure, const std::string& ring) { ++the_table().at(figure, ring).left_out; }

}  // namespace millrace::bench
