#pragma once

#include <millrace/event/event_header.hpp>
#include <millrace/expr/number_grid.hpp>
#include <millrace/expr/program.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace millrace::expr {

/// Tells at one go which of many conditions an event can meet.
///
/// Conditions begin as a rule with comparisons of fields with constants, joined by `and`. For each field that is
/// compared, the constants split its values into classes; each class knows the conditions that it leaves open. So
/// an event costs one look-up a field (a hash of its text, a search by halves among numbers), and the words of the
/// sets met, whatever the number of conditions. (Predicate indexing: Hanson et al., "A Predicate Matching
/// Algorithm for Database Rule Systems", SIGMOD 1990.)
///
/// Threads: immutable; any thread may read. Allocation: in the constructor.
class condition_index {
 public:
  struct condition {
    std::uint64_t types;  ///< bit set of the event types that it can hold for
    const program* code;  ///< of the event alone; empty: holds for all events of these types
  };

  condition_index() = default;
  /// `type_count`: event types are below it.
  condition_index(std::span<const condition> conditions, std::size_t type_count);

  /// Sets the bits of the conditions that the event may meet, and clears those of the others.
  /// Requires: `into` has `words()` words; `event.type` < the type count.
  void select(const event_header& event, std::uint64_t* into) const noexcept;

  /// The same, as a value. Requires: `words()` is 1.
  [[nodiscard]] std::uint64_t select_word(const event_header& event) const noexcept {
    const type_tables& tables = types_[event.type];
    std::uint64_t open = tables.base_word;
    for (const dense_probe& probe : tables.dense)
      open &=
          probe.masks[static_cast<std::size_t>(std::clamp(probe.value_of(event), probe.from, probe.to) - probe.from)];
    for (const word_probe& probe : tables.words) {
      const std::uint64_t word = probe.word_of(event);
      const std::size_t slot = probe.slot_of(word);
      open &= probe.known[slot] == word ? probe.masks[slot] : probe.other;
    }
    if (tables.has_others) open &= select_others(tables, event);
    return open;
  }

  /// Of a condition that is nothing but such comparisons, a set bit says that it holds.
  [[nodiscard]] static bool covers(const program& code) noexcept;
  [[nodiscard]] std::size_t words() const noexcept { return words_; }

 private:
  /// What a field's value leaves open. Masks stand in `masks_`, `words_` each, from `masks` on.
  struct number_table {
    field_type type = field_type::i64;
    std::uint32_t offset = 0;
    std::vector<std::int64_t> integers;  ///< ascending; class 2i+1 is the i-th, the even ones are between
    std::vector<double> floats;          ///< the same; behind the last class stands that of NaN
    number_grid grid;                    ///< finds the class of a float
    std::int64_t dense_from = 0;         ///< where integers lie close together, the value whose class
    std::vector<std::uint32_t> dense;    ///< is the first here; the class of others is found by search
    bool has_probe = false;              ///< `dense_probe` stands for it
    std::size_t masks = 0;
  };
  struct text_table {
    struct slot {
      std::uint64_t hash = 0;
      std::uint32_t literal = 0;  ///< in `literals`
      std::uint32_t mask = 0;     ///< class; 0: an empty slot
    };
    std::uint32_t offset = 0;
    bool is_short = true;                 ///< each literal is one word: length and text
    std::vector<std::uint64_t> literals;  ///< in the layout of a string field
    std::vector<slot> slots;              ///< a power of two, open addressing
    std::size_t masks = 0;                ///< class 0: equal to no literal
    bool has_probe = false;               ///< a `word_probe` stands for it
    std::uint32_t probe = 0;              ///< its place in `words`
  };
  /// A field of integers whose constants lie close together, where masks are one word: the mask of each value.
  struct dense_probe {
    std::uint32_t word_at = 0;  ///< in the event: the word that ends with the field, which the header makes readable
    std::uint8_t shift = 0;     ///< what of it is not the field
    bool is_signed = true;
    std::int64_t from = 0;             ///< the value that has the first mask, and all below it
    std::int64_t to = 0;               ///< the last one, and all above it
    std::vector<std::uint64_t> masks;  ///< by value

    [[nodiscard]] std::int64_t value_of(const event_header& event) const noexcept {
      std::uint64_t word;
      std::memcpy(&word, reinterpret_cast<const std::byte*>(&event) + word_at, sizeof word);
      return is_signed ? static_cast<std::int64_t>(word) >> shift : static_cast<std::int64_t>(word >> shift);
    }
  };
  /// A text field whose literals are one word each: a table in which no two literals meet.
  struct word_probe {
    std::uint32_t at = 0;  ///< in the event
    std::uint32_t shift = 0;
    std::uint64_t multiplier = 0;
    std::uint64_t other = 0;             ///< mask of all texts that are no literal
    std::vector<std::uint64_t> known;    ///< by slot: its literal; 0, as `other`, where there is none
    std::vector<std::uint64_t> masks;    ///< where masks are one word
    std::vector<std::uint32_t> classes;  ///< of the text table

    /// A longer text has another first word, for its length is in it.
    [[nodiscard]] std::uint64_t word_of(const event_header& event) const noexcept {
      std::uint64_t word;
      std::memcpy(&word, reinterpret_cast<const std::byte*>(&event) + at, sizeof word);
      return word;
    }
    [[nodiscard]] std::size_t slot_of(std::uint64_t word) const noexcept { return word * multiplier >> shift; }
  };
  struct type_tables {
    std::size_t base = 0;         ///< mask of the conditions that can hold for the type; all other masks are within it
    std::uint64_t base_word = 0;  ///< its first word
    std::vector<number_table> numbers;
    std::vector<text_table> texts;
    // What `select_word` asks itself, and whether there is more.
    std::vector<dense_probe> dense;
    std::vector<word_probe> words;
    bool has_others = false;
  };
  friend class condition_index_builder;

  /// How many instructions are comparisons joined by `and` that the code begins with, jumps between included.
  static std::size_t indexed_prefix(const program& code) noexcept;
  [[nodiscard]] const std::uint64_t* number_mask(const number_table& table, const std::byte* data) const noexcept;
  [[nodiscard]] const std::uint64_t* text_mask(const text_table& table, const std::byte* data) const noexcept;
  /// What the tables say that have no dense probe.
  [[nodiscard]] std::uint64_t select_others(const type_tables& tables, const event_header& event) const noexcept;

  std::size_t words_ = 0;
  std::vector<std::uint64_t> masks_;
  std::vector<type_tables> types_;
};

}  // namespace millrace::expr
