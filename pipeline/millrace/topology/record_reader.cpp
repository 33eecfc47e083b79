#include <millrace/topology/record_reader.hpp>

namespace millrace::detail {

// Leaves the last message unreleased, as for a record of one message.
std::optional<std::span<const std::byte>> record_reader::gather(idle& idle) {
  gathered_.assign(payload_.begin(), payload_.end());
  while (head_->bytes_behind != 0) {
    release();
    ring();
    idle.until([&] {
      if (head_ == nullptr) peek();
      return head_ != nullptr || links_->control.aborted();
    });
    if (head_ == nullptr) return std::nullopt;
    gathered_.insert(gathered_.end(), payload_.begin(), payload_.end());
  }
  return std::span<const std::byte>(gathered_);
}

}  // namespace millrace::detail
