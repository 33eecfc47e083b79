#pragma once

#include <millrace/event/event.hpp>
#include <millrace/stage/output_order.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

// A source that gives a script of events, shards that answer with records of unpredictable number and size, and
// a sink that writes all of it down: enough to see any difference between two ways of running them.
namespace millrace::toy {

struct step {
  std::uint64_t sequence = 0;
  std::vector<unsigned> shards;  // who gets a copy
};

enum class routing { uniform, one_shard, half_of_them, copies, bursts };

inline std::vector<unsigned> route(routing how, std::size_t index, unsigned shards, std::mt19937_64& random) {
  const auto any = static_cast<unsigned>(random() % shards);
  switch (how) {
    case routing::uniform: return {any};
    case routing::one_shard: return {shards - 1};
    case routing::half_of_them: return {any / 2};
    case routing::bursts: return {static_cast<unsigned>(index / 100 % shards)};
    case routing::copies: break;
  }
  std::vector<unsigned> several;
  for (unsigned shard = 0; shard < shards; ++shard) {
    if (shard == any || random() % 3 == 0) several.push_back(shard);
  }
  std::shuffle(several.begin(), several.end(), random);
  return several;
}

inline std::vector<step> make_script(routing how, std::size_t events, unsigned shards, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<step> script;
  std::uint64_t sequence = random() % 2;
  for (std::size_t i = 0; i < events; ++i) {
    script.push_back({sequence, route(how, i, shards, random)});
    sequence += random() % 4 == 0 ? 1 + random() % 5 : 1;  // gaps are allowed
  }
  return script;
}

/// Gives the script in polls of random size, some of them empty.
class source {
 public:
  explicit source(std::vector<step> script, std::uint64_t seed = 1) : script_(std::move(script)), random_(seed) {}

  template <class Ingress>
  bool poll(Ingress& in) {
    ++polls;
    if (on_poll) on_poll(next_);
    const std::size_t batch = std::min<std::size_t>(random_() % (poll_max + 1), script_.size() - next_);
    for (std::size_t i = 0; i < batch; ++i) give(in, script_[next_++]);
    if (flushes && random_() % 16 == 0) in.flush();
    return next_ < script_.size() || endless;
  }

  std::function<void(std::size_t given)> on_poll;
  std::size_t poll_max = 40;
  bool endless = false;
  bool flushes = true;  // by itself, now and then
  std::size_t polls = 0;

 private:
  template <class Ingress>
  void give(Ingress& in, const step& next) {
    for (const unsigned shard : next.shards) {
      event_header& header = in.claim(shard);
      header.sequence = next.sequence;
      header.key = shard;
      std::memcpy(data_of(header), &next.sequence, sizeof next.sequence);
      in.publish(shard);
    }
  }

  std::vector<step> script_;
  std::mt19937_64 random_;
  std::size_t next_ = 0;
};

/// Emits records whose number, size and content follow from the event and the shard alone.
class shard {
 public:
  explicit shard(unsigned number, std::size_t large_bytes = 0) : number_(number), large_bytes_(large_bytes) {}

  template <class Out>
  void process(const event_header& event, Out& out) {
    if (event.sequence == throw_at) throw std::runtime_error("shard failed");
    std::uint64_t data = 0;
    std::memcpy(&data, data_of(event), sizeof data);
    if (data != event.sequence || event.key != number_) throw std::logic_error("event damaged");
    emit_some(event.sequence, out);
  }

  template <class Out>
  void finish(Out& out) {
    ++finishes;
    emit_some(end_of_input_sequence, out);
  }

  std::uint64_t throw_at = ~std::uint64_t{0};
  unsigned finishes = 0;

 private:
  template <class Out>
  void emit_some(std::uint64_t sequence, Out& out) {
    std::mt19937_64 random(sequence * 64 + number_);
    output_order order{.sequence = sequence};
    const std::uint64_t count = quiet ? 0 : random() % 4;
    for (std::uint64_t i = 0; i < count; ++i) {
      order.release_ns += static_cast<std::int64_t>(random() % 3);  // often equal, also between shards
      const bool large = large_bytes_ != 0 && random() % 50 == 0;
      const std::size_t bytes = large ? large_bytes_ / 2 + random() % (2 * large_bytes_) : random() % 100;
      std::byte* at = out.claim(order, bytes);
      const auto filling = static_cast<int>(random() % 256);
      if (bytes != 0) {
        std::memset(at, filling, bytes);
        at[bytes - 1] = std::byte{static_cast<unsigned char>(number_)};
      }
      out.publish();
    }
  }

  unsigned number_;
  std::size_t large_bytes_;

 public:
  bool quiet = false;
};

/// Writes everything down as text: orders in digits, records in bytes.
class sink {
 public:
  bool consume(const output_order& order, std::span<const std::byte> record) {
    if (on_record) on_record(records);
    last_words += std::to_string(order.sequence) + ' ' + std::to_string(order.release_ns) + ' ' +
                  std::to_string(record.size()) + ':';
    last_words.append(reinterpret_cast<const char*>(record.data()), record.size());
    last_words += '\n';
    ++records;
    flushed = false;
    return records < limit;
  }
  void flush() {
    if (on_flush) on_flush();
    ++flushes;
    flushed = true;
  }

  std::function<void(std::uint64_t)> on_record;
  std::function<void()> on_flush;
  std::uint64_t limit = ~std::uint64_t{0};
  std::string last_words;
  std::uint64_t records = 0;
  std::uint64_t flushes = 0;
  bool flushed = true;
};

/// Shards and pointers to them.
class shard_set {
 public:
  explicit shard_set(unsigned count, std::size_t large_bytes = 0) {
    for (unsigned i = 0; i < count; ++i) shards_.emplace_back(i, large_bytes);
  }
  [[nodiscard]] std::vector<shard*> pointers() {
    std::vector<shard*> all;
    for (shard& each : shards_) all.push_back(&each);
    return all;
  }
  shard& operator[](std::size_t i) { return shards_[i]; }

 private:
  std::deque<shard> shards_;
};

}  // namespace millrace::toy
