#pragma once

#include <millrace/event/event_header.hpp>
#include <millrace/stage/output_order.hpp>

#include <concepts>
#include <cstddef>
#include <span>

namespace millrace {

/// Where a source puts events, whichever executor runs it.
///
/// `claim(shard)` gives the header of a fresh slot with room for `event_bytes_max` bytes, header included; it
/// waits while the shard is behind. `publish(shard)` hands that slot over. One claim at a time. `flush()` makes
/// what was published visible to the end of the pipeline without further events; a source calls it before it
/// blocks, and never between two copies of one event.
template <class T>
concept event_ingress = requires(T& in, unsigned shard) {
  { in.shards() } -> std::same_as<unsigned>;
  { in.claim(shard) } -> std::same_as<event_header&>;
  in.publish(shard);
  in.flush();
};

/// Where a shard puts its records: `claim` gives room for `bytes` bytes, 8-byte aligned, and `publish` hands
/// them over. One claim at a time, and each one is published.
template <class T>
concept record_output = requires(T& out, const output_order& order, std::size_t bytes) {
  { out.claim(order, bytes) } -> std::same_as<std::byte*>;
  out.publish();
};

/// Gives events: `poll` reads at most a small batch and returns false at the end of its input; true without
/// having published anything means that there is nothing just now. It numbers events (`header.sequence`)
/// in strictly ascending order below `end_of_input_sequence`; several shards may get a copy of one event, all
/// in one poll. `stop()` waits for a poll to return, so none should block without bound.
template <class Source, class Ingress>
concept event_source = event_ingress<Ingress> && requires(Source& source, Ingress& in) {
  { source.poll(in) } -> std::same_as<bool>;
};

/// Owns the state of its keys. `process` emits under the event's sequence; `finish`, called once at the end of
/// the input and not when the run is stopped, under `end_of_input_sequence`. See `output_order`.
template <class Shard, class Output>
concept event_shard = record_output<Output> && requires(Shard& shard, const event_header& event, Output& out) {
  shard.process(event, out);
  shard.finish(out);
};

/// Takes records in output order. `consume` returns false to stop the whole run (a limit was reached, nobody
/// reads any more); that record counts as taken. `flush` comes when there is nothing to do for the moment, and
/// once at the end.
template <class Sink>
concept record_sink = requires(Sink& sink, const output_order& order, std::span<const std::byte> record) {
  { sink.consume(order, record) } -> std::same_as<bool>;
  sink.flush();
};

}  // namespace millrace
