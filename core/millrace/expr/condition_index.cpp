#include <millrace/expr/condition_index.hpp>

#include <millrace/base/fixed_string.hpp>
#include <millrace/expr/machine.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace millrace::expr {
namespace {

std::uint64_t mix(std::uint64_t h) noexcept { return (h ^ (h >> 29)) * 0xbf58476d1ce4e5b9ULL; }

/// Of a string field's content.
std::uint64_t hash_text(const std::byte* field) noexcept {
  std::uint64_t word;
  std::memcpy(&word, field, sizeof word);
  std::uint64_t hash = mix(word);
  const std::size_t words = fixed_string_bytes(static_cast<std::uint16_t>(word)) / 8;
  for (std::size_t i = 1; i < words; ++i) {
    std::memcpy(&word, field + i * 8, sizeof word);
    hash = mix(hash ^ word);
  }
  return hash ^ (hash >> 32);
}

bool is_comparison(opcode op) noexcept {
  return op == opcode::field_compare_text || op == opcode::field_compare_integer ||
         op == opcode::field_compare_floating;
}

template <class T>
std::size_t class_of(const std::vector<T>& constants, T value) noexcept {
  // Without branches that depend on the data.
  const T* at = constants.data();
  for (std::size_t left = constants.size(); left > 1;) {
    const std::size_t half = left / 2;
    at += at[half - 1] < value ? half : 0;
    left -= half;
  }
  const auto below = static_cast<std::size_t>(at - constants.data()) + (*at < value ? 1 : 0);
  const bool equal = below < constants.size() && constants[below] == value;
  return 2 * below + (equal ? 1 : 0);
}

template <class T>
std::int64_t integer_at(const std::byte* at) noexcept {
  T value;
  std::memcpy(&value, at, sizeof value);
  return static_cast<std::int64_t>(value);
}

/// Size of a field of integers, times and durations too.
std::size_t integer_bytes(field_type type) noexcept {
  switch (type) {
    case field_type::boolean:
    case field_type::i8:
    case field_type::u8: return 1;
    case field_type::i16:
    case field_type::u16: return 2;
    case field_type::i32:
    case field_type::u32: return 4;
    default: return 8;
  }
}

bool is_unsigned(field_type type) noexcept {
  return type == field_type::boolean || (type >= field_type::u8 && type <= field_type::u64);
}

/// Of a field whose values all are such.
std::int64_t load_integer(field_type type, const std::byte* at) noexcept {
  switch (type) {
    case field_type::boolean: return integer_at<std::uint8_t>(at) != 0 ? 1 : 0;
    case field_type::i8: return integer_at<std::int8_t>(at);
    case field_type::i16: return integer_at<std::int16_t>(at);
    case field_type::i32: return integer_at<std::int32_t>(at);
    case field_type::u8: return integer_at<std::uint8_t>(at);
    case field_type::u16: return integer_at<std::uint16_t>(at);
    case field_type::u32: return integer_at<std::uint32_t>(at);
    default: return integer_at<std::int64_t>(at);
  }
}

/// Of a field whose values all are such.
double load_floating(field_type type, const std::byte* at) noexcept {
  if (type == field_type::f64) {
    double value;
    std::memcpy(&value, at, sizeof value);
    return value;
  }
  float value;
  std::memcpy(&value, at, sizeof value);
  return static_cast<double>(value);
}

}  // namespace

/// A comparison of a field with a constant, of one condition.
struct indexed_comparison {
  std::size_t condition;
  const instruction* code;
  const program* owner;
};

class condition_index_builder {
 public:
  condition_index_builder(condition_index& made, std::span<const condition_index::condition> conditions)
      : made_(made), conditions_(conditions) {}

  void build(std::size_t type_count) {
    made_.words_ = std::max<std::size_t>(1, (conditions_.size() + 63) / 64);
    made_.types_.resize(type_count);
    for (std::size_t i = 0; i < conditions_.size(); ++i) read(i);
    for (std::size_t type = 0; type < type_count; ++type) build_type(type);
  }

 private:
  /// Finds the comparisons that a condition begins with.
  void read(std::size_t condition) {
    const program& code = *conditions_[condition].code;
    const std::size_t end = condition_index::indexed_prefix(code);
    for (std::size_t at = 0; at < end; at += 2) found_.push_back({condition, &code.code()[at], &code});
  }

