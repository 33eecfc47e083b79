#include <millrace/placement/pinning.hpp>
#include <millrace/topology/thread_set.hpp>

#include <fmt/format.h>
#include <pthread.h>

#include <utility>

namespace millrace::detail {

std::string settle(const std::string& name, const std::optional<cpu>& where) {
  if (!where) return {};
  const pin_result pinned = pin_this_thread(*where);
  return pinned ? std::string() : fmt::format("{} is not pinned: {}", name, pinned.why_not);
}

void thread_set::start(std::string name, std::optional<cpu> where, std::function<void()> body) {
  std::string& warning = warnings_.emplace_back();
  threads_.emplace_back([name = std::move(name), where, body = std::move(body), &warning] {
    pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
    warning = settle(name, where);
    body();
  });
}

void thread_set::join() noexcept {
  for (std::thread& each : threads_) {
    if (each.joinable()) each.join();
  }
}

std::vector<std::string> thread_set::warnings() const {
  std::vector<std::string> given;
  for (const std::string& each : warnings_) {
    if (!each.empty()) given.push_back(each);
  }
  return given;
}

}  // namespace millrace::detail
