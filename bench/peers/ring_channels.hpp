#pragma once

#include <concurrentqueue/concurrentqueue.h>
#include <readerwriterqueue/readerwriterqueue.h>
#include <tbb/concurrent_queue.h>

#include <algorithm>
#include <array>
#include <boost/lockfree/spsc_queue.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <millrace/base/cache_line.hpp>
#include <millrace/ring/event_ring.hpp>
#include <millrace/ring/spsc_ring.hpp>
#include <new>

#include "peers/messages.hpp"

/// The rings, each used as it is fastest, behind one interface: `send` writes up to `Count` messages from `first` on
/// and returns how many there was room for, `receive` takes up to `Count`.
namespace millrace::bench {

template <std::size_t Words, std::size_t Slots>
class event_ring_channel {
 public:
  static constexpr const char* name = "millrace event_ring";
  static constexpr bool has_batches = true;

  // The ring's sequence is an event's first word. A message of one word has it beside its own.
  static constexpr std::size_t slot_bytes = Words == 1 ? 16 : 8 * Words;

  template <std::size_t Count>
  static std::size_t write_to(event_ring<>& ring, std::uint64_t first) {
    const std::size_t room = ring.try_claim_n(Count);
    for (std::size_t i = 0; i < room; ++i) write(ring.claim(i), first + i);
    ring.publish_n(room);
    return room;
  }
  static const message<Words>& read(const std::byte* slot) {
    return *reinterpret_cast<const message<Words>*>(slot + (Words == 1 ? 8 : 0));
  }

  template <std::size_t Count>
  std::size_t send(std::uint64_t first) {
    return write_to<Count>(ring_, first);
  }
  template <std::size_t Count>
  std::size_t receive(tally<Words>& seen) {
    const std::size_t ready = reader_.available(Count);
    for (std::size_t i = 0; i < ready; ++i) seen.take(read(reader_.peek(i)));
    reader_.release_n(ready);
    return ready;
  }

 private:
  static void write(std::byte* slot, std::uint64_t sequence) {
    for (std::uint64_t i = Words == 1 ? 0 : 1; i < Words; ++i) {
      const std::uint64_t word = sequence + i;
      std::memcpy(slot + (Words == 1 ? 8 : 8 * i), &word, sizeof word);
    }
  }

  event_ring<> ring_{Slots, slot_bytes};
  event_reader<>& reader_ = ring_.add_reader();
};

template <std::size_t Words, std::size_t Slots>
class spsc_ring_channel {
 public:
  static constexpr const char* name = "millrace spsc_ring";
  static constexpr bool has_batches = true;

  template <std::size_t Count>
  std::size_t send(std::uint64_t first) {
    const std::size_t room = ring_.try_claim_n(Count);
    for (std::size_t i = 0; i < room; ++i) ::new (ring_.claim(i)) message<Words>(message_of<Words>(first + i));
    if (room != 0) ring_.publish_n(room);
    return room;
  }
  template <std::size_t Count>
  std::size_t receive(tally<Words>& seen) {
    const std::size_t ready = ring_.available(Count);
    for (std::size_t i = 0; i < ready; ++i) seen.take(*reinterpret_cast<const message<Words>*>(ring_.peek(i)));
    if (ready != 0) ring_.release_n(ready);
    return ready;
  }

 private:
  spsc_ring<> ring_{Slots, 8 * Words};
};

template <std::size_t Words, std::size_t Slots>
class boost_channel {
 public:
  static constexpr const char* name = "boost spsc_queue";
  static constexpr bool has_batches = true;

  template <std::size_t Count>
  std::size_t send(std::uint64_t first) {
    if constexpr (Count == 1) return queue_->push(message_of<Words>(first)) ? 1 : 0;
    for (std::size_t i = 0; i < Count; ++i) outgoing_[i] = message_of<Words>(first + i);
    return queue_->push(outgoing_.data(), Count);
  }
  template <std::size_t Count>
  std::size_t receive(tally<Words>& seen) {
    const auto take = [&seen](const message<Words>& one) { seen.take(one); };
    if constexpr (Count == 1) return queue_->consume_one(take) ? 1 : 0;
    const std::size_t got = queue_->pop(incoming_.data(), Count);
    for (std::size_t i = 0; i < got; ++i) take(incoming_[i]);
    return got;
  }

 private:
  using queue = boost::lockfree::spsc_queue<message<Words>, boost::lockfree::capacity<Slots>>;
  std::unique_ptr<queue> queue_ = std::make_unique<queue>();
  alignas(false_sharing_bytes) std::array<message<Words>, 16> outgoing_;
  alignas(false_sharing_bytes) std::array<message<Words>, 16> incoming_;
};

template <std::size_t Words, std::size_t Slots>
class reader_writer_channel {
 public:
  static constexpr const char* name = "moodycamel ReaderWriterQueue";
  static constexpr bool has_batches = false;

  template <std::size_t Count>
  std::size_t send(std::uint64_t first) {
    return queue_.try_enqueue(message_of<Words>(first)) ? 1 : 0;
  }
  template <std::size_t Count>
  std::size_t receive(tally<Words>& seen) {
    const message<Words>* const one = queue_.peek();
    if (one == nullptr) return 0;
    seen.take(*one);
    queue_.pop();
    return 1;
  }

 private:
  moodycamel::ReaderWriterQueue<message<Words>> queue_{Slots};
};

template <std::size_t Words, std::size_t Slots>
class concurrent_channel {
 public:
  static constexpr const char* name = "moodycamel ConcurrentQueue";
  static constexpr bool has_batches = true;

  template <std::size_t Count>
  std::size_t send(std::uint64_t first) {
    if constexpr (Count == 1) return queue_.try_enqueue(producer_, message_of<Words>(first)) ? 1 : 0;
    for (std::size_t i = 0; i < Count; ++i) outgoing_[i] = message_of<Words>(first + i);
    return queue_.try_enqueue_bulk(producer_, outgoing_.data(), Count) ? Count : 0;
  }
  template <std::size_t Count>
  std::size_t receive(tally<Words>& seen) {
    const std::size_t got = Count == 1 ? std::size_t{queue_.try_dequeue(consumer_, incoming_[0])}
                                       : queue_.try_dequeue_bulk(consumer_, incoming_.data(), Count);
    for (std::size_t i = 0; i < got; ++i) seen.take(incoming_[i]);
    return got;
  }

 private:
  moodycamel::ConcurrentQueue<message<Words>> queue_{Slots, 1, 0};
  moodycamel::ProducerToken producer_{queue_};
  moodycamel::ConsumerToken consumer_{queue_};
  alignas(false_sharing_bytes) std::array<message<Words>, 16> outgoing_;
  alignas(false_sharing_bytes) std::array<message<Words>, 16> incoming_;
};

template <std::size_t Words, std::size_t Slots>
class tbb_channel {
 public:
  static constexpr const char* name = "TBB concurrent_bounded_queue";
  static constexpr bool has_batches = false;

  tbb_channel() { queue_.set_capacity(Slots); }
  template <std::size_t Count>
  std::size_t send(std::uint64_t first) {
    return queue_.try_push(message_of<Words>(first)) ? 1 : 0;
  }
  template <std::size_t Count>
  std::size_t receive(tally<Words>& seen) {
    if (!queue_.try_pop(incoming_)) return 0;
    seen.take(incoming_);
    return 1;
  }

 private:
  tbb::concurrent_bounded_queue<message<Words>> queue_;
  alignas(false_sharing_bytes) message<Words> incoming_;
};

}  // namespace millrace::bench