  void build_type(std::size_t type) {
    auto& tables = made_.types_[type];
    base_.assign(made_.words_, ~std::uint64_t{0});
    for (std::size_t i = 0; i < conditions_.size(); ++i)
      if ((conditions_[i].types >> type & 1) == 0) base_[i / 64] &= ~bit(i);
    tables.base = add_masks(1);
    // A fused comparison knows one layout: that of its condition's only type.
    std::map<std::pair<std::uint32_t, opcode>, std::vector<indexed_comparison>> fields;
    for (const indexed_comparison& each : found_)
      if ((conditions_[each.condition].types >> type & 1) != 0) fields[{each.code->x, each.code->op}].push_back(each);
    for (const auto& [field, comparisons] : fields) {
      if (field.second == opcode::field_compare_text)
        add_text(tables, comparisons);
      else
        add_number(tables, comparisons);
    }
    for (auto& table : tables.texts) add_word_probe(tables, table);
    if (made_.words_ == 1) add_probes(tables);
  }

  void add_word_probe(condition_index::type_tables& tables, condition_index::text_table& table) {
    if (!table.is_short) return;
    auto made = word_probe_of(table);
    if (!made) return;
    table.has_probe = true;
    table.probe = static_cast<std::uint32_t>(tables.words.size());
    tables.words.push_back(std::move(*made));
  }

  void add_probes(condition_index::type_tables& tables) {
    tables.base_word = made_.masks_[tables.base];
    for (auto& table : tables.numbers) {
      if (table.dense.empty() || table.type == field_type::u64) continue;
      table.has_probe = true;
      condition_index::dense_probe made;
      const std::size_t bytes = integer_bytes(table.type);
      made.word_at = static_cast<std::uint32_t>(sizeof(event_header) + table.offset + bytes - sizeof(std::uint64_t));
      made.shift = static_cast<std::uint8_t>(64 - 8 * bytes);
      made.is_signed = !is_unsigned(table.type);
      made.from = table.dense_from;
      made.to = table.dense_from + static_cast<std::int64_t>(table.dense.size()) - 1;
      for (const std::uint32_t index : table.dense) made.masks.push_back(made_.masks_[table.masks + index]);
      tables.dense.push_back(std::move(made));
    }
    tables.has_others = tables.dense.size() + tables.words.size() < tables.numbers.size() + tables.texts.size();
  }

  /// A multiplier under which no two literals have one slot; nothing when some tries find none.
  std::optional<condition_index::word_probe> word_probe_of(const condition_index::text_table& table) {
    condition_index::word_probe made;
    made.at = static_cast<std::uint32_t>(sizeof(event_header)) + table.offset;
    made.other = made_.masks_[table.masks];
    const std::size_t size = std::bit_ceil(std::max<std::size_t>(4, 4 * table.literals.size()));
    made.shift = static_cast<std::uint32_t>(64 - std::countr_zero(size));
    made.multiplier = 0x9e3779b97f4a7c15;
    for (int tries = 0; tries < 1'000; ++tries, made.multiplier = mix(made.multiplier + 1) | 1) {
      made.known.assign(size, 0);
      made.masks.assign(size, made.other);
      made.classes.assign(size, 0);
      std::vector<bool> taken(size);
      bool meet = false;
      for (const auto& slot : table.slots) {
        if (slot.mask == 0 || meet) continue;
        const std::uint64_t word = table.literals[slot.literal];
        const std::size_t at = made.slot_of(word);
        meet = taken[at];
        taken[at] = true;
        made.known[at] = word;
        made.masks[at] = made_.masks_[table.masks + slot.mask * made_.words_];
        made.classes[at] = slot.mask;
      }
      if (!meet) return made;
    }
    return std::nullopt;
  }

  void add_number(condition_index::type_tables& tables, const std::vector<indexed_comparison>& comparisons) {
    const auto type = static_cast<field_type>(comparisons.front().code->a);
    condition_index::number_table made;
    made.type = type;
    made.offset = comparisons.front().code->x;
    if (is_floating(type)) {
      for (const auto& c : comparisons) made.floats.push_back(c.owner->constants_[c.code->y].floating);
      sort_unique(made.floats);
      made.grid = number_grid(made.floats);
    } else {
      for (const auto& c : comparisons)
        made.integers.push_back(static_cast<std::int64_t>(c.owner->constants_[c.code->y].integer));
      sort_unique(made.integers);
    }
    const std::size_t count = made.floats.size() + made.integers.size();
    made.masks = add_masks(2 * count + 2);
    for (const auto& c : comparisons) {
      for (std::size_t index = 0; index < 2 * count + 2; ++index) {
        const bool nan = index == 2 * count + 1;
        // How the values of this class compare with the constant.
        const std::size_t own =
            is_floating(type)
                ? 2 * index_of(made.floats, c.owner->constants_[c.code->y].floating) + 1
                : 2 * index_of(made.integers, static_cast<std::int64_t>(c.owner->constants_[c.code->y].integer)) + 1;
        const bool holds = nan ? c.code->compare == relation::not_equal : related(c.code->compare, index, own);
        if (!holds) clear(made.masks, index, c.condition);
      }
    }
    if (!made.integers.empty()) fill_dense(made);
    tables.numbers.push_back(std::move(made));
  }

