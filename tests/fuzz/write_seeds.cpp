// write_seeds CASES EXAMPLES FOLDER: the seeds of the fuzz target as files of a corpus.

#include "pattern_and_feed.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: write_seeds CASES EXAMPLES FOLDER\n", stderr);
    return 2;
  }
  const std::filesystem::path folder = argv[3];
  std::filesystem::create_directories(folder);
  std::size_t number = 0;
  for (const std::string& seed : millrace::fuzz::seeds(argv[1], argv[2]))
    std::ofstream(folder / ("seed_" + std::to_string(number++)), std::ios::binary) << seed;
  return 0;
}
