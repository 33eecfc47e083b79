#pragma once

#include <cstddef>
#include <cstdint>

#include "peers/messages.hpp"
#include "peers/ring_channels.hpp"

/// One event ring with three readers, all of them in the consumer's thread, as on a machine with two cores. Each reader
/// takes what there is, checks every event and sums every word.
namespace millrace::bench {

/// `Readers` adds three to a ring, the last of which comes after the others.
template <std::size_t Words, std::size_t Slots, class Readers>
class graph_channel {
 public:
  template <std::size_t Count>
  std::size_t send(std::uint64_t first) {
    return event_ring_channel<Words, Slots>::template write_to<Count>(ring_, first);
  }
  template <std::size_t>
  std::size_t receive(tally<Words>& seen) {
    take(readers_.first, first_seen_);
    take(readers_.second, second_seen_);
    const std::size_t got = take(readers_.last, seen);
    seen.in_order &= first_seen_.in_order && second_seen_.in_order;
    return got;
  }

 private:
  static std::size_t take(event_reader<>& reader, tally<Words>& seen) {
    const std::size_t ready = reader.available(64);
    for (std::size_t i = 0; i < ready; ++i) {
      seen.take(event_ring_channel<Words, Slots>::read(reader.peek(i)));
    }
    reader.release_n(ready);
    return ready;
  }

  event_ring<> ring_{Slots, event_ring_channel<Words, Slots>::slot_bytes};
  Readers readers_{ring_};
  tally<Words> first_seen_;
  tally<Words> second_seen_;
};

struct chain_readers {
  explicit chain_readers(event_ring<>& ring)
      : first(ring.add_reader()), second(ring.add_reader(first)), last(ring.add_reader(second)) {}
  event_reader<>& first;
  event_reader<>& second;
  event_reader<>& last;
};

struct diamond_readers {
  explicit diamond_readers(event_ring<>& ring)
      : first(ring.add_reader()), second(ring.add_reader()), last(ring.add_reader(first, second)) {}
  event_reader<>& first;
  event_reader<>& second;
  event_reader<>& last;
};

template <std::size_t Words, std::size_t Slots>
struct chain_channel : graph_channel<Words, Slots, chain_readers> {
  static constexpr const char* name = "millrace event_ring, chain of 3";
};
template <std::size_t Words, std::size_t Slots>
struct diamond_channel : graph_channel<Words, Slots, diamond_readers> {
  static constexpr const char* name = "millrace event_ring, diamond";
};

}  // namespace millrace::bench