  /// From one below the lowest constant to one above the highest.
  static void fill_dense(condition_index::number_table& table) {
    const std::int64_t low = table.integers.front();
    const std::int64_t high = table.integers.back();
    if (low == INT64_MIN || high == INT64_MAX) return;
    const std::uint64_t span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
    if (span > dense_span_max) return;
    table.dense_from = low - 1;
    for (std::uint64_t i = 0; i < span + 3; ++i)
      table.dense.push_back(
          static_cast<std::uint32_t>(class_of(table.integers, table.dense_from + static_cast<std::int64_t>(i))));
  }

  void add_text(condition_index::type_tables& tables, const std::vector<indexed_comparison>& comparisons) {
    condition_index::text_table made;
    made.offset = comparisons.front().code->x;
    std::map<std::string_view, std::uint32_t> classes;
    const auto text_of = [](const indexed_comparison& c) {
      return read_fixed_string(reinterpret_cast<const std::byte*>(c.owner->words_.data() + c.code->y));
    };
    for (const auto& c : comparisons) classes.try_emplace(text_of(c), static_cast<std::uint32_t>(classes.size() + 1));
    made.masks = add_masks(classes.size() + 1);
    made.slots.resize(std::bit_ceil(4 * classes.size()));
    for (const auto& [text, index] : classes) {
      const auto literal = static_cast<std::uint32_t>(made.literals.size());
      made.literals.resize(literal + fixed_string_bytes(text.size()) / 8);
      made.is_short = made.is_short && fixed_string_bytes(text.size()) == 8;
      auto* const at = reinterpret_cast<std::byte*>(made.literals.data() + literal);
      static_cast<void>(write_fixed_string(at, text.size(), text));
      const std::uint64_t hash = hash_text(at);
      std::size_t slot = hash & (made.slots.size() - 1);
      while (made.slots[slot].mask != 0) slot = (slot + 1) & (made.slots.size() - 1);
      made.slots[slot] = {hash, literal, index};
    }
    for (const auto& c : comparisons)
      for (std::size_t index = 0; index <= classes.size(); ++index)
        if ((classes.at(text_of(c)) == index) != (c.code->compare == relation::equal))
          clear(made.masks, index, c.condition);
    tables.texts.push_back(std::move(made));
  }

  static constexpr std::uint64_t dense_span_max = 4'096;

  static std::uint64_t bit(std::size_t condition) noexcept { return std::uint64_t{1} << (condition % 64); }

  /// Sets with every condition in them that can hold for the type in hand.
  std::size_t add_masks(std::size_t count) {
    const std::size_t at = made_.masks_.size();
    for (std::size_t i = 0; i < count; ++i) made_.masks_.insert(made_.masks_.end(), base_.begin(), base_.end());
    return at;
  }
  void clear(std::size_t masks, std::size_t index, std::size_t condition) noexcept {
    made_.masks_[masks + index * made_.words_ + condition / 64] &= ~bit(condition);
  }

  template <class T>
  static void sort_unique(std::vector<T>& values) {
    std::ranges::sort(values);
    values.erase(std::unique(values.begin(), values.end()), values.end());
  }
  template <class T>
  static std::size_t index_of(const std::vector<T>& values, T value) {
    return static_cast<std::size_t>(std::ranges::lower_bound(values, value) - values.begin());
  }

  condition_index& made_;
  std::span<const condition_index::condition> conditions_;
  std::vector<indexed_comparison> found_;
  std::vector<std::uint64_t> base_;  // of the type in hand: the conditions that can hold for it
};

condition_index::condition_index(std::span<const condition> conditions, std::size_t type_count) {
  condition_index_builder(*this, conditions).build(type_count);
}

