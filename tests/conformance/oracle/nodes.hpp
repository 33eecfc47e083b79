#pragma once

#include <millrace/cep/pattern.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace millrace::oracle {

/// Says whether a condition holds for the event and the partial match in hand.
using ask = std::function<bool(cep::condition_id)>;

/// The condition on an edge, made of those of the pattern.
using formula = std::function<bool(const ask&)>;

struct node;

enum class move : std::uint8_t {
  take,    ///< the event joins the partial match
  ignore,  ///< the event is passed over
  empty,   ///< the same event is offered to the target
};

struct edge {
  oracle::move move;
  node* target;
  formula when;
  std::optional<std::size_t> member = std::nullopt;  ///< of a take: the member of the target's `all` that is met
};

enum class node_kind : std::uint8_t {
  normal,
  pending,
  stop,
  final,
  gathering,  ///< inside `all ( … )`: at least one of its members has an event
};

/// What a gathering node looks for. How often each member is met stands in the partial match.
struct gathering_member {
  std::string stage;
  std::uint32_t times;
  formula fits;
};

struct node {
  node_kind kind = node_kind::normal;
  std::string stage;  ///< whose events its take edges add; of a stop: the negated stage's
  std::optional<std::int64_t> gap_ns;
  bool is_joint = false;  ///< between the rounds of a looping group
  std::vector<edge> edges;

  // Of a gathering node.
  std::vector<gathering_member> members;
  formula unless_over;     ///< the until of the group around does not hold
  node* behind = nullptr;  ///< where all members are met
};

/// A pattern as nodes and edges, one for each sentence that says what a stage allows.
struct nodes {
  std::deque<node> all;
  node* start = nullptr;
};

/// Draws the nodes from the last stage to the first.
nodes draw(const cep::pattern& pattern);

}  // namespace millrace::oracle
