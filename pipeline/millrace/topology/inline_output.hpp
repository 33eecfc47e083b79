#pragma once

#include <millrace/base/check.hpp>
#include <millrace/stage/output_order.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace millrace::detail {

/// Output of shards that run in one thread. One shard's records go to the sink as they come; those of several
/// are collected while one event is with them, and then go in the order that the threaded executor gives.
///
/// Threads: one. Allocation: grows to the largest set of records that one event releases, then none.
template <class Sink>
class inline_output {
 public:
  inline_output(Sink& sink, unsigned shards) : sink_(sink), collects_(shards > 1), words_(64 * 1024 / 8) {
    pending_.reserve(1024);
  }

  /// Which shard the next records are of.
  void set_shard(unsigned shard) noexcept { shard_ = shard; }

  std::byte* claim(const output_order& order, std::size_t bytes) {
    const std::size_t first = used_words_;
    used_words_ += (bytes + 7) / 8;
    if (used_words_ > words_.size()) words_.resize(std::max(used_words_, 2 * words_.size()));
    pending_.push_back({order, shard_, static_cast<std::uint32_t>(pending_.size()), first, bytes});
    return reinterpret_cast<std::byte*>(words_.data() + first);
  }
  void publish() {
    if (!collects_) drain();
  }

  /// Gives what was collected to the sink. Errors: those of the sink.
  void drain() {
    if (pending_.empty()) return;
    if (pending_.size() > 1) sort();
    for (const record& next : pending_) {
      if (closed_) break;
      closed_ = !sink_.consume(next.order, {reinterpret_cast<const std::byte*>(words_.data() + next.word), next.bytes});
      ++records_out_;
    }
    unflushed_ = true;
    pending_.clear();
    used_words_ = 0;
  }

  /// Flushes the sink where it has taken anything since it was flushed last.
  void flush() {
    drain();
    if (!unflushed_) return;
    unflushed_ = false;
    sink_.flush();
  }

  /// The sink wants no more.
  [[nodiscard]] bool closed() const noexcept { return closed_; }
  [[nodiscard]] std::uint64_t records_out() const noexcept { return records_out_; }

 private:
  struct record {
    output_order order;
    unsigned shard;
    std::uint32_t emitted;  // position in order of emission: keeps equal ones of one shard apart
    std::size_t word;
    std::size_t bytes;
  };

  static bool earlier(const record& a, const record& b) noexcept {
    if (const auto order = a.order <=> b.order; order != 0) return order < 0;
    return a.shard != b.shard ? a.shard < b.shard : a.emitted < b.emitted;
  }

  // One shard's records are in order as they are: the usual case is a look and no sort.
  void sort() {
    if (!std::is_sorted(pending_.begin(), pending_.end(), earlier))
      std::sort(pending_.begin(), pending_.end(), earlier);
  }

  Sink& sink_;
  bool collects_;
  bool closed_ = false;
  bool unflushed_ = false;
  unsigned shard_ = 0;
  std::size_t used_words_ = 0;
  std::uint64_t records_out_ = 0;
  std::vector<std::uint64_t> words_;
  std::vector<record> pending_;
};

}  // namespace millrace::detail