std::size_t condition_index::indexed_prefix(const program& code) noexcept {
  const auto all = code.code();
  std::size_t at = 0;
  for (; at < all.size(); at += 2) {
    const bool last = at + 1 == all.size();
    const bool conjunct =
        !last && all[at + 1].op == opcode::jump_if_false && all[at + 1].a == 0 && all[at + 1].x == all.size();
    if (!is_comparison(all[at].op) || all[at].d != 0 || !(last || conjunct)) break;
  }
  return std::min(at, all.size());
}

bool condition_index::covers(const program& code) noexcept { return indexed_prefix(code) == code.code().size(); }

const std::uint64_t* condition_index::number_mask(const number_table& table, const std::byte* data) const noexcept {
  std::size_t index;
  const std::byte* const at = data + table.offset;
  if (!table.floats.empty()) {
    const double value = load_floating(table.type, at);
    if (std::isnan(value)) [[unlikely]]
      index = 2 * table.floats.size() + 1;
    else
      index = table.grid.is_laid() ? table.grid.class_of(value) : class_of(table.floats, value);
  } else if (table.type == field_type::u64) {
    std::uint64_t value;
    std::memcpy(&value, at, sizeof value);
    index = value > INT64_MAX ? 2 * table.integers.size() : class_of(table.integers, static_cast<std::int64_t>(value));
    // Above every constant of 64 bits: also above the highest that there can be.
  } else {
    const std::int64_t value = load_integer(table.type, at);
    const std::uint64_t place = static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(table.dense_from);
    index = place < table.dense.size() ? table.dense[place] : class_of(table.integers, value);
  }
  return masks_.data() + table.masks + index * words_;
}

const std::uint64_t* condition_index::text_mask(const text_table& table, const std::byte* data) const noexcept {
  const std::byte* const field = data + table.offset;
  const std::size_t last = table.slots.size() - 1;
  std::size_t index = 0;
  if (table.is_short) {
    // A longer text has another first word, for its length is in it; what it is hashed to does not matter.
    const std::uint64_t word = static_cast<std::uint64_t>(integer_at<std::int64_t>(field));
    const std::uint64_t mixed = mix(word);
    for (std::size_t i = (mixed ^ (mixed >> 32)) & last; table.slots[i].mask != 0; i = (i + 1) & last) {
      if (table.literals[table.slots[i].literal] != word) continue;
      index = table.slots[i].mask;
      break;
    }
    return masks_.data() + table.masks + index * words_;
  }
  const std::uint64_t hash = hash_text(field);
  for (std::size_t i = hash & last; table.slots[i].mask != 0; i = (i + 1) & last) {
    if (table.slots[i].hash != hash || !text_equals_words(field, table.literals.data() + table.slots[i].literal))
      continue;
    index = table.slots[i].mask;
    break;
  }
  return masks_.data() + table.masks + index * words_;
}

std::uint64_t condition_index::select_others(const type_tables& tables, const event_header& event) const noexcept {
  const std::byte* const data = data_of(event);
  std::uint64_t open = ~std::uint64_t{0};
  for (const text_table& table : tables.texts)
    if (!table.has_probe) open &= *text_mask(table, data);
  for (const number_table& table : tables.numbers)
    if (!table.has_probe) open &= *number_mask(table, data);
  return open;
}

void condition_index::select(const event_header& event, std::uint64_t* into) const noexcept {
  const type_tables& tables = types_[event.type];
  const std::byte* const data = data_of(event);
  if (words_ == 1) {
    *into = select_word(event);
    return;
  }
  // All masks are within the base: the first that there is takes its place.
  bool is_first = true;
  const auto keep = [&](const std::uint64_t* mask) {
    for (std::size_t i = 0; i < words_; ++i) into[i] = is_first ? mask[i] : into[i] & mask[i];
    is_first = false;
  };
  for (const text_table& table : tables.texts) {
    if (!table.has_probe) {
      keep(text_mask(table, data));
      continue;
    }
    const word_probe& probe = tables.words[table.probe];
    const std::uint64_t word = probe.word_of(event);
    const std::size_t slot = probe.slot_of(word);
    const std::size_t index = probe.known[slot] == word ? probe.classes[slot] : 0;
    keep(masks_.data() + table.masks + index * words_);
  }
  for (const number_table& table : tables.numbers) keep(number_mask(table, data));
  if (is_first) keep(masks_.data() + tables.base);
}

}  // namespace millrace::expr
