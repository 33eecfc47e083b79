#pragma once

#include <millrace/event/event_header.hpp>
#include <millrace/event/layout.hpp>
#include <millrace/expr/value.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace millrace::expr {

/// An event that a partial match has taken, and under which stage.
struct taken_event {
  const event_header* event;
  std::uint16_t stage;
};

/// What a partial match has taken so far, in the order of taking.
using history = std::span<const taken_event>;

/// Expressions nest at most this deep; deeper ones are refused when they are read.
inline constexpr std::size_t depth_max = 64;

/// Operations of a compiled expression. Operand letters: `d` the register written, `a` and `b` registers read.
enum class opcode : std::uint8_t {
  load_constant,  ///< d = constants[x]
  load_current,   ///< d = field access x of the current event
  load_last,      ///< d = field access x of the last event of `stage`, or no value
  load_first,     ///< the same of the first event
  load_key,       ///< d = field access x of the first event of the match, whatever its stage
  load_given,     ///< d = value x of those that the workspace was given
  to_floating,    ///< d = a as floating
  negate_integer,
  negate_floating,
  add_integer,
  subtract_integer,
  multiply_integer,
  modulo_integer,
  add_floating,
  subtract_floating,
  multiply_floating,
  divide_floating,
  compare_integer,
  compare_floating,
  compare_text,
  compare_boolean,  ///< by `relation`; no value: false
  logical_not,
  jump_if_false,
  jump_if_true,        ///< to instruction x when a is so; a is never without a value
  field_compare_text,  ///< d = text at offset x of the current event equals (or not) the literal at words[y], word by
                       ///< word
  field_compare_integer,   ///< d = integer, or truth value as 0 or 1, of type `a` at offset x of the current event
                           ///< `relation` constants[y]
  field_compare_floating,  ///< the same of a floating field
  stage_contains,          ///< d = some event of `stage` has field access x equal to a
  count_stage,
  sum_integer,
  sum_floating,
  average,
  minimum,
  maximum,
  count_distinct,  ///< over access x of `stage`
  absolute_integer,
  absolute_floating,
  minimum_integer,
  maximum_integer,
  minimum_floating,
  maximum_floating,
  floor,
  ceiling,
  square_root,
  exponential,
  logarithm,
  lower,
  upper,
  starts_with,
  ends_with,
  contains,
};

enum class relation : std::uint8_t { equal, not_equal, less, less_equal, greater, greater_equal };

struct instruction {
  opcode op;
  std::uint8_t d = 0;
  std::uint8_t a = 0;
  std::uint8_t b = 0;
  relation compare = relation::equal;
  std::uint16_t stage = 0;
  std::uint32_t x = 0;
  std::uint32_t y = 0;
};

/// Where a field lies, for every event type that may carry it.
struct field_access {
  field_type type;
  std::uint32_t capacity = 0;
  std::vector<std::uint32_t> offset_of;    ///< by event type; `absent` where the type has no such field
  std::vector<std::uint32_t> presence_of;  ///< by event type; `absent` where the field always has a value

  static constexpr std::uint32_t absent = 0xFFFFFFFF;

  friend bool operator==(const field_access&, const field_access&) = default;
};

/// Room that an evaluation needs beside the program itself. One a thread; grows to what its programs need
/// when they are attached, and for `distinct` while warming up.
class workspace {
 public:
  /// Makes room for text results of `program`s with up to `slots` buffers of `bytes` each.
  void reserve(std::size_t slots, std::size_t bytes);
  [[nodiscard]] char* buffer(std::size_t slot) noexcept { return text_.data() + slot * bytes_; }
  std::vector<value>& values() noexcept { return values_; }
  /// What expressions over given values read from now on; it must outlive their evaluation.
  void give(std::span<const value> values) noexcept { given_ = values; }
  [[nodiscard]] const value& given(std::size_t index) const noexcept { return given_[index]; }

 private:
  std::vector<char> text_;
  std::size_t slots_ = 0;
  std::size_t bytes_ = 0;
  std::vector<value> values_;
  std::span<const value> given_;
};

/// How an evaluation ended.
enum class outcome : std::uint8_t {
  no,     ///< a condition that does not hold
  yes,    ///< a condition that holds
  fault,  ///< integer overflow or division by zero
};

/// A checked expression as straight typed code: no virtual call, no allocation, no recursion.
///
/// Threads: immutable once built; evaluation by any thread with its own workspace.
/// Complexity: linear in the instructions, and in the history for operations over a stage.
class program {
 public:
  program() = default;
  program(program&&) noexcept = default;
  program& operator=(program&&) noexcept = default;

  /// Evaluates a condition. Requires: the result's kind is boolean.
  [[nodiscard]] outcome test(const event_header* current, history taken, workspace& room) const noexcept;

  /// Evaluates to a value; without one where a stage had no event, or after overflow or division by zero
  /// (`faulted` then says so). Text points into the events, the program or `room`.
  [[nodiscard]] value evaluate(const event_header* current, history taken, workspace& room,
                               bool& faulted) const noexcept;

  [[nodiscard]] value_kind kind() const noexcept { return kind_; }
  [[nodiscard]] bool reads_history() const noexcept { return reads_history_; }
  [[nodiscard]] bool empty() const noexcept { return code_.empty(); }
  [[nodiscard]] std::span<const instruction> code() const noexcept { return code_; }
  /// It can meet integer overflow or division by zero.
  [[nodiscard]] bool can_fault() const noexcept;
  /// It and `other` are nothing but the same field of the event.
  [[nodiscard]] bool is_field_like(const program& other) const noexcept;
  [[nodiscard]] const field_access& access(std::uint32_t number) const noexcept { return accesses_[number]; }
  [[nodiscard]] std::size_t text_slots() const noexcept { return text_slots_; }
  [[nodiscard]] std::size_t text_bytes() const noexcept { return text_bytes_; }
  /// Bytes of the longest text that it can evaluate to.
  [[nodiscard]] std::size_t result_bytes_max() const noexcept;

 private:
  friend class code_writer;
  friend class condition_index_builder;
  friend struct machine;

  std::vector<instruction> code_;
  std::vector<value> constants_;
  std::vector<std::unique_ptr<std::string>> texts_;  // what text constants point to
  std::vector<std::uint64_t> words_;                 // literals in the layout of a string field, for word compares
  std::vector<field_access> accesses_;
  value_kind kind_ = value_kind::boolean;
  bool reads_history_ = false;
  std::size_t text_slots_ = 0;
  std::size_t text_bytes_ = 0;
};

}  // namespace millrace::expr
