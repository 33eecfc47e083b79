#pragma once

#include <atomic>
#include <millrace/ring/std_atomics.hpp>
#include <string>
#include <vector>

namespace millrace::model {

/// One ordering in a structure's code, which a mutant may weaken.
struct site {
  std::string name;
  std::memory_order written;              ///< what the code asks for
  std::vector<std::memory_order> weaker;  ///< what mutants put in its place
  std::memory_order order;                ///< what it is now
};

/// The orderings of the structure of this name. Every one is there before main, whether or not it ever runs, when
/// the structure is instantiated as a whole.
template <ordering_name Structure>
std::vector<site*>& sites_of() {
  static std::vector<site*> sites;
  return sites;
}

/// A site of one structure.
template <ordering_name Structure>
struct listed_site : site {
  listed_site(ordering_name named, std::memory_order written_order, std::vector<std::memory_order> weaker_orders)
      : site{named.text, written_order, std::move(weaker_orders), written_order} {
    sites_of<Structure>().push_back(this);
  }
};

/// An ordering as an atomic operation is given it.
struct ordering {
  ordering(std::memory_order plain) : order(plain) {}
  ordering(const site& named) : order(named.order), name(named.name.c_str()) {}

  std::memory_order order;
  const char* name = "";
};

}  // namespace millrace::model
